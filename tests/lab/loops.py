"""Event loops that let TLS say goodbye before they close."""

import asyncio
import contextlib
import time
from typing import Final

PATIENCE_SECONDS: Final = 2.0


class PatientLoop(asyncio.SelectorEventLoop):
    """A loop that waits, when it is closed, for transports that are closing.

    Closing a TLS transport is a conversation with the other end. A library that starts it and does not
    wait, as Kafka clients do, leaves a transport behind when its loop ends in the meantime; whether it
    does hangs on how busy the machine is.
    """

    def close(self) -> None:
        """Let what is closing close, then close."""
        if not self.is_closed() and not self.is_running():
            until = time.monotonic() + PATIENCE_SECONDS
            while self._is_talking() and time.monotonic() < until:
                with contextlib.suppress(Exception):
                    self.run_until_complete(asyncio.sleep(0.01))
        super().close()

    def _is_talking(self) -> bool:
        # A transport that was told to close and still has its socket.
        transports = list(getattr(self, "_transports", {}).values())
        own = [one for one in transports if getattr(one, "_sock", None) is not None]
        return any(one.is_closing() or _unwrapping(one) for one in own)


def _unwrapping(transport: asyncio.BaseTransport) -> bool:
    wrapped = getattr(transport.get_protocol(), "_app_transport", None)
    return wrapped is not None and getattr(wrapped, "_closed", False)


class PatientPolicy(asyncio.DefaultEventLoopPolicy):
    """Makes patient loops."""

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """Make one."""
        return PatientLoop()
