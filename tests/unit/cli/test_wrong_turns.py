"""Wrong turns: each ends in one line that says what to do, and in its own exit code."""

import errno
import io
import json
import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from subprocess import run as spawn
from sys import executable
from types import SimpleNamespace

import pytest

from axis.cli import exits, funnel, out, root, standing
from axis.cli.commands import COMMANDS
from axis.cli.exits import StopError
from axis.cli.visible import sides
from axis.client.wire import Wire
from axis.errors import RefusedError, SetupError, UnavailableError
from axis.stack import life
from axis.store.faults import StoreError
from axis.violations import Code, Violation


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An account with no stack."""
    for name in [name for name in os.environ if name.startswith("AXIS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AXIS_HOME", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # where details of bugs go
    return tmp_path


def axis(capsys, *arguments):
    """Run a command; return its exit code, its output and its one line of trouble."""
    code = funnel.run(root.build(), arguments)
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    assert err.count("\n") <= 1 or "--help" not in arguments, err
    return code, out, err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(["conection"], exits.USAGE, "axis connection", id="typo-is-guessed"),
        pytest.param(["frobnicate"], exits.USAGE, "axis --help", id="no-such-command"),
        pytest.param(["--frobnicate"], exits.USAGE, "--frobnicate", id="no-such-option"),
        pytest.param(["directory", "imprt"], exits.USAGE, "imprt", id="typo-in-group"),
        pytest.param(["directory", "find"], exits.USAGE, "axis directory find --help", id="argument-missing"),
        pytest.param(["directory", "find", "x", "--limit", "no"], exits.USAGE, "limit", id="not-a-number"),
        pytest.param(["directory", "import", "nofile.csv"], exits.USAGE, "nofile.csv", id="no-such-file"),
        pytest.param(["directory", "import", "/tmp"], exits.USAGE, "thư mục", id="folder-for-file"),
        pytest.param(["directory", "find", "x"], exits.ABSENT, "axis up", id="no-stack"),
        pytest.param(["connection", "add", "Tên Lạ", "--agency", "G12"], exits.USAGE, "a-z", id="odd-name"),
        pytest.param(["connection", "add", "dms"], exits.USAGE, "--agency", id="no-agency"),
        pytest.param(["send"], exits.USAGE, "gọi sai: thiếu FILE", id="argument-missing-in-vietnamese"),
        pytest.param(["check", "--jsn", "x"], exits.USAGE, "không có tùy chọn --jsn", id="option-unknown"),
        pytest.param(["ps", "x"], exits.USAGE, "thừa “x”", id="argument-too-many"),
        pytest.param(["directory", "find", "x", "--limit", "no"], exits.USAGE, "--limit", id="value-wrong"),
        pytest.param(["answer", "p", "3", "--as", "x"], exits.USAGE, "hai chữ số", id="no-status-code"),
        pytest.param(["answer", "p", "02", "--as", "x"], exits.USAGE, "--note", id="rejected-without-reason"),
        pytest.param(
            ["sandbox", "document", "--from", "G12", "-o", "/nonexistent/x.pdf"],
            exits.USAGE,
            "không có thư mục /nonexistent",
            id="folder-missing",
        ),
        pytest.param(["connection", "assign", "dms"], exits.USAGE, "--agency", id="assign-nothing"),
        pytest.param(["check", "{home}"], exits.USAGE, "không có tệp nào", id="check-empty-folder"),
        pytest.param(
            ["check", __file__, "--html", "/nonexistent/x.html"],
            exits.USAGE,
            "không có thư mục /nonexistent",
            id="page-into-no-folder",
        ),
        pytest.param(["check", __file__, "--html", "/tmp"], exits.USAGE, "thư mục", id="page-onto-a-folder"),
        pytest.param(
            ["reconcile", "--receipts", "/nonexistent"], exits.USAGE, "không có thư mục", id="no-receipts"
        ),
    ],
)
def test_wrong_use_is_one_line_and_a_code(capsys, home, arguments, code, words):
    """Whatever is called wrongly: one line, what to do instead, no traceback."""
    got, _, err = axis(capsys, *(word.replace("{home}", str(home)) for word in arguments))
    assert (got, err.count("\n")) == (code, 1)
    assert words in err


def test_trouble_is_json_where_json_was_asked_for(capsys):
    """A program reads the same trouble as one object on the error stream."""
    code, out, err = axis(capsys, "directory", "versions", "--json")
    assert out == ""
    assert json.loads(err)["error"]["exit"] == code == exits.ABSENT


def test_a_database_that_does_not_answer_is_unavailable(capsys, monkeypatch):
    """A stack that is described but away is no wrong use, and no traceback."""
    monkeypatch.setenv("AXIS_DATABASE_URL", "postgresql://axis@127.0.0.1:9/axis")
    code, _, err = axis(capsys, "directory", "versions")
    assert code == exits.UNAVAILABLE
    assert "axis ps" in err


def test_a_broken_description_of_the_stack_says_how_to_mend_it(capsys, home):
    """Half a file is told with its name."""
    (home / "stack.json").write_text("{", encoding="utf-8")
    code, _, err = axis(capsys, "directory", "versions")
    assert code == exits.USAGE
    assert "stack.json" in err


def caused(error, *, sqlstate):
    """Give an error the cause that the store would give it."""
    cause = Exception()
    cause.sqlstate = sqlstate
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        pytest.param(OSError(errno.ENOSPC, "full", "/data/x"), exits.NO_ROOM, id="disk-full"),
        pytest.param(OSError(errno.EDQUOT, "quota"), exits.NO_ROOM, id="quota"),
        pytest.param(PermissionError(errno.EACCES, "no", "/x"), exits.CREDENTIALS, id="file-of-another"),
        pytest.param(caused(StoreError("x"), sqlstate="28P01"), exits.CREDENTIALS, id="wrong-password"),
        pytest.param(caused(UnavailableError("x"), sqlstate="53100"), exits.NO_ROOM, id="server-disk-full"),
        pytest.param(caused(StoreError("x"), sqlstate="42P01"), exits.UNAVAILABLE, id="not-migrated"),
        pytest.param(SetupError("x"), exits.USAGE, id="set-up"),
        pytest.param(UnavailableError("x"), exits.ABSENT, id="away-without-a-stack"),
        pytest.param(
            RefusedError(Violation(Code.TAKE_UNAUTHENTICATED, "", "")), exits.CREDENTIALS, id="wrong-secret"
        ),
        pytest.param(RefusedError(Violation(Code.TAKE_TOO_LARGE, "", "")), exits.REFUSED, id="too-large"),
        pytest.param(KeyboardInterrupt(), exits.INTERRUPTED, id="ctrl-c"),
        pytest.param(ModuleNotFoundError("x", name="asyncpg"), exits.UNAVAILABLE, id="extra-not-installed"),
        pytest.param(ExceptionGroup("x", [OSError(errno.ENOSPC, "full")]), exits.NO_ROOM, id="in-a-group"),
        pytest.param(ZeroDivisionError(), exits.SOFTWARE, id="our-bug"),
    ],
)
def test_each_kind_of_trouble_has_its_code(trouble, code):
    """Programs branch on the code alone; people get both languages in one line."""
    stop = funnel.explain(trouble)
    assert stop.code == code
    assert stop.vi
    assert "\n" not in stop.vi


def test_ctrl_c_is_answered_with_a_line(capsys, monkeypatch):
    """The option parser would end in silence; whoever pressed it sees that it was heard."""

    def pressed():
        raise KeyboardInterrupt

    monkeypatch.setattr(standing, "standings", pressed)
    code, _, err = axis(capsys, "ps")
    assert (code, err) == (exits.INTERRUPTED, "axis: đã dừng theo yêu cầu (interrupted)\n")


def test_a_disk_that_is_full_at_the_start_has_its_own_code(monkeypatch, home):
    """A start that finds no room ends with the code of a full disk, as writing does."""
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=0))
    with pytest.raises(StopError, match="đĩa đầy") as stop, standing.starting():
        life.up(home)
    assert stop.value.code == exits.NO_ROOM


def test_a_bug_leaves_its_details_in_a_file():
    """The line names a file that whoever mends it can read."""
    stop = funnel.explain(ZeroDivisionError("over nothing"))
    path = Path(stop.vi.partition("chi tiết ở ")[2].partition(",")[0])
    assert "over nothing" in path.read_text(encoding="utf-8")
    path.unlink()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_teaches(capsys, name):
    """--help of every command works without a stack, in Vietnamese and English."""
    code, out, _ = axis(capsys, name, "--help")
    assert code == exits.OK
    assert "Usage: axis" in out


def test_first_page_shows_every_command_and_every_exit_code(capsys):
    """`axis --help` is the map: nothing can be done that it does not show."""
    code, out, _ = axis(capsys, "--help")
    assert code == exits.OK
    for name in COMMANDS:
        assert f"\n  {name}" in out
    for number, vi, _ in exits.MEANING:
        assert f"{number:<3} {vi}" in out


def test_first_page_is_quick():
    """Asking for help loads no room of the servers: well below half a second."""
    started = time.monotonic()
    done = spawn([executable, "-m", "axis.cli", "--help"], capture_output=True, check=True)
    assert time.monotonic() - started < 2, "0.15 s on a free machine"
    assert b"axis demo" in done.stdout
    probe = (
        "import sys; from axis.cli import funnel, root; funnel.run(root.build(), ['--help']);"
        "print(sorted({'asyncpg', 'pyhanko', 'rich', 'faust', 'fastapi'} & set(sys.modules)))"
    )
    loaded = spawn([executable, "-c", probe], capture_output=True, check=True).stdout.splitlines()[-1]
    assert loaded == b"[]"


def every_command(command, path=()):
    """Yield each command that can be called, with the words that call it."""
    inner = getattr(command, "commands", {})
    if not inner:
        yield path
    for name, one in inner.items():
        yield from every_command(one, (*path, name))


PATHS = [path for name in COMMANDS for path in every_command(root.load(name), (name,))]


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_help_shows_what_was_written(capsys, path):
    """No mark of the formatter is shown, and nothing in brackets is lost to it."""
    code, out, _ = axis(capsys, *path, "--help")
    assert code == exits.OK
    assert "\\" not in out
    if path[0] == "directory" and path[-1] == "import":
        assert "[competence,mandate_until,authorising_agency," in out


def test_a_reader_that_goes_away_is_no_verdict():
    """`axis … | head -1` ends with a code of its own: neither "all well" nor "refused"."""
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as pipe:
        os.close(reader)
        done = spawn([executable, "-m", "axis.cli", "sandbox", "faults", "--json"], stdout=pipe, check=False)
    assert done.returncode == exits.UNHEARD


@pytest.mark.parametrize("trouble", [BrokenPipeError(), SystemExit(1)], ids=["ours", "of-the-library"])
def test_each_way_of_hearing_it_ends_alike(trouble):
    """The option parser and the tables have their own ways to end: the code is the same."""
    probe = (
        "import sys; from axis.cli import funnel, root;"
        f"root.Root.main = lambda *a, **k: (_ for _ in ()).throw({trouble!r});"
        "sys.exit(funnel.run(root.build(), ['ps']))"
    )
    assert spawn([executable, "-c", probe], check=False).returncode == exits.UNHEARD


def test_a_closed_output_is_told_before_anything_is_done(home):
    """A secret shown once would be lost: nothing is done, and the line says how to ask for silence."""
    call = '"$0" -m axis.cli sandbox document --from G09 -o "$1" >&-'
    done = spawn(
        ["/bin/sh", "-c", call, executable, home / "x.pdf"],
        capture_output=True,
        check=False,
    )
    assert (done.returncode, (home / "x.pdf").exists()) == (exits.USAGE, False)
    assert "/dev/null" in done.stderr.decode()


def test_names_of_others_are_not_obeyed(capsys):
    """A line end, a control or a turn of direction in a file's name is spelled out."""
    code, _, err = axis(capsys, "check", "a\nb\x1b[31m\u202efdp.exe")
    assert code == exits.USAGE
    assert "a\\nb\\x1b[31m\\u202efdp.exe" in err or "a b\\x1b[31m\\u202efdp.exe" in err


