"""Content that acts, hides or fetches: there when the letter is signed, so that plain pyHanko accepts it."""

from collections.abc import Callable
from typing import Final

from axis.sandbox import spoil
from tests.attacks.building import (
    Attack,
    by_person,
    letter,
    one,
    page,
    stream,
)
from tests.attacks.references import by_stream
from tests.attacks.showing import accepted_by_pyhanko
from tests.lab.pdfs import person, sign

SCRIPT: Final = "content.javascript"
LAUNCH: Final = "content.launch-action"
XFA: Final = "content.xfa"
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
    base = letter("/OpenAction 9 0 R")
    return sign(by_stream(base, {}, {9: _JS.encode()}), person())


def packed_twice() -> bytes:
    """The same, with the name of the action escaped."""
    base = letter("/OpenAction 9 0 R")
    return sign(by_stream(base, {}, {9: _JS.replace("JavaScript", "Java#53cript").encode()}), person())


def older_script() -> bytes:
    """A script in an older revision, overwritten before the letter is signed."""
    from tests.lab.pdfs import update  # noqa: PLC0415

    base = letter(n9=_JS.encode(), n5=b"<< /Producer (lab) /A 9 0 R >>")
    return by_person(update(base, {9: b"null"}))


def encrypted() -> bytes:
    """A letter encrypted with an empty password, signed."""
    return sign(spoil.encrypt(letter()), person())


_PY: Final = (accepted_by_pyhanko,)

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

ATTACKS: Final = SCRIPTS
