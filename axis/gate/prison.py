"""The four doors into a judging process: functions that can be sent there by name.

Whoever sends them never loads the PDF library: the judging process does, at its start.
"""

from typing import TYPE_CHECKING

from axis.errors import AxisError
from axis.gate.answers import Trouble, decode_premises, encode

if TYPE_CHECKING:
    from axis.gate.inside import Inside

_inside: "Inside | None" = None
_fault = "enter() did not run"


def enter(premises: bytes) -> None:
    """Load all that judging needs and close this process in. Runs once, at its start.

    Args:
        premises: an encoded `axis.gate.answers.Premises`.
    """
    global _inside, _fault  # noqa: PLW0603 - this is what makes the process warm
    try:
        from axis.gate.inside import Inside  # noqa: PLC0415 - see the module's words

        _inside = Inside(decode_premises(premises))
    except AxisError as exc:
        _fault = str(exc)
    except Exception as exc:  # noqa: BLE001 - `ready` tells it; a process that just ended could not
        _fault = f"{type(exc).__name__}: {exc}"


def ready() -> bytes:
    """Tell that this process can judge, as an encoded `Ready`; or why it cannot, as a `Trouble`."""
    return encode(Trouble(detail=_fault)) if _inside is None else _inside.ready()


def judge(path: str, question: bytes) -> bytes:
    """Read one file within the limits. Never raises.

    Args:
        path: of the file.
        question: an encoded `InspectRequest`.

    Returns:
        An encoded `Judged`, `Altered` or `Trouble`.
    """
    return encode(Trouble(detail=_fault)) if _inside is None else _inside.judge(path, question)


def see(path: str, question: bytes) -> bytes:
    """Look at one file within the limits.

    Args:
        path: of the file.
        question: an encoded `axis.gate.seen.SeeRequest`.

    Returns:
        An encoded `axis.gate.seen.Seen`; bytes that are none when this process cannot look.
    """
    return encode(Trouble(detail=_fault)) if _inside is None else _inside.see(path, question)