def test_a_file_where_a_folder_is_needed_is_told(capsys, home):
    """The line names it and says what it is needed for."""
    (home / "a").write_text("x")
    code, _, err = axis(capsys, "sandbox", "directory", "-o", str(home / "a"))
    assert code == exits.USAGE
    assert "không dùng làm thư mục được" in err


def test_moments_are_told_by_the_clock_of_vietnam():
    """Whatever clock the machine has: what one command says, another and the page say too."""
    assert out.moment(datetime(2026, 11, 29, 17, 30, tzinfo=UTC)) == "30/11/2026 00:30:00"
    assert out.moment(None) == "-"


def test_an_authority_of_the_door_that_cannot_be_read_is_named(tmp_path):
    """A profile that names a file which is gone, or holds no certificate, says which."""
    (tmp_path / "empty.pem").write_text("")
    for name in ("gone.pem", "empty.pem"):
        with pytest.raises(SetupError, match=name):
            Wire("https://localhost:1", "x", "y", ca=str(tmp_path / name), patience=1, transport=None)


def test_a_report_is_never_written_over_what_it_is_about(capsys, home):
    """The file stays as it was, byte for byte, whatever name leads to it."""
    (home / "a.pdf").write_bytes(b"%PDF-1.7 signed")
    (home / "link.html").symlink_to("a.pdf")
    for page in ("a.pdf", "link.html"):
        code, _, err = axis(capsys, "check", str(home / "a.pdf"), "--html", str(home / page))
        assert code == exits.USAGE
        assert "ghi đè" in err
    assert (home / "a.pdf").read_bytes() == b"%PDF-1.7 signed"


