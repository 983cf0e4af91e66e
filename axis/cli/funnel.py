"""The one place where trouble becomes a line for people and an exit code for programs."""

import contextlib
import errno
import importlib
import json
import os
import re
import sys
import tempfile
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from typer.exceptions import Abort, Exit, TyperException

from axis.cli import exits
from axis.cli.exits import StopError
from axis.cli.visible import sides, visible
from axis.errors import AxisError, RefusedError, SetupError, UnavailableError
from axis.settings import default_home
from axis.violations import REASONS

if TYPE_CHECKING:
    from axis.cli.root import Root

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
NO_WAY: Final = frozenset({errno.ELOOP, errno.ENAMETOOLONG})
WRONG_PASSWORD: Final = frozenset({"28P01", "28000", "42501"})
"""SQLSTATE: wrong password, no such role, no right to this."""
SERVER_FULL: Final = frozenset({"53100", "53200"})
"""SQLSTATE: the database's disk or memory is full."""
OURS: Final = frozenset({"axis", "signing", "agents"})
NO_SCHEMA: Final = frozenset({"42P01", "42703", "3D000"})
"""SQLSTATE: no such table, column or database."""
SAID_WRONG: Final = (
    (r"Missing argument '(.+)'", r"thiếu \1"),
    (r"Missing option '(.+)'", r"thiếu tùy chọn \1"),
    (r"No such option: (\S+)(?: \(Possible options: (.+)\))?", r"không có tùy chọn \1"),
    (r"No such command '(.+?)'.*", r"không có lệnh “\1”"),
    (r"Got unexpected extra arguments? \((.+)\)", r"thừa “\1”"),
    (r"Got unexpected extra argument\(s\) \((.+)\)", r"thừa “\1”"),
    (r"Option '(.+)' requires an argument", r"tùy chọn \1 cần một giá trị"),
    (r"Invalid value for '(.+?)': .*", r"giá trị của \1 không dùng được"),
)
"""What the option parser says, and the same in Vietnamese."""


def run(command: "Root", arguments: Sequence[str]) -> int:
    """Run a command and return its exit code. Nothing comes out of here but a number.

    A problem is told on the error stream in one line; with ``--json`` as one
    JSON object ``{"error": {"exit", "vi", "en"}}``.
    """
    try:
        result = command.main(list(arguments), prog_name="axis", standalone_mode=False)
        sys.stdout.flush()
    except Exit as done:
        return done.exit_code
    except (BrokenPipeError, SystemExit):
        # The reader (`head`) has gone, which the option parser and rich answer by SystemExit(1): as if
        # something had been refused. What is still in the buffer would only raise again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exits.UNHEARD
    except (Exception, KeyboardInterrupt) as trouble:  # noqa: BLE001 - this is the funnel
        if type(trouble).__name__ == "NoArgsIsHelpError":
            sys.stderr.write(f"{trouble}\n")
            return exits.USAGE
        return _tell(explain(trouble), arguments)
    # A command that ends by `typer.Exit` hands its code back as a number here; so does the option
    # parser after Ctrl-C, in silence: whoever pressed it is told that it was heard.
    if result == exits.INTERRUPTED:
        return _tell(explain(KeyboardInterrupt()), arguments)
    return result if isinstance(result, int) else exits.OK


def explain(trouble: BaseException) -> StopError:  # noqa: PLR0911 - one return for each kind of trouble
    """Say what happened in one line of each language, with its exit code."""
    if isinstance(trouble, BaseExceptionGroup):
        return explain(trouble.exceptions[0])
    if isinstance(trouble, StopError):
        return trouble
    if isinstance(trouble, Abort | KeyboardInterrupt):
        return _left(trouble)
    if isinstance(trouble, TyperException):
        return _usage(trouble)
    if isinstance(trouble, ModuleNotFoundError) and (trouble.name or "axis").split(".")[0] not in OURS:
        return StopError(
            exits.UNAVAILABLE,
            f"chỉ có phần cơ bản của truc-van-ban, lệnh này cần thêm {trouble.name}; cài kèm các phần"
            " [servers,sandbox,stack] (trong mã nguồn: make setup)",
            "only the base package is installed; this command needs its extras",
        )
    if isinstance(trouble, RefusedError):
        reason = REASONS[trouble.violation.code]
        code = trouble.violation.code
        vi, en = sides(reason.vi, f"{code}: {reason.en}", trouble.violation.detail)
        return StopError(_of_refusal(code), vi, en)
    if isinstance(trouble, SetupError):
        return StopError(exits.USAGE, str(trouble), "")
    if isinstance(trouble, AxisError):
        return _needed(trouble)
    if isinstance(trouble, OSError):
        return _system(trouble)
    return _bug(trouble)


def _left(trouble: BaseException) -> StopError:
    """Tell apart a person who stops from a question that found no person (cron, a closed input)."""
    if isinstance(trouble.__context__, EOFError):
        return StopError(exits.USAGE, "không có ai trả lời câu hỏi; đã chắc thì thêm --yes", "nobody answers")
    return StopError(exits.INTERRUPTED, "đã dừng theo yêu cầu", "interrupted")


