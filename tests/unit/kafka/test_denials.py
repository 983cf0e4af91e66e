"""The broker's refusals are read from its log: each once, through rotation, never a guess."""

import pytest

from axis.kafka.denials import Denials

LINE = (
    "2026-11-24 18:00:00,000 kafka.authorizer.logger authorizer Principal = User:{} is Denied operation = {} "
    "from host = 127.0.0.1 on resource = Topic:LITERAL:axis.accepted.v1 for request = Produce with "
    "resourceRefCount = 1 based on rule DefaultDeny\n"
)
OTHER = "2026-11-24 18:00:00,000 kafka.authorizer.logger Principal = User:a is Allowed operation = X \n"


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "kafka.log"
    path.write_text(LINE.format("before", "READ"))
    return path


def add(log, text):
    with log.open("a") as file:
        file.write(text)


def test_each_refusal_is_counted_once(log):
    """From the end of what was there; allowed and other lines count nothing."""
    denials = Denials(log)
    assert not denials.read()
    add(log, LINE.format("kafka-b", "WRITE") * 2 + OTHER + LINE.format("kafka-c", "DESCRIBE"))
    assert denials.read() == {("kafka-b", "WRITE"): 2, ("kafka-c", "DESCRIBE"): 1}
    assert not denials.read()


def test_half_a_line_waits_for_its_other_half(log):
    """Read in the middle of a write: neither lost nor counted twice."""
    denials, line = Denials(log), LINE.format("kafka-b", "WRITE")
    for cut in range(1, len(line)):
        add(log, line[:cut])
        first = denials.read()
        add(log, line[cut:])
        assert not first
        assert denials.read() == {("kafka-b", "WRITE"): 1}


@pytest.mark.parametrize("how", ["renamed", "truncated"])
def test_rotation_goes_on_in_the_new_file(log, how):
    """Renamed away or begun anew: the new file is read from its beginning."""
    add(log, OTHER * 50)
    denials = Denials(log)
    if how == "renamed":
        log.rename(log.with_suffix(".1"))
    log.write_text(LINE.format("kafka-b", "READ"))
    assert denials.read() == {("kafka-b", "READ"): 1}


def test_no_log_is_no_silence(tmp_path):
    """A log that is not there raises, and what it holds once it comes is counted from its beginning."""
    log = tmp_path / "kafka.log"
    denials = Denials(log)
    with pytest.raises(FileNotFoundError):
        denials.read()
    log.write_text(LINE.format("kafka-b", "READ"))
    assert denials.read() == {("kafka-b", "READ"): 1}


def test_more_than_one_look_holds_is_read_in_the_next(log, monkeypatch):
    """A flood is read bit by bit, whole."""
    monkeypatch.setattr("axis.kafka.denials._AT_ONCE", 1000)
    denials = Denials(log)
    add(log, LINE.format("flood", "READ") * 20)
    seen = 0
    while found := denials.read():
        seen += found.total()
    assert seen == 20
