"""How much one connection may ask of this process: requests and bytes a second, with room for a burst."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from axis.gateway.problems import refuse
from axis.store.tokens import Caller
from axis.violations import Code

BURST_SECONDS: Final = 5.0
"""A connection that was quiet may use this much of its rate at once."""

READ_COST: Final = 0.1
"""A look costs a tenth of a submission: nine of ten requests of a healthy client are looks."""


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float


class Quota:
    """Token buckets by connection. A bucket may run into debt: what began within its rate is finished."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with full buckets.

        Args:
            clock: seconds that never go back.
        """
        self._clock = clock
        self._requests: dict[str, _Bucket] = {}
        self._bytes: dict[str, _Bucket] = {}

    def request(self, caller: Caller, cost: float = 1.0) -> None:
        """Count one request.

        Raises:
            RefusedError: too many (429), with the seconds until one more is welcome.
        """
        self._draw(self._requests, caller.connection, caller.requests_per_second, cost, "requests")

    def may_send(self, caller: Caller) -> None:
        """See whether more bytes are welcome now.

        Raises:
            RefusedError: not yet (429), with the seconds until they are.
        """
        self._draw(self._bytes, caller.connection, caller.bytes_per_second, 0.0, "bytes")

    def sent(self, caller: Caller, size: int) -> None:
        """Count bytes that came. They may take the bucket into debt, which later requests wait for."""
        self._refilled(self._bytes, caller.connection, caller.bytes_per_second).level -= size

    def _draw(self, buckets: dict[str, _Bucket], name: str, rate: int, cost: float, what: str) -> None:
        bucket = self._refilled(buckets, name, rate)
        if bucket.level < cost or bucket.level < 0:
            raise refuse(
                Code.TAKE_RATE,
                f"at most {rate} {what} a second",
                retry_after=(cost - bucket.level) / rate,
            )
        bucket.level -= cost

    def _refilled(self, buckets: dict[str, _Bucket], name: str, rate: int) -> _Bucket:
        now = self._clock()
        bucket = buckets.get(name)
        if bucket is None:
            bucket = buckets[name] = _Bucket(rate * BURST_SECONDS, now)
        bucket.level = min(rate * BURST_SECONDS, bucket.level + (now - bucket.at) * rate)
        bucket.at = now
        return bucket
