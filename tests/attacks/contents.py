"""Content that acts, hides or fetches: there when the letter is signed, so that plain pyHanko accepts it."""

from collections.abc import Callable
from typing import Final

from axis.sandbox import spoil
from tests.attacks.building import (
    FORGED,
    ORDERED,
    Attack,
    by_person,
    drawing,
    letter,
    one,
    page,
    shows,
    stream,
    text_field,
)
from tests.attacks.references import by_stream
from tests.attacks.showing import (
    accepted_by_pyhanko,
    another_on_paper,
    another_picture,
    another_when_opened,
)
from tests.lab.pdfs import person, sign

SCRIPT: Final = "content.javascript"
LAUNCH: Final = "content.launch-action"
XFA: Final = "content.xfa"
SUBMIT: Final = "content.submit-form"
IMPORT: Final = "content.import-data"
REMOTE: Final = "content.remote-document"
EMBEDDED_DOCUMENT: Final = "content.embedded-document"
MEDIA: Final = "content.media"
FILE: Final = "content.embedded-file"
LAYER: Final = "content.hidden-layer"
OPENING: Final = "content.open-action"
EXTERNAL: Final = "content.external-stream"
ENCRYPTED: Final = "content.encrypted"

_JS: Final = "<< /S /JavaScript /JS (app.alert\\(1\\)) >>"


def catalog(entries: str, **objects: bytes) -> Callable[[], bytes]:
    """Return what signs a letter with further entries in its catalog."""
    return lambda: by_person(letter(entries, **objects))


def annotation(entries: bytes) -> Callable[[], bytes]:
    """Return what signs a letter with an annotation that does something."""
    made = b"<< /Type /Annot /Subtype /Link /Rect [0 0 595 842] /Border [0 0 0] %s >>" % entries
    return lambda: by_person(letter(n7=b"[9 0 R]", n9=made))


def packed_script() -> bytes:
    """A letter with its action in an object stream, signed."""
    base = letter("/OpenAction 9 0 R", n9=b"null")
    return sign(by_stream(base, {}, {9: _JS.encode()}), person())


def packed_twice() -> bytes:
    """The same, with the name of the action escaped."""
    base = letter("/OpenAction 9 0 R", n9=b"null")
    return sign(by_stream(base, {}, {9: _JS.replace("JavaScript", "Java#53cript").encode()}), person())


def older_script() -> bytes:
    """A script in an older revision, overwritten before the letter is signed."""
    from tests.lab.pdfs import update  # noqa: PLC0415

    base = letter(n9=_JS.encode(), n5=b"<< /Producer (lab) /A 9 0 R >>")
    return by_person(update(base, {9: b"null"}))


def media(subtype: bytes, more: bytes) -> Callable[[], bytes]:
    """Return what signs a letter with an annotation that plays something."""
    made = b"<< /Type /Annot /Subtype /%s /Rect [0 0 100 100] %s >>" % (subtype, more)
    return lambda: by_person(letter(n7=b"[9 0 R]", n9=made))


def attached() -> bytes:
    """A letter with a file in its name tree, signed."""
    names = "/Names << /EmbeddedFiles << /Names [(a.exe) 9 0 R] >> >>"
    return by_person(
        letter(
            names,
            n9=b"<< /Type /Filespec /F (a.exe) /UF (a.exe) /EF << /F 10 0 R >> >>",
            n10=stream(b"MZ", b"/Type /EmbeddedFile"),
        )
    )


def hidden_layer() -> bytes:
    """A letter with a layer that is hidden until someone turns it on, signed."""
    body = shows(ORDERED, b"/OC /L1 BDC BT 0 g /F1 24 Tf 72 600 Td (%s) Tj ET EMC" % FORGED)
    layers = "/OCProperties << /OCGs [9 0 R] /D << /Order [9 0 R] /OFF [9 0 R] >> >>"
    return by_person(
        letter(layers, n3=page(b"/Properties << /L1 9 0 R >>"), n4=body, n9=b"<< /Type /OCG /Name (an) >>")
    )


