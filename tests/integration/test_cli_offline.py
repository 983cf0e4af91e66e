"""`axis sandbox`, `axis check` and `axis verify` as a newcomer uses them: no stack, no network."""

import json

import pytest

from axis.cli import exits, funnel, root
from axis.evidence.events import Kind, canonical, make_event
from axis.evidence.receipts import receipt_bytes, seal_round
from axis.sandbox.authority import Authority
from signing.seal import Sealer


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """One home for all, so that the authority is made once."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def axis(home, monkeypatch, capfd):
    """Run a command in that home; return its exit code, its lines of JSON or text, and its trouble."""
    monkeypatch.setenv("AXIS_HOME", str(home))

    def run(*arguments):
        code = funnel.run(root.build(), [str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        assert "Traceback" not in out + err
        values = [json.loads(line) for line in out.splitlines()] if "--json" in arguments else out
        return code, values, err

    return run


def test_a_good_document_waits_without_trust_and_is_never_refused(axis, tmp_path):
    """Integrity and content are accepted; trust is not judged, so the whole waits."""
    path = tmp_path / "vb.pdf"
    assert axis("sandbox", "document", "--from", "G09", "-o", path)[0] == exits.OK
    code, (line,), _ = axis("check", path, "--json")
    assert code == exits.WAITING
    assert (line["integrity"]["outcome"], line["content"]["outcome"]) == ("accepted", "accepted")
    assert (line["trust"]["outcome"], line["outcome"]) == ("not-judged", "waiting")


def test_a_document_with_long_term_data_is_accepted_offline(axis, home, tmp_path):
    """A newcomer sees an accepted file: exit code 0, with one trusted root and no network."""
    path = tmp_path / "vb.pdf"
    assert axis("sandbox", "document", "--from", "G09", "--long-term", "-o", path)[0] == exits.OK
    code, (line,), _ = axis("check", path, "--trust", home / "authority" / "ca.pem", "--json")
    assert (code, line["outcome"], line["trust"]["outcome"]) == (exits.OK, "accepted", "accepted")


def test_a_packet_with_a_named_fault_is_refused_for_that_reason(axis, tmp_path):
    """What `axis sandbox faults` promises is what `axis check` says; one refusal decides the exit code."""
    good, bad = tmp_path / "good.edxml", tmp_path / "bad.edxml"
    assert axis("sandbox", "packet", "--from", "G09", "--to", "H37", "-o", good)[0] == exits.OK
    done = axis(
        "sandbox", "packet", "--from", "000.00.00.G09", "--to", "H37", "--fault", "doctype", "-o", bad
    )
    assert done[0] == exits.OK
    code, lines, _ = axis("check", "--json", good, bad)
    assert code == exits.REFUSED
    assert [line["outcome"] for line in lines] == ["waiting", "refused"]
    assert "format.xml-forbidden" in {reason["code"] for reason in lines[1]["content"]["reasons"]}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["check", "/nonexistent"], "/nonexistent", id="no-such-path"),
        pytest.param(["sandbox", "packet", "--from", "G09", "-o", "x"], "--to", id="nobody-to-send-to"),
        pytest.param(["sandbox", "document", "--from", "G99", "-o", "x"], "G99", id="no-such-agency"),
        pytest.param(
            ["sandbox", "document", "--from", "G09", "--fault", "zz", "-o", "x"],
            "axis sandbox faults",
            id="fault",
        ),
        pytest.param(
            ["sandbox", "document", "--from", "G09", "--pdf", __file__, "-o", "x"], "--text", id="no-pdf"
        ),
        pytest.param(["sandbox", "document", "--from", "G09"], "--output", id="no-output"),
        pytest.param(["send", __file__], "--as", id="no-profile"),
        pytest.param(["bench", "speed"], "gate.ms", id="no-such-bench"),
        pytest.param(["inbox", "--as", "x", "--kind", "letters"], "document", id="no-such-kind"),
        pytest.param(["verify", __file__, "--trust", __file__], "PEM", id="anchor-without-a-certificate"),
    ],
)
def test_wrong_use_says_what_to_do(axis, arguments, words):
    """One line, exit code 64."""
    code, _, err = axis(*arguments)
    assert (code, err.count("\n")) == (exits.USAGE, 1)
    assert words in err


@pytest.fixture
def receipt(axis, home, tmp_path):
    """A sealed receipt, its text and the anchor."""
    axis("sandbox", "directory", "-o", tmp_path / "csv")
    authority = Authority(home / "authority")
    place = authority.folder / "seal"
    sealer = Sealer(
        str(place / "axis-seal.crt"), str(place / "axis-seal.key"), (place / "passphrase").read_bytes()
    )
    event = make_event(
        Kind.SUBMISSION_ACCEPTANCE,
        "p",
        packet_id="p",
        connection="dms",
        at=authority.record.created_at,
        facts={"sha256": "0" * 64},
    )
    sealed = seal_round([event.body], sealer.seal, at=authority.record.created_at)
    path = tmp_path / "bien-nhan.json"
    path.write_bytes(
        receipt_bytes(
            body=event.body,
            leaf_index=0,
            proof=sealed.proofs[0],
            checkpoint=sealed.checkpoint,
            signature=sealed.signature,
        )
    )
    return path


def test_a_receipt_is_verified_with_the_anchor_alone(axis, receipt, tmp_path):
    """The event comes back; a changed letter proves nothing; another packet is told."""
    anchor = ["--trust", tmp_path / "csv" / "ca.pem"]
    code, (line,), _ = axis("verify", receipt, *anchor, "--json")
    assert (code, line["proven"], line["event"]["kind"]) == (exits.OK, True, "SubmissionAcceptance")

    other = tmp_path / "other.edxml"
    other.write_bytes(b"x")
    assert axis("verify", receipt, *anchor, "--packet", other)[0] == exits.REFUSED

    told = json.loads(receipt.read_text(encoding="utf-8"))
    told["event"] = told["event"].replace("dms", "dmx")
    receipt.write_bytes(canonical(told))
    code, (line,), _ = axis("verify", receipt, *anchor, "--json")
    assert (code, line["proven"]) == (exits.REFUSED, False)
    receipt.write_text("{}", encoding="utf-8")
    assert axis("verify", receipt, *anchor)[0] == exits.REFUSED


def test_the_test_directory_is_what_an_import_takes(axis, tmp_path):
    """The three files that the sandbox writes are right in every line."""
    code, lines, _ = axis("sandbox", "directory", "-o", tmp_path / "csv", "--json")
    assert code == exits.OK
    assert [line["path"].rpartition("/")[2] for line in lines] == [
        "agencies.csv", "signers.csv", "seals.csv", "ca.pem",
    ]  # fmt: skip