def _usage(trouble: TyperException) -> StopError:
    context = getattr(trouble, "ctx", None)
    path = context.command_path if context is not None else "axis"
    message = " ".join(trouble.format_message().split()).rstrip(".")
    for said, vi in SAID_WRONG:
        if found := re.fullmatch(said, message):
            return StopError(exits.USAGE, f"gọi sai: {found.expand(vi)}; xem {path} --help", message)
    return StopError(exits.USAGE, f"gọi sai: {message}; xem {path} --help", "wrong use")


def _of_refusal(code: str) -> int:
    return exits.CREDENTIALS if code in {"take.unauthenticated", "take.forbidden"} else exits.REFUSED


def _needed(trouble: AxisError) -> StopError:
    """Tell apart why something that is needed said no, or nothing."""
    state = str(getattr(trouble.__cause__, "sqlstate", "") or "")
    if state in WRONG_PASSWORD:
        return StopError(
            exits.CREDENTIALS,
            "cơ sở dữ liệu từ chối: sai mật khẩu hoặc tài khoản không có quyền; xem AXIS_DATABASE_URL",
            "the database refuses this user or password",
        )
    if state in SERVER_FULL:
        return StopError(exits.NO_ROOM, "máy chủ cơ sở dữ liệu hết chỗ", "the database has no room")
    if state in NO_SCHEMA:
        return StopError(
            exits.UNAVAILABLE, "cơ sở dữ liệu chưa có lược đồ; chạy axis migrate", "the schema is missing"
        )
    if not isinstance(trouble, UnavailableError):
        return _bug(trouble)
    if "AXIS_DATABASE_URL" in os.environ or not _stopped():
        return StopError(
            exits.UNAVAILABLE,
            f"không trả lời: {trouble}; trục có đang chạy không? (axis ps, axis up)",
            "no answer from something that is needed",
        )
    return absent()


def _stopped() -> bool:
    """Tell whether no stack runs on this machine's `AXIS_HOME`; False where the stack is not installed."""
    try:
        importlib.import_module("axis.stack.life").status(default_home(os.environ))
    except UnavailableError:
        return True
    except (AxisError, ImportError, OSError):
        return False
    return False


def absent() -> StopError:
    """Return what to say when there is no stack."""
    home = default_home(os.environ)
    return StopError(
        exits.ABSENT,
        f"chưa có trục nào chạy ở {home}; khởi động bằng axis up, hoặc đặt AXIS_HOME, AXIS_DATABASE_URL",
        "no stack is running there",
    )


def _system(trouble: OSError) -> StopError:  # noqa: PLR0911 - one return for each kind of trouble
    name = f" {trouble.filename}" if trouble.filename else ""
    if trouble.errno in FULL:
        return StopError(exits.NO_ROOM, f"đĩa đầy, không ghi được{name}", "no room on the disk")
    if isinstance(trouble, FileNotFoundError):
        folder = Path(str(trouble.filename or ".")).absolute().parent
        if not folder.is_dir():
            return StopError(exits.USAGE, f"không có thư mục {folder}", "no such folder")
        return StopError(exits.USAGE, f"không có tệp{name}", "no such file")
    if isinstance(trouble, IsADirectoryError):
        return StopError(exits.USAGE, f"{name.strip()} là thư mục, cần một tệp", "that is a folder")
    if isinstance(trouble, NotADirectoryError | FileExistsError):
        return StopError(exits.USAGE, f"{name.strip()} không dùng làm thư mục được", "not a folder")
    if trouble.errno in NO_WAY:
        return StopError(exits.USAGE, f"không tới được{name}: đường dẫn đi vòng hoặc quá dài", "no such path")
    if isinstance(trouble, PermissionError):
        return StopError(exits.CREDENTIALS, f"không có quyền với{name}", "no permission")
    return StopError(exits.UNAVAILABLE, f"hệ thống báo lỗi: {trouble}", "the system refuses")


def _bug(trouble: BaseException) -> StopError:
    """Put the details of a fault of ours into a file, for whoever mends it."""
    text = "".join(traceback.format_exception(trouble))
    head = f"axis {' '.join(sys.argv[1:2])} {datetime.now(UTC).isoformat()}\n"
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="axis-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            file.write(head + text)
        where = Path(file.name)
    except OSError:
        where = Path("-")
    return StopError(
        exits.SOFTWARE,
        f"lỗi của chính phần mềm ({type(trouble).__name__}); chi tiết ở {where}, xin gửi người phát triển",
        "a fault of ours",
    )


def _tell(stop: StopError, arguments: Sequence[str]) -> int:
    if "--json" in arguments:
        line = json.dumps({"error": {"exit": stop.code, "vi": stop.vi, "en": stop.en}}, ensure_ascii=False)
    else:
        english = f" ({stop.en})" if stop.en else ""
        line = f"axis: {stop.vi}{english}"
    with contextlib.suppress(OSError):  # nobody to tell: the code is what remains
        sys.stderr.write(visible(" ".join(line.split("\n"))) + "\n")
    return stop.code