def printing_layer() -> bytes:
    """A letter whose layers differ on screen and on paper, signed."""
    body = shows(ORDERED, b"/OC /L1 BDC BT 0 g /F1 24 Tf 72 600 Td (%s) Tj ET EMC" % FORGED)
    layers = (
        "/OCProperties << /OCGs [9 0 R] /D << /Order [9 0 R] /AS [<< /Event /Print /OCGs [9 0 R] "
        "/Category [/Print] >> << /Event /View /OCGs [9 0 R] /Category [/View] >>] >> >>"
    )
    group = (
        b"<< /Type /OCG /Name (an) /Usage << /Print << /PrintState /ON >> /View << /ViewState /OFF >> >> >>"
    )
    return by_person(letter(layers, n3=page(b"/Properties << /L1 9 0 R >>"), n4=body, n9=group))


def layer_by(usage: bytes = b"", configuration: str = "") -> Callable[[], bytes]:
    """Return what signs a letter with a layer that one viewer hides by what others pass over."""
    body = shows(ORDERED, b"/OC /L1 BDC BT 0 g /F1 24 Tf 72 600 Td (%s) Tj ET EMC" % FORGED)
    layers = f"/OCProperties << /OCGs [9 0 R] /D << /Order [9 0 R] >> {configuration} >>"
    group = b"<< /Type /OCG /Name (an) %s >>" % usage
    return lambda: by_person(letter(layers, n3=page(b"/Properties << /L1 9 0 R >>"), n4=body, n9=group))


def drawn(entries: bytes, kind: bytes = b"/Subtype /Form /BBox [0 0 90 90]") -> Callable[[], bytes]:
    """Return what signs a letter with a drawing that is to be replaced by something else."""
    more = page(b"/XObject << /X 9 0 R >>")
    content = shows(ORDERED, b" q 1 0 0 1 72 500 cm /X Do Q")
    return lambda: by_person(
        letter(n3=more, n4=content, n9=stream(b"0", b"/Type /XObject %s %s" % (kind, entries)))
    )


def in_print_only() -> bytes:
    """A letter with a black box that is on paper and on no screen, signed."""
    note = b"<< /Type /Annot /Subtype /Square /F 36 /Rect [60 680 360 740] /AP << /N 10 0 R >> >>"
    return by_person(letter(n7=b"[9 0 R]", n9=note, n10=drawing()))


def with_another_default() -> bytes:
    """A letter with a filled field that has another value by default, signed."""
    return by_person(letter(**_with_default()))


def reset_at_opening() -> bytes:
    """The same, on a page that puts fields back to their defaults when it is opened."""
    return by_person(letter(**_with_default(), n3=page(entries=b"/AA << /O << /S /ResetForm >> >>")))


def _with_default() -> dict[str, bytes]:
    fields = text_field(b"100")
    return {**fields, "n9": fields["n9"].replace(b"/V (100)", b"/V (100) /DV (999)")}


def encrypted() -> bytes:
    """A letter encrypted with an empty password, signed."""
    return sign(spoil.encrypt(letter()), person())


_PY: Final = (accepted_by_pyhanko,)
_IMAGE: Final = b"/Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8"

SCRIPTS: Final = (
    Attack("content-open-action-script", catalog(f"/OpenAction {_JS}"), SCRIPT, one, _PY, "content"),
    Attack("content-named-script", catalog("/Names << /JavaScript << /Names [(a) 9 0 R] >> >>", n9=_JS.encode()), SCRIPT, one, _PY, "content"),
    Attack("content-script-at-closing", catalog(f"/AA << /WC {_JS} >>"), SCRIPT, one, _PY, "content"),
    Attack("content-script-of-the-page", lambda: by_person(letter(n3=page(b"", b"/AA << /O %s >>" % _JS.encode()))), SCRIPT, one, _PY, "content"),
    Attack("content-script-of-a-link", annotation(b"/A " + _JS.encode()), SCRIPT, one, _PY, "content"),
    Attack("content-script-chained", annotation(b"/A << /S /GoTo /D [3 0 R /Fit] /Next [[%s]] >>" % _JS.encode()), SCRIPT, one, _PY, "content"),
    Attack("content-script-escaped", catalog("/OpenAction << /S /Java#53cript /#4a#53 (x) >>"), SCRIPT, one, _PY, "content"),
    Attack("content-script-name-elsewhere", catalog("/OpenAction << /S 9 0 R /JS (x) >>", n9=b"/JavaScript"), SCRIPT, one, _PY, "content"),
    Attack("content-script-packed", packed_script, SCRIPT, one, _PY, "content"),
    Attack("content-script-packed-escaped", packed_twice, SCRIPT, one, _PY, "content"),
    Attack("content-script-of-an-older-revision", older_script, SCRIPT, one, _PY, "content"),
    Attack("content-rendition-script", annotation(b"/A << /S /Rendition /OP 0 /JS (app.alert\\(1\\)) >>"), SCRIPT, one, _PY, "content"),
    Attack("content-launch", annotation(b"/A << /S /Launch /F (calc.exe) >>"), LAUNCH, one, _PY, "content"),
    Attack("content-launch-inline", catalog("/Foo [[<< /A << /S /Launch /F (calc.exe) >> >>]]"), LAUNCH, one, _PY, "content"),
    Attack("content-launch-windows", catalog("/OpenAction << /S /Launch /Win << /F (cmd.exe) /P (/c calc) >> >>"), LAUNCH, one, _PY, "content"),
    Attack("content-xfa", lambda: by_person(letter(n6=b"<< /Fields [] /SigFlags 3 /XFA 9 0 R >>", n9=stream(b"<xdp/>"))), XFA, one, _PY, "content"),
    Attack("content-encrypted", encrypted, ENCRYPTED, one, _PY, "content"),
)  # fmt: skip