def test_pipes_and_loops_are_told_as_what_they_are(capsys, home):
    """A pipe is not waited on for ever; a link that leads to itself is the caller's to mend."""
    os.mkfifo(home / "pipe")
    (home / "loop").symlink_to("loop")
    profile = {"name": "dms", "rest_url": "https://127.0.0.1:1", "client_id": "d", "client_secret": "s"}
    (home / "profiles").mkdir()
    (home / "profiles" / "dms.json").write_text(json.dumps(profile | {"ca_file": ""}))
    (home / "profiles" / "dms.json").chmod(0o600)
    (home / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n")
    for arguments, words in (
        (["check", str(home / "pipe")], "không phải tệp thường"),
        (["send", str(home / "pipe"), "--as", "dms"], "không phải tệp thường"),
        (["verify", str(home / "loop"), "--trust", str(home / "ca.pem")], "đi vòng"),
    ):
        code, _, err = axis(capsys, *arguments)
        assert (code, words in err) == (exits.USAGE, True), err


@pytest.mark.parametrize(
    ("call", "code", "told"),
    [
        ("--version > /dev/full", exits.NO_ROOM, ""),
        ("check nofile 2> /dev/full", exits.USAGE, ""),
        ("check nofile 2>&-", exits.USAGE, ""),
        ("ps > /dev/full", exits.ABSENT, "axis up"),
    ],
)
def test_where_nothing_can_be_told_the_code_still_is(home, call, code, told):
    """A full disk behind the output or the error stream changes no exit code to another's meaning."""
    done = spawn(
        ["/bin/sh", "-c", f'"$0" -m axis.cli {call}', executable], capture_output=True, check=False, cwd=home
    )
    err = done.stderr.decode()
    assert (done.returncode, "Traceback" in err, told in err) == (code, False, True)


@pytest.mark.parametrize(
    ("detail", "sentences"),
    [
        ("no such packet for this connection", ("Vì.", "Why. no such packet for this connection")),
        ("hết chỗ / no room", ("Vì. hết chỗ / no room", "Why.")),
        ("Z99.998", ("Vì. Z99.998", "Why.")),
        ("", ("Vì.", "Why.")),
    ],
)
def test_a_detail_stands_with_its_own_language(detail, sentences):
    """English words in the English sentence; all else behind the Vietnamese one."""
    assert sides("Vì.", "Why.", detail) == sentences


@pytest.mark.parametrize(
    ("typed", "told"),
    [("", (exits.USAGE, "--yes")), ("n\n", (exits.INTERRUPTED, "đã dừng"))],
    ids=["nobody-there", "no"],
)
def test_a_question_that_nobody_answers_is_no_interruption(capsys, home, monkeypatch, typed, told):
    """Without a person the line says how to answer beforehand; what was asked about stays."""
    (home / "data").mkdir()
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    got, _, err = axis(capsys, "down", "--remove")
    assert (got, told[1] in err, (home / "data").is_dir()) == (told[0], True, True)


@pytest.mark.parametrize("locale", [{"PYTHONIOENCODING": "latin-1"}, {"LC_ALL": "POSIX", "PYTHONUTF8": "0"}])
def test_words_are_vietnamese_whatever_the_locale(home, locale):
    """Where the locale has no such letters the output is UTF-8 all the same, and no fault of the software."""
    (home / "a.pdf").write_bytes(b"%PDF-1.7")
    call = [executable, "-m", "axis.cli", "check", "a.pdf", "--no-advice"]
    env = {**os.environ, "PYTHONCOERCECLOCALE": "0", **locale}
    done = spawn(call, capture_output=True, check=False, cwd=home, env=env)
    assert (done.returncode, done.stderr) == (exits.REFUSED, b"")
    assert "Kết luận" in done.stdout.decode()


def test_a_name_that_is_no_text_stops_no_json(capsys, home):
    """The receipt is judged and told; the odd byte of its name is replaced."""
    path = home / os.fsdecode(b"b\xff.json")
    path.write_text("{}")
    (home / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n")
    code, told, _ = axis(capsys, "verify", "--json", str(path), "--trust", str(home / "ca.pem"))
    assert (code, json.loads(told)["path"]) == (exits.REFUSED, f"{home}/b\ufffd.json")
