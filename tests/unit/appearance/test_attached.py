"""Rule V25: what an agency's signature shows on a file that is attached to a document."""

import io

import pikepdf
import pytest

from axis.appearance.sheet import Claims
from tests.lab.appearances import advice_on, rules, seen
from tests.lab.documents import a_signed_pdf


def marked(pdf, size, rect=(420, 780, 560, 815), colour="0 g"):
    """Let the seal show a text, as on a file attached to a document; the person's mark is taken away."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        page = opened.pages[0]
        kept = [one for one in page.obj["/Annots"] if str(one.get("/T", "")) == "AgencySeal"]
        page.obj["/Annots"] = pikepdf.Array(kept)
        (seal,) = kept
        left, bottom, right, top = rect
        words = f"BT /F1 {size} Tf {colour} 2 20 Td (07/QD-BNV) Tj 0 -14 Td (03/02/2026 10:15:00 +0700) Tj ET"
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name("/Times-Roman")
        )
        form = opened.make_stream(words.encode())
        form["/Type"], form["/Subtype"] = pikepdf.Name.XObject, pikepdf.Name.Form
        form["/BBox"] = pikepdf.Array([0, 0, right - left, top - bottom])
        form["/Resources"] = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
        seal["/Rect"] = pikepdf.Array([left, bottom, right, top])
        seal["/AP"] = pikepdf.Dictionary(N=form)
        output = io.BytesIO()
        opened.save(output)
    return output.getvalue()


@pytest.mark.parametrize(("size", "changes", "found"), [
    pytest.param(10, {}, [], id="right"),
    pytest.param(7, {}, ["V25"], id="small"),
    pytest.param(10, {"rect": (60, 60, 200, 95)}, ["V25"], id="at the foot"),
    pytest.param(10, {"colour": "1 0 0 rg"}, ["V25"], id="red"),
])  # fmt: skip
def test_the_mark_of_an_attached_file(size, changes, found):
    """V25: number and time in black text of size 10, upper right of page 1, are left alone."""
    pdf = marked(a_signed_pdf(), size, **changes)
    (mark,) = seen(pdf, attachment=True).marks
    assert mark.size == size
    assert "07/QD-BNV" in mark.text
    assert rules(advice_on(pdf, Claims(main=False))) == found

