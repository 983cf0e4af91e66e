"""What a later signature or a filling shows lies over a part of the page at most (rule G5)."""

import io

import pytest

from signing.overlaid import lies_over
from signing.versions import Reader
from tests.lab.pdfs import codes, judge, plain, signed_twice

PAGE = b"<< /Type /Page /Parent 2 0 R %s /Contents 4 0 R /Resources << >> /Annots 7 0 R >>"


def over(
    *boxes: bytes, page: bytes = b"/MediaBox [0 0 500 500]", pages: bytes = b"", names=("A",), kids=False
):
    """Ask about a form whose field ``A`` has widgets in these boxes."""
    looks = [b"<< /Subtype /Widget %s /AP << /N 9 0 R >> >>" % (b"/Rect " + box) for box in boxes]
    field = (
        b"<< /T (A) /FT /Tx /Kids [%s] >>" % b" ".join(looks)
        if kids
        else b" ".join(look.replace(b"<<", b"<< /T (A) /FT /Tx", 1) for look in looks)
    )
    pdf = plain(
        n2=b"<< /Type /Pages /Kids [3 0 R] /Count 1 %s >>" % pages,
        n3=PAGE % page,
        n6=b"<< /Fields [%s] >>" % field,
        n9=b"<< /Length 0 >>\nstream\n\nendstream",
    )
    return lies_over(Reader(io.BytesIO(pdf), strict=True).get_historical_resolver(0), frozenset(names))


QUARTER, MORE = b"[0 0 250 250]", b"[0 0 250 251]"
SEAL = b"[0 0 250 160]"
"""As much as any page bears."""


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        pytest.param({"boxes": [QUARTER]}, False, id="a-quarter"),
        pytest.param({"boxes": [MORE]}, True, id="more"),
        pytest.param({"boxes": [b"[250 251 0 0]"]}, True, id="corners-the-other-way-round"),
        pytest.param({"boxes": [QUARTER, b"[300 300 310 310]"]}, True, id="together"),
        pytest.param(
            {"boxes": [QUARTER, b"[300 300 310 310]"], "kids": True}, True, id="widgets-of-one-field"
        ),
        pytest.param({"boxes": [MORE], "names": ("B",)}, False, id="of-another-field"),
        pytest.param({"boxes": [b"[0 0 0 0]"]}, False, id="nothing"),
        pytest.param({"boxes": [b"[0 0 (1) 1]"]}, True, id="no-box"),
        pytest.param({"boxes": [b"[0 0 1]"]}, True, id="three-numbers"),
        pytest.param(
            {"boxes": [QUARTER], "page": b"/MediaBox [0 0 500 500] /CropBox [0 0 499 499]"},
            True,
            id="cropped",
        ),
        pytest.param(
            {"boxes": [QUARTER], "page": b"", "pages": b"/MediaBox [0 0 500 500]"}, False, id="inherited"
        ),
        pytest.param({"boxes": [b"[0 0 1 1]"], "page": b""}, True, id="page-without-a-size"),
        pytest.param({"boxes": [SEAL], "page": b"/MediaBox [0 0 300 144]"}, False, id="a-small-page"),
        pytest.param(
            {"boxes": [b"[0 0 250 161]"], "page": b"/MediaBox [0 0 300 144]"}, True, id="more-on-a-small-page"
        ),
        pytest.param(
            {"boxes": [SEAL], "page": b"/MediaBox [0 0 300 144] /UserUnit 4"}, True, id="units-of-any-size"
        ),
    ],
)
def test_a_look_takes_a_quarter_of_the_page_at_most(how, expected):
    """All that one update shows is taken together; what cannot be measured may cover everything.

    A seal does not shrink with the page.
    """
    how = {**how}
    assert over(*how.pop("boxes"), **how) is expected


def test_a_signature_and_a_seal_that_show_themselves_are_no_cover():
    """As everybody signs."""
    assert codes(judge(signed_twice()))["integrity"] == set()
