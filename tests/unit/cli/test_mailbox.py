"""Files unpacked from a packet get names that are safe on this machine, whatever their sender wrote."""

import pytest

from axis.cli.mailbox import free_place, plain_name


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