ACTIONS: Final = (
    Attack("content-in-another-file", lambda: by_person(letter(n4=stream(b"", b"/F (content.bin)"))), EXTERNAL, one, _PY, "content"),
    Attack("content-submit-form", annotation(b"/A << /S /SubmitForm /F (http://127.0.0.1/x) >>"), SUBMIT, one, _PY, "content"),
    Attack("content-import-data", annotation(b"/A << /S /ImportData /F (x.fdf) >>"), IMPORT, one, _PY, "content"),
    Attack("content-goto-remote", annotation(b"/A << /S /GoToR /F (x.pdf) /D [0 /Fit] >>"), REMOTE, one, _PY, "content"),
    Attack("content-goto-embedded", annotation(b"/A << /S /GoToE /T << /R /C /N (x) >> >>"), EMBEDDED_DOCUMENT, one, _PY, "content"),
    Attack("content-rendition", annotation(b"/A << /S /Rendition /OP 0 /R << /S /MR >> >>"), MEDIA, one, _PY, "content"),
    Attack("content-open-action-uri", catalog("/OpenAction << /S /URI /URI (http://127.0.0.1/) >>"), OPENING, one, _PY, "content"),
    Attack("content-movie", media(b"Movie", b"/Movie << /F (x.avi) >>"), MEDIA, one, _PY, "content"),
    Attack("content-rich-media", media(b"RichMedia", b"/RichMediaContent << >>"), MEDIA, one, _PY, "content"),
    Attack("content-three-d", media(b"3D", b"/3DD 10 0 R"), MEDIA, one, _PY, "content"),
    Attack("content-embedded-file", attached, FILE, one, _PY, "content"),
    Attack("content-file-annotation", media(b"FileAttachment", b"/FS << /Type /Filespec /F (a.exe) /EF << >> >>"), FILE, one, _PY, "content"),
    Attack("content-hidden-layer", hidden_layer, LAYER, one, _PY, "content"),
    Attack("content-printing-layer", printing_layer, LAYER, one, _PY, "content"),
    Attack("content-layer-by-usage", layer_by(b"/Usage << /View << /ViewState /OFF >> >>"), LAYER, layer_by(), (another_picture, *_PY), "content"),
    Attack("content-layer-by-another-configuration", layer_by(configuration="/Configs [<< /Intent /View /OFF [9 0 R] >>]"), LAYER, layer_by(), (another_picture, *_PY), "content"),
    Attack("content-drawing-of-another-file", drawn(b"/Ref << /F (x.pdf) /Page 0 >>"), EXTERNAL, drawn(b""), _PY, "content"),
    Attack("content-other-picture-in-print", drawn(b"/Alternates [<< /Image 4 0 R /DefaultForPrinting true >>]", _IMAGE), LAYER, drawn(b"", _IMAGE), _PY, "content"),
    Attack("content-in-print-only", in_print_only, LAYER, one, (another_on_paper, *_PY), "content"),
    Attack("content-page-opens-an-address", lambda: by_person(letter(n3=page(b"", b"/AA << /O << /S /URI /URI (http://127.0.0.1/) >> >>"))), OPENING, one, _PY, "content"),
    Attack("content-value-reset-at-opening", reset_at_opening, LAYER, with_another_default, (another_when_opened,), "content"),
)  # fmt: skip

ATTACKS: Final = (*SCRIPTS, *ACTIONS)
