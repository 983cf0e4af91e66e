"""Fetching revocation evidence: only what the trust list names, and only what has the right form."""

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
from signing.evidence import NO_EVIDENCE, evidence_of
from signing.fetch import Fetcher, revocation_fields

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
DER = serialization.Encoding.DER
CRL_URL, OCSP_URL = "http://ca.test/crl", "http://ca.test/ocsp"
KEY = ec.generate_private_key(ec.SECP256R1())


def certificate(name, serial, *, ca):
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Thử nghiệm")])
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(KEY.public_key())
        .serial_number(serial)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(KEY, hashes.SHA256())
    )


ISSUER, LEAF, OTHER = (
    certificate(n, s, ca=n == "Thử nghiệm") for s, n in enumerate(["Thử nghiệm", "A", "B"], 1)
)
NEED = Need(issuer_sha256="aa", certificate=LEAF.public_bytes(DER), issuer=ISSUER.public_bytes(DER))


def make_crl():
    builder = x509.CertificateRevocationListBuilder().issuer_name(ISSUER.subject)
    return (
        builder.last_update(NOW)
        .next_update(NOW + timedelta(hours=6))
        .sign(KEY, hashes.SHA256())
        .public_bytes(DER)
    )


CRL = make_crl()


def response(about):
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=about,
        issuer=ISSUER,
        algorithm=hashes.SHA1(),
        cert_status=ocsp.OCSPCertStatus.GOOD,
        this_update=NOW,
        next_update=None,
        revocation_time=None,
        revocation_reason=None,
    )
    signed = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, ISSUER).sign(KEY, hashes.SHA256())
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
        opened.append(Fetcher([CRL_URL], {"aa": [OCSP_URL]}, now=lambda: NOW, transport=transport))
        return opened[-1], asked

    yield make
    for fetcher in opened:
        await fetcher.close()


async def test_keeps_what_came_with_its_times(source):
    """A list and a response are kept byte for byte, under their source's name."""
    fetcher, _ = source(content=CRL)
    kept = await fetcher.fetch_crl(CRL_URL)
    assert (kept.source, kept.kind, kept.der) == (CRL_URL, "crl", CRL)
    assert kept.next_update == NOW + timedelta(hours=6)
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
    ],
    ids=["error", "redirect", "html", "refused", "slow", "of-another", "try-later"],
)
async def test_anything_else_is_a_source_that_is_away(source, answer):
    """No answer, a wrong one and a redirect are all the same: nothing came."""
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


def test_fields_of_what_is_neither():
    """Bytes that are neither list nor response are named so."""
    with pytest.raises(ValueError, match="error parsing"):
        revocation_fields(b"junk")


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
