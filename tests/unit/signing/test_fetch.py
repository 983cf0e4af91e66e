"""Fetching revocation evidence: only what the trust list names, and only what has the right form."""

import hashlib
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID

from axis.reports import Need
from signing import fetch
from signing.evidence import NO_EVIDENCE, by_digest, evidence_of
from signing.fetch import Fetcher
from signing.trust import TrustedAuthority, TrustList, TrustRole

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
DER = serialization.Encoding.DER
CRL_URL, OCSP_URL = "http://ca.test/crl", "http://ca.test/ocsp"
KEY, OTHER_KEY = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
SIGNS_LISTS = x509.KeyUsage(
    digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
    key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
)  # fmt: skip


def certificate(name, serial, *, ca, key=KEY):
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Thử nghiệm")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    builder = builder.add_extension(SIGNS_LISTS, critical=True) if ca else builder
    return builder.sign(key, hashes.SHA256())


ISSUER, LEAF, OTHER = (
    certificate(n, s, ca=n == "Thử nghiệm") for s, n in enumerate(["Thử nghiệm", "A", "B"], 1)
)
IMPOSTOR = certificate("Thử nghiệm", 1, ca=True, key=OTHER_KEY)
TRUST = TrustList(
    version="1",
    authorities=(
        TrustedAuthority(
            name="Thử nghiệm",
            certificate=ISSUER.public_bytes(serialization.Encoding.PEM).decode(),
            anchor=True,
            roles=(TrustRole.PERSON,),
            crl_urls=(CRL_URL,),
            ocsp_urls=(OCSP_URL,),
        ),
    ),
)
NEED = Need(
    issuer_sha256=TRUST.authorities[0].sha256,
    certificate=LEAF.public_bytes(DER),
    issuer=ISSUER.public_bytes(DER),
)
HOUR = timedelta(hours=1)


def make_crl(*, key=KEY, issuer=ISSUER.subject, since=NOW, until=NOW + 6 * HOUR):
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer)
    return builder.last_update(since).next_update(until).sign(key, hashes.SHA256()).public_bytes(DER)


CRL = make_crl()


def response(about, *, by=(ISSUER, KEY), status=ocsp.OCSPCertStatus.GOOD, since=NOW, until=None):
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=about,
        issuer=ISSUER,
        algorithm=hashes.SHA1(),
        cert_status=status,
        this_update=since,
        next_update=until,
        revocation_time=None,
        revocation_reason=None,
    )
    signed = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, by[0]).sign(by[1], hashes.SHA256())
    return signed.public_bytes(DER)


@pytest.fixture
async def source():
    """Return a function that makes a fetcher whose sources answer as told, and what they were asked."""
    opened = []

    def make(status=200, content=b"", fault=None):
        asked = []

        def handle(request):
            asked.append(request)
            if fault is not None:
                raise fault
            return httpx.Response(status, content=content, headers={"Location": "http://elsewhere.test/"})

        transport = httpx.MockTransport(handle)
        opened.append(Fetcher(lambda: TRUST, now=lambda: NOW, transport=transport))
        return opened[-1], asked

    yield make
    for fetcher in opened:
        await fetcher.close()


async def test_keeps_what_came_with_its_times(source):
    """A list and a response are kept byte for byte, under their source's name."""
    fetcher, _ = source(content=CRL)
    kept = await fetcher.fetch_crl(CRL_URL)
    assert (kept.source, kept.kind, kept.der) == (CRL_URL, "crl", CRL)
    assert (kept.this_update, kept.next_update) == (NOW, NOW + 6 * HOUR)
    fetcher, asked = source(content=response(LEAF))
    kept = await fetcher.fetch_need(NEED)
    assert (kept.kind, kept.fetched_at) == ("ocsp", NOW)
    assert kept.source == f"ocsp:{LEAF.fingerprint(hashes.SHA256()).hex()}"
    assert kept.next_update > NOW
    assert ocsp.load_der_ocsp_request(asked[0].content).serial_number == LEAF.serial_number


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500},
        {"status": 302},
        {"content": b"<html>not found</html>"},
        {"fault": httpx.ConnectError("refused")},
        {"fault": httpx.ReadTimeout("slow")},
        {"content": response(OTHER)},
        {
            "content": ocsp.OCSPResponseBuilder.build_unsuccessful(
                ocsp.OCSPResponseStatus.TRY_LATER
            ).public_bytes(DER)
        },
        {"content": make_crl(key=OTHER_KEY)},
        {"content": make_crl(issuer=OTHER.subject)},
        {"content": make_crl(since=NOW - 2 * HOUR, until=NOW - HOUR)},
        {"content": make_crl(since=NOW + HOUR)},
        {"content": response(LEAF, by=(IMPOSTOR, OTHER_KEY))},
        {"content": response(LEAF, since=NOW - 2 * HOUR, until=NOW - HOUR)},
        {"content": response(LEAF, since=NOW + HOUR, until=NOW + 2 * HOUR)},
        {"content": response(LEAF, status=ocsp.OCSPCertStatus.UNKNOWN)},
    ],
    ids=[
        "error", "redirect", "html", "refused", "slow", "of-another", "try-later",
        "crl-other-key", "crl-other-issuer", "crl-stale", "crl-future",
        "ocsp-other-key", "ocsp-stale", "ocsp-future", "ocsp-unknown",
    ],
)  # fmt: skip
async def test_anything_else_is_a_source_that_is_away(source, answer):
    """No answer, a wrong one, one of another key or time, a redirect: all the same, nothing is kept."""
    fetcher, asked = source(**answer)
    assert await fetcher.fetch_crl(CRL_URL) is None
    assert await fetcher.fetch_need(NEED) is None
    assert {str(request.url) for request in asked} == {CRL_URL, OCSP_URL}


async def test_too_much_is_not_taken(source, monkeypatch):
    """A source that sends without end is cut off."""
    monkeypatch.setattr(fetch, "CRL_BYTES", 10)
    fetcher, _ = source(content=CRL)
    assert await fetcher.fetch_crl(CRL_URL) is None


async def test_only_sources_of_the_trust_list_are_asked(source):
    """A foreign address is our bug; an issuer without a source has no evidence."""
    fetcher, asked = source(content=CRL)
    with pytest.raises(AssertionError):
        await fetcher.fetch_crl("http://attacker.test/")
    stranger = Need(issuer_sha256="bb", certificate=NEED.certificate, issuer=NEED.issuer)
    assert await fetcher.fetch_need(stranger) is None
    assert asked == []


def test_a_piece_of_evidence_is_found_by_its_digest():
    """Decisions name what they rest on by digest: kind and bytes come back."""
    name = hashlib.sha256(b"a").hexdigest()
    assert by_digest(evidence_of([b"a"], [b"c"]))[name] == ("crl", b"a")


def test_a_generation_is_its_bytes():
    """The same evidence has the same generation, in whatever order; other evidence another."""
    one = evidence_of([b"a", b"b", b"a"], [b"c"])
    assert one == evidence_of([b"b", b"a"], [b"c"])
    generations = {
        one.generation,
        evidence_of([b"a", b"b", b"c"], []).generation,
        evidence_of([b"a"], []).generation,
    }
    assert len(generations) == 3
    assert evidence_of([], []) is NO_EVIDENCE
