"""Fetch revocation lists and OCSP responses from the sources that the trust list names.

Nothing here asks an address that a document's certificate names: whoever sends
a document must not tell the axis where to connect. What comes is read for its
form and its maker (`signing.arrivals`); what it says is judged where it is used.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from axis import metrics
from axis.records import Kept
from axis.reports import Need
from signing.arrivals import Arrival, Taken, judge_crl, judge_ocsp
from signing.trust import TrustList

CRL_BYTES: Final = 32 * 1024 * 1024
"""Largest list taken; a national authority's has about 5 MiB at 100,000 entries."""
OCSP_BYTES: Final = 256 * 1024
TIMEOUT: Final = httpx.Timeout(10.0, connect=3.0)
CRL_SECONDS: Final = 60.0
"""Longest download of a list: a source that sends a byte now and then is away."""
OCSP_SECONDS: Final = 10.0
_OCSP_LIFE: Final = timedelta(hours=1)
"""How long a response without ``nextUpdate`` is kept."""
_log: Final = logging.getLogger(__name__)


class Fetcher:
    """Asks the sources of the trust list in force."""

    def __init__(
        self,
        trust: Callable[[], TrustList],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Prepare; nothing is asked yet.

        Args:
            trust: the list in force.
            now: the clock.
            transport: None: the network.
        """
        self._trust = trust
        self._now = now
        # No proxy, no redirect: only the addresses of the trust list are ever asked.
        self._client = httpx.AsyncClient(
            timeout=TIMEOUT, follow_redirects=False, trust_env=False, transport=transport
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def fetch_crl(self, url: str) -> Kept | None:
        """Fetch a revocation list; None: the source is away, or sent what cannot count."""
        issuers = self._trust().crl_issuers(url)
        assert issuers, "only sources of the trust list are asked"
        der = await self._got(self._client.build_request("GET", url), CRL_BYTES, CRL_SECONDS)
        if der is None:
            return None
        # In a thread: reading and verifying a national list takes a seventh of a second.
        taken = await asyncio.to_thread(judge_crl, der, issuers, self._now())
        return self._kept(url, "crl", der, taken) if _counted(url, taken.arrival) else None

    async def fetch_need(self, need: Need) -> Kept | None:
        """Ask about one certificate; None: no source for its issuer, or none that answers."""
        try:
            body = _question(need)
        except (ValueError, TypeError) as exc:  # a certificate out of a document may be anything
            _log.warning("no responder can be asked about this certificate: %s", exc)
            return None
        for url in self._trust().ocsp_urls(need.issuer_sha256):
            request = self._client.build_request(
                "POST", url, content=body, headers={"Content-Type": "application/ocsp-request"}
            )
            source = f"ocsp:{hashlib.sha256(need.certificate).hexdigest()}"
            der = await self._got(request, OCSP_BYTES, OCSP_SECONDS)
            taken = None if der is None else judge_ocsp(der, need, self._now())
            if der is not None and taken is not None and _counted(url, taken.arrival):
                return self._kept(source, "ocsp", der, taken)
        return None

    async def _got(self, request: httpx.Request, most: int, seconds: float) -> bytes | None:
        """Return the body of a good answer of at most so many bytes, within so many seconds."""
        body = bytearray()
        try:
            async with asyncio.timeout(seconds):
                answer = await self._client.send(request, stream=True)
                try:
                    answer.raise_for_status()
                    async for chunk in answer.aiter_bytes():
                        body += chunk
                        if len(body) > most:
                            raise httpx.DecodingError(f"more than {most} bytes")
                finally:
                    await answer.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as exc:
            _log.warning("revocation source %s is away: %s %s", request.url, type(exc).__name__, exc)
            metrics.REVOCATION_ANSWERS.labels(Arrival.AWAY).inc()
            return None
        return bytes(body)

    def _kept(self, source: str, kind: str, der: bytes, taken: Taken) -> Kept:
        now = self._now()
        return Kept(
            source=source,
            kind=kind,
            der=der,
            sha256=hashlib.sha256(der).hexdigest(),
            fetched_at=now,
            next_update=taken.next_update or now + _OCSP_LIFE,
            this_update=taken.this_update,
        )


def _counted(url: str, arrival: Arrival) -> bool:
    metrics.REVOCATION_ANSWERS.labels(arrival).inc()
    if arrival is not Arrival.GOOD:
        _log.warning("revocation source %s sent what cannot count: %s", url, arrival)
    return arrival is Arrival.GOOD


def _question(need: Need) -> bytes:
    """Return the DER of the OCSP request."""
    certificate = x509.load_der_x509_certificate(need.certificate)
    issuer = x509.load_der_x509_certificate(need.issuer)
    # SHA-1 only names the issuer here (RFC 6960, 4.1.1); some responders know no other.
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1())  # noqa: S303
    return builder.build().public_bytes(Encoding.DER)
