"""Failures of the axis itself. None of these ever reaches a receipt."""

from axis.violations import Violation


class AxisError(Exception):
    """Base of everything the axis raises on purpose."""


class UnavailableError(AxisError):
    """Our own database or broker is away. Waiting may help; nothing was decided."""


class RefusedError(AxisError):
    """A door refuses a request before anything became content.

    The caller's fault; carries the published reason.
    """

    def __init__(self, violation: Violation, *, retry_after: float | None = None) -> None:
        """Keep the reason.

        Args:
            violation: why.
            retry_after: seconds after which the same request may succeed;
                None where repeating it is no use.
        """
        super().__init__(f"{violation.code}: {violation.detail}")
        self.violation = violation
        self.retry_after = retry_after


class MalformedError(AxisError):
    """Bytes of a topic that cannot be handled: they go to quarantine with this reason."""

    def __init__(self, violation: Violation) -> None:
        """Keep the reason."""
        super().__init__(f"{violation.code}: {violation.detail}")
        self.violation = violation


class SetupError(AxisError):
    """The installation is not as it must be; the message says what to do about it."""


class DamagedContentError(AxisError):
    """Bytes of the content store are not those of their digest: an incident, and nobody gets them."""


class SealError(AxisError):
    """A seal does not hold: the bytes, the signature or the sealing certificate are not what they must be."""
