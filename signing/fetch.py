"""Fetch revocation lists and OCSP responses from the sources that the trust list names.

Nothing here asks an address that a document's certificate names: whoever sends
a document must not tell the axis where to connect. What comes is read for its
form only; its signature is verified where it is used.
"""

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx
import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from axis.records import Kept
from axis.reports import Need

CRL_BYTES: Final = 32 * 1024 * 1024
"""Largest list taken; a national authority's has about 5 MiB at 100,000 entries."""
OCSP_BYTES: Final = 256 * 1024
TIMEOUT: Final = httpx.Timeout(10.0, connect=3.0)
_OCSP_LIFE: Final = timedelta(hours=1)
"""How long a response without ``nextUpdate`` is kept."""
_log: Final = logging.getLogger(__name__)


class RevocationFields(msgspec.Struct, frozen=True, kw_only=True):
    """What a CRL or an OCSP response says of itself; unverified."""

    kind: str
    """``crl`` or ``ocsp``."""
    issuer: str
    """Distinguished name (RFC 4514) of the list's issuer, or the responder's name or key hash."""
    this_update: datetime
    next_update: datetime | None
    serial: int | None = None
    """Of the certificate an OCSP response speaks of."""


def revocation_fields(der: bytes) -> RevocationFields:
    """Read the times of a CRL or an OCSP response.

    Raises:
        ValueError: neither a CRL nor a successful OCSP response.
    """
    try:
        crl = x509.load_der_x509_crl(der)
    except ValueError:
        return _ocsp_fields(der)
    return RevocationFields(
        kind="crl",
        issuer=crl.issuer.rfc4514_string(),
        this_update=crl.last_update_utc,
        next_update=crl.next_update_utc,
    )


def _ocsp_fields(der: bytes) -> RevocationFields:
    response = ocsp.load_der_ocsp_response(der)
    if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise ValueError(f"the responder says {response.response_status.name}")
    name, key = response.responder_name, response.responder_key_hash
    return RevocationFields(
        kind="ocsp",
        issuer=name.rfc4514_string() if name is not None else (key or b"").hex(),
        this_update=response.this_update_utc,
        next_update=response.next_update_utc,
        serial=response.serial_number,
    )


class Fetcher:
    """Asks the sources of one trust list."""

    def __init__(
        self,
        crl_urls: Sequence[str],
        ocsp_urls: Mapping[str, Sequence[str]],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Prepare; nothing is asked yet.

        Args:
            crl_urls: all that the trust list names.
            ocsp_urls: the same, by the SHA-256 fingerprint of the issuing certificate.
            now: the clock.
            transport: None: the network.
        """
        self._crl_urls = frozenset(crl_urls)
        self._ocsp_urls = {issuer: tuple(urls) for issuer, urls in ocsp_urls.items()}
        self._now = now
        # No proxy, no redirect: only the addresses of the trust list are ever asked.
        self._client = httpx.AsyncClient(
            timeout=TIMEOUT, follow_redirects=False, trust_env=False, transport=transport
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def fetch_crl(self, url: str) -> Kept | None:
        """Fetch a revocation list; None: the source is away, or sent something else."""
        assert url in self._crl_urls, "only sources of the trust list are asked"
        der = await self._got(self._client.build_request("GET", url), CRL_BYTES)
        return None if der is None else self._kept(url, "crl", der, None)

    async def fetch_need(self, need: Need) -> Kept | None:
        """Ask about one certificate; None: no source for its issuer, or none that answers."""
        try:
            serial, body = _question(need)
        except (ValueError, TypeError) as exc:  # a certificate out of a document may be anything
            _log.warning("no responder can be asked about this certificate: %s", exc)
            return None
        for url in self._ocsp_urls.get(need.issuer_sha256, ()):
            request = self._client.build_request(
                "POST", url, content=body, headers={"Content-Type": "application/ocsp-request"}
            )
            source = f"ocsp:{hashlib.sha256(need.certificate).hexdigest()}"
            der = await self._got(request, OCSP_BYTES)
            kept = None if der is None else self._kept(source, "ocsp", der, serial)
            if kept is not None:
                return kept
        return None

    async def _got(self, request: httpx.Request, most: int) -> bytes | None:
        """Return the body of a good answer of at most so many bytes."""
        body = bytearray()
        try:
            answer = await self._client.send(request, stream=True)
            try:
                answer.raise_for_status()
                async for chunk in answer.aiter_bytes():
                    body += chunk
                    if len(body) > most:
                        raise httpx.DecodingError(f"more than {most} bytes")
            finally:
                await answer.aclose()
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            _log.warning("revocation source %s is away: %s %s", request.url, type(exc).__name__, exc)
            return None
        return bytes(body)

    def _kept(self, source: str, kind: str, der: bytes, serial: int | None) -> Kept | None:
        try:
            fields = revocation_fields(der)
        except ValueError as exc:
            _log.warning("revocation source %s sent what cannot be read: %s", source, exc)
            return None
        if fields.kind != kind or fields.serial != serial:
            _log.warning("revocation source %s speaks of something else", source)
            return None
        now = self._now()
        return Kept(
            source=source,
            kind=kind,
            der=der,
            sha256=hashlib.sha256(der).hexdigest(),
            fetched_at=now,
            next_update=fields.next_update or now + _OCSP_LIFE,
        )


def _question(need: Need) -> tuple[int, bytes]:
    """Return the serial number in question and the DER of the OCSP request."""
    certificate = x509.load_der_x509_certificate(need.certificate)
    issuer = x509.load_der_x509_certificate(need.issuer)
    # SHA-1 only names the issuer here (RFC 6960, 4.1.1); some responders know no other.
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1())  # noqa: S303
    return certificate.serial_number, builder.build().public_bytes(Encoding.DER)
