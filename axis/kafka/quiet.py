"""Keeps the Kafka clients from flooding the log while a broker is down."""

import logging
import time
from typing import Final

QUIET_SECONDS: Final = 30.0
"""A client's line that says the same again is left out for so long."""

CLIENTS: Final = ("aiokafka", "faust", "mode")

_MOST_LINES: Final = 1000


class RepeatFilter(logging.Filter):
    """Lets each line of the clients through once in a while, with a count of those left out."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether the line is to be written."""
        if record.name.partition(".")[0] not in CLIENTS:
            return True
        # Without its values: "failed on node 1" and "failed on node 2" are one complaint.
        said, now = (record.name, str(record.msg)), time.monotonic()
        since, left_out = self._said.get(said, (now - QUIET_SECONDS, 0))
        if now - since < QUIET_SECONDS:
            self._said[said] = (since, left_out + 1)
            return False
        if len(self._said) > _MOST_LINES:  # bounded, whatever the clients make up
            self._said.clear()
        self._said[said] = (now, 0)
        if left_out:
            record.msg = f"{record.getMessage()} ({left_out} more like this were left out)"
            record.args = None
        return True


def quiet_repeats() -> None:
    """Filter what this process' log handlers write. Call after they are set up."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(RepeatFilter())
