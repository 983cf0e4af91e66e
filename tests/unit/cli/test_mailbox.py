"""Files unpacked from a packet get names that are safe on this machine, whatever their sender wrote."""

from pathlib import Path

import pytest

from axis.cli.exits import StopError
from axis.cli.mailbox import free_place, plain_name, unpack
from tests.unit.edxml.packets import file, packet


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Công văn 12.pdf", "Công văn 12.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\van-ban.pdf", "van-ban.pdf"),
        (".bashrc", "bashrc"),
        ("a\x00b\u202egpj.pdf", "abgpj.pdf"),
        ('x<>:"|?*.pdf', "x.pdf"),
        ("..", "tep"),
        ("", "tep"),
        ("x" * 300 + ".pdf", "x" * 120 + ".pdf"),
    ],
)
def test_a_name_stays_a_name(given, kept):
    """No folder, no hidden file, no character that means something."""
    assert plain_name(given) == kept


def test_nothing_is_written_over(tmp_path):
    """Two files of one name, and a link that somebody put there, stay what they are."""
    (tmp_path / "a.pdf").write_bytes(b"1")
    (tmp_path / "a (2).pdf").symlink_to("/nowhere")
    assert free_place(tmp_path, "a.pdf") == tmp_path / "a (3).pdf"


def test_every_file_of_a_packet_is_unpacked_byte_for_byte(tmp_path):
    """Two of one name and one with a path in its name: three files in the folder, and none outside."""
    data = packet(file("a.pdf", b"%PDF-1"), file("a.pdf", b"%PDF-2"), file("../../b.pdf", b"%PDF-3"))
    path = tmp_path / "goi.edxml"
    path.write_bytes(data)
    found = unpack(path, tmp_path / "files" / "in")
    assert [Path(one).name for one in found] == ["a.pdf", "a (2).pdf", "b.pdf"]
    assert [Path(one).read_bytes() for one in found] == [b"%PDF-1", b"%PDF-2", b"%PDF-3"]
    everything = sorted(one.relative_to(tmp_path) for one in tmp_path.rglob("*") if one.is_file())
    assert everything == sorted([Path("goi.edxml"), *(Path(one).relative_to(tmp_path) for one in found)])


def test_what_is_no_packet_has_no_files(tmp_path):
    """A receipt or a broken file is refused, not half unpacked."""
    path = tmp_path / "bien-nhan.json"
    path.write_bytes(b'{"format": "axis.receipt.v1"}')
    with pytest.raises(StopError):
        unpack(path, tmp_path / "files")
