"""Pages as pictures: what people are shown is what stands there, in its colours and within its limits."""

import io

import pypdfium2
import pytest
from PIL import Image

from axis.appearance.look import MOST_PAGES, MOST_PICTURES, PIXELS_ACROSS, UnseenError, draw, look
from axis.appearance.marks import colour_of
from tests.lab.documents import the_signed_pdf


def blank(count, width=595.28, height=841.89):
    """Return a PDF of empty pages."""
    made = pypdfium2.PdfDocument.new()
    for _ in range(count):
        made.new_page(width, height)
    output = io.BytesIO()
    made.save(output)
    return output


def test_a_picture_shows_the_marks_in_their_colours():
    """The seal is red and the signature blue in the picture too, whatever palette was found."""
    (picture,) = draw(io.BytesIO(the_signed_pdf()))
    assert (round(picture.width), round(picture.height)) == (210, 297)
    image = Image.open(io.BytesIO(picture.png)).convert("RGB")
    assert image.width == PIXELS_ACROSS
    strong = [colour for _, colour in image.getcolors(1_000_000) if max(colour) - min(colour) > 100]
    assert {colour_of(*colour) for colour in strong} >= {"red", "blue"}


def test_many_pages_are_looked_at_up_to_a_number():
    """The first pages and the last one; the count says how many there are."""
    view = look(blank(MOST_PAGES + 20))
    assert [page.number for page in view.pages] == [*range(1, MOST_PAGES), MOST_PAGES + 20]
    assert view.page_count == MOST_PAGES + 20
    assert len(draw(blank(MOST_PICTURES + 2, 60, 80))) == MOST_PICTURES


@pytest.mark.parametrize("size", [(14400, 14400), (3, 14400), (14400, 3)])
def test_a_huge_page_makes_no_huge_picture(size):
    """Whatever a page measures, its picture has some thousand pixels a side."""
    (picture,) = draw(blank(1, *size))
    image = Image.open(io.BytesIO(picture.png))
    assert image.width <= PIXELS_ACROSS + 1
    assert image.height <= 4 * PIXELS_ACROSS + 1


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"not a PDF", b"%PDF-1.7\n1 0 obj<<>>endobj"])
def test_what_cannot_be_opened_is_not_seen(data):
    """One kind of error, whatever the reader says."""
    for work in (look, draw):
        with pytest.raises(UnseenError):
            work(io.BytesIO(data))
