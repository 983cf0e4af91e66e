"""Rules G6, G10 and G11: whom to believe, at which moment, and when to wait."""

import hashlib
from datetime import UTC, datetime, timedelta
from functools import cache

import msgspec
import pytest
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.x509 import ocsp

from axis.reports import Outcome
from axis.sandbox.identity import Part, Role
from signing.evidence import NO_EVIDENCE, evidence_of
from signing.trust import TrustRole
from signing.trusting import SignatureTrust
from signing.verify import _out_of_order
from tests.lab.authority import lab_authority
from tests.lab.pdfs import (
    a_cms,
    codes,
    fresh_evidence,
    judge,
    other_authority,
    person,
    plain,
    sign,
    sign_by_hand,
    signed_by_hand,
    signed_twice,
    trust,
)
from tests.lab.services import a_crl, a_token, an_ocsp, authority_key, pyca_certificate

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@cache
def now() -> datetime:
    """The moment of the run, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


@cache
def one_signature() -> bytes:
    """A document with one B-T signature of now."""
    return signed_by_hand()


def serial() -> int:
    return pyca_certificate(signer()).serial_number


def signer() -> bytes:
    """Return the certificate of the person who signs, DER."""
    return lab_authority().certificate(person().label)


@cache
def others() -> tuple[bytes, ...]:
    """CRLs of everyone but the issuer of persons."""
    return lab_authority().crl("root"), lab_authority().crl("service-ca")


def given(*crls: bytes, ocsps: tuple[bytes, ...] = ()):
    """Evidence about everyone else, and this about the signer."""
    return evidence_of([*others(), *crls], ocsps)


def judged(pdf: bytes, evidence, at: datetime | None = None, **changes):
    return judge(pdf, evidence=evidence, at=at or now() + 2 * MINUTE, **changes)


def test_an_impostor_with_the_right_names_is_not_trusted():
    """An authority that calls itself like ours is another one, as its key is."""
    report = judge(sign(plain(), person(Part.IMPOSTOR)))
    assert codes(report) == {"integrity": set(), "content": set(), "trust": {"signature.chain-untrusted"}}
    assert (report.signatures[0].indication, report.signatures[0].subindication) == (
        "INDETERMINATE",
        "NO_CERTIFICATE_CHAIN_FOUND",
    )


@pytest.mark.parametrize(
    ("part", "code", "indication"),
    [
        (Part.EXPIRED, "signature.certificate-not-in-force", "OUT_OF_BOUNDS_NO_POE"),
        (Part.FUTURE, "signature.certificate-not-in-force", "NOT_YET_VALID"),
        (Part.WRONG_USAGE, "signature.key-usage", "CHAIN_CONSTRAINTS_FAILURE"),
        (Part.REVOKED, "signature.certificate-revoked", "REVOKED"),
    ],
)
def test_a_certificate_that_may_not_sign_is_refused_by_its_name(part, code, indication):
    """Expired, not yet valid, for another use, revoked before signing: each has its own code."""
    report = judge(sign(plain(), person(part)), evidence=fresh_evidence())
    assert codes(report)["trust"] == {code}
    assert codes(report)["integrity"] == set()
    assert report.signatures[0].subindication == indication
    assert report.needs == ()


def test_an_authority_of_the_list_signs_no_documents():
    """G10: where the signer is itself trusted, the library skips the key-usage rules; we do not."""
    certificate = lab_authority().certificate("people-ca")
    identity = msgspec.structs.replace(person(), label="people-ca")
    report = judge(sign_by_hand(plain(), a_cms(identity, token=a_token)))
    assert hashlib.sha256(certificate).hexdigest() == report.signatures[0].certificate_sha256
    assert "signature.key-usage" in codes(report)["trust"]


def test_a_service_signs_no_documents():
    """The key of the time-stamp service is no person's, though its usage bits would do."""
    identity = msgspec.structs.replace(person(), label="tsa", role=Role.SERVER)
    every = tuple(msgspec.structs.replace(a, roles=tuple(TrustRole)) for a in trust().authorities)
    report = judge(
        sign_by_hand(plain(), a_cms(identity, token=a_token)),
        trust=msgspec.structs.replace(trust(), authorities=every),
    )
    assert codes(report)["trust"] == {"signature.key-usage"}


def test_a_time_stamp_of_nobody_proves_nothing():
    """A token of an unknown authority is sound, and no reason to trust its time."""
    report = judge(signed_by_hand(token=lambda value: a_token(value, authority=other_authority())))
    assert codes(report) == {"integrity": set(), "content": set(), "trust": {"signature.chain-untrusted"}}
    assert report.signatures[0].timestamped_at is None


def test_an_authority_is_trusted_for_its_roles_only():
    """One that issues servers' certificates may not vouch for people, nor people's for time."""
    authorities = tuple(
        msgspec.structs.replace(a, roles=(TrustRole.SERVICE,)) if "people-ca" in a.name else a
        for a in trust().authorities
    )
    report = judge(one_signature(), trust=msgspec.structs.replace(trust(), authorities=authorities))
    assert codes(report)["trust"] == {"signature.chain-untrusted"}


def test_without_a_time_stamp_only_policy_lets_the_claimed_time_count():
    """A claimed time proves nothing: refused, unless policy data says otherwise."""
    pdf = signed_by_hand(token=None)
    assert codes(judge(pdf))["trust"] == {"signature.timestamp-missing"}
    report = judge(pdf, allow_claimed_time=True)
    assert report.trust.outcome is Outcome.ACCEPTED
    assert report.signatures[0].timestamped_at is None


def test_a_claimed_time_of_the_future_is_refused():
    """Even where claimed time counts, nobody signs tomorrow."""
    pdf = signed_by_hand(token=None, claimed=now() + 24 * HOUR)
    assert judge(pdf, allow_claimed_time=True).trust.outcome is Outcome.REFUSED


def test_a_time_stamp_is_not_older_than_one_it_covers():
    """The seal's covers the person's: earlier by more than clocks differ, one of them lies."""

    def order(*minutes: int | None) -> list[str]:
        moments = [None if one is None else now() + one * MINUTE for one in minutes]
        return [one.field for one in _out_of_order([SignatureTrust(timestamped_at=one) for one in moments])]

    assert order(0, 0) == order(0, 60) == order(4, 0) == order(0, None, 1) == []
    assert order(6, 0) == order(6, 0, 7) == ["signatures[1]"]
    assert order(6, None, 0) == ["signatures[2]"]


def test_no_evidence_waits_and_says_what_is_needed():
    """Missing evidence is no verdict; the worker learns which certificates to ask about."""
    report = judged(signed_twice(), NO_EVIDENCE)
    assert report.trust.outcome is Outcome.WAITING
    assert codes(report)["trust"] == {"waiting.revocation-unavailable"}
    assert codes(report)["integrity"] == set()
    # Two signers, their issuer, the time-stamp service and its issuer.
    assert len(report.needs) == 5
    assert {(s.indication, s.subindication) for s in report.signatures} == {("INDETERMINATE", "TRY_LATER")}
    for need in report.needs:
        pyca_certificate(need.certificate).verify_directly_issued_by(pyca_certificate(need.issuer))


def test_a_refusal_does_not_wait():
    """Where trust is refused anyway, nothing is fetched for it."""
    report = judged(sign(plain(), person(Part.IMPOSTOR)), NO_EVIDENCE)
    assert (report.trust.outcome, report.needs) == (Outcome.REFUSED, ())


WAITS = {
    "stale-crl": lambda: given(a_crl(since=now() - 2 * HOUR, until=now() - HOUR)),
    "crl-of-tomorrow": lambda: given(a_crl(since=now() + 2 * HOUR, until=now() + 4 * HOUR)),
    "crl-signed-by-another": lambda: given(
        a_crl(since=now(), until=now() + HOUR, key=authority_key("people-ca", other_authority()))
    ),
    "crl-of-another-issuer": lambda: given(a_crl(since=now(), until=now() + HOUR, issuer="service-ca")),
    "delta-crl": lambda: given(
        a_crl(since=now(), until=now() + HOUR, extensions=((x509.DeltaCRLIndicator(1), True),))
    ),
    "crl-of-some-reasons": lambda: given(
        a_crl(since=now(), until=now() + HOUR, extensions=((scope(reasons=True), True),))
    ),
    "crl-of-another-place": lambda: given(
        a_crl(since=now(), until=now() + HOUR, extensions=((scope(url="http://elsewhere/x.crl"), True),))
    ),
    "crl-of-authorities": lambda: given(
        a_crl(since=now(), until=now() + HOUR, extensions=((scope(authorities=True), True),))
    ),
    "suspended": lambda: given(
        a_crl(
            {serial(): now() - HOUR},
            since=now(),
            until=now() + HOUR,
            reason=x509.ReasonFlags.certificate_hold,
        )
    ),
    "stale-crl-that-revokes-later": lambda: given(
        a_crl({serial(): now() + 30 * MINUTE / 60}, since=now(), until=now() + MINUTE)
    ),
    "crl-broken": lambda: given(b"\x30\x03\x02\x01\x01"),
    "ocsp-unknown": lambda: given(
        ocsps=(an_ocsp(signer(), ocsp.OCSPCertStatus.UNKNOWN, since=now(), until=now() + HOUR),)
    ),
    "ocsp-stale": lambda: given(ocsps=(an_ocsp(signer(), since=now() - 2 * HOUR, until=now() - HOUR),)),
    "ocsp-without-end": lambda: given(ocsps=(an_ocsp(signer(), since=now() - HOUR, until=None),)),
    "ocsp-signed-by-another": lambda: given(
        ocsps=(an_ocsp(signer(), since=now(), until=now() + HOUR, authority=other_authority()),)
    ),
    "ocsp-by-a-plain-person": lambda: given(
        ocsps=(an_ocsp(signer(), since=now(), until=now() + HOUR, responder=person(Part.DEPUTY).label),)
    ),
    "ocsp-about-another": lambda: given(
        ocsps=(lab_authority().ocsp(lab_authority().certificate(person(Part.DEPUTY).label)),)
    ),
    "ocsp-broken": lambda: given(ocsps=(b"\x30\x03\x0a\x01\x06", b"junk")),
}


def scope(
    *, url: str = "", reasons: bool = False, authorities: bool = False
) -> x509.IssuingDistributionPoint:
    """Return the scope of a CRL."""
    return x509.IssuingDistributionPoint(
        full_name=[x509.UniformResourceIdentifier(url)] if url else None,
        relative_name=None,
        only_contains_user_certs=False,
        only_contains_ca_certs=authorities,
        only_some_reasons=frozenset({x509.ReasonFlags.key_compromise}) if reasons else None,
        indirect_crl=False,
        only_contains_attribute_certs=False,
    )


@pytest.mark.parametrize("make", [pytest.param(make, id=f"G11-{name}") for name, make in WAITS.items()])
def test_evidence_that_does_not_count_makes_the_document_wait(make):
    """Missing, stale, foreign or wrongly signed: never "revoked", never "valid"."""
    report = judged(one_signature(), make())
    assert report.trust.outcome is Outcome.WAITING
    assert codes(report)["trust"] == {"waiting.revocation-unavailable"}
    assert [need.certificate for need in report.needs] == [signer()]


GOOD = {
    "fresh-crl": lambda: given(a_crl(since=now(), until=now() + HOUR)),
    "crl-older-than-the-signature": lambda: given(a_crl(since=now() - HOUR, until=now() + HOUR)),
    "crl-where-the-list-says": lambda: given(
        a_crl(since=now(), until=now() + HOUR, extensions=((scope(url=people_url()), True),))
    ),
    "revoked-after-signing": lambda: given(
        a_crl({serial(): now() + 90 * MINUTE / 60}, since=now() + MINUTE, until=now() + HOUR)
    ),
    "suspended-after-signing": lambda: given(
        a_crl(
            {serial(): now() + 90 * MINUTE / 60},
            since=now() + MINUTE,
            until=now() + HOUR,
            reason=x509.ReasonFlags.certificate_hold,
        )
    ),
    "someone-else-revoked": lambda: given(
        a_crl({serial() + 1: now() - HOUR}, since=now(), until=now() + HOUR)
    ),
    "ocsp-of-the-issuer": lambda: given(ocsps=(an_ocsp(signer(), since=now(), until=now() + HOUR),)),
    "ocsp-of-a-responder": lambda: given(ocsps=(lab_authority().ocsp(signer()),)),
}


def people_url() -> str:
    return next(a.crl_urls[0] for a in trust().authorities if "people-ca" in a.name)


@pytest.mark.parametrize("make", [pytest.param(make, id=f"G11-{name}") for name, make in GOOD.items()])
def test_good_evidence_lets_the_signature_stand(make):
    """One fresh, rightly signed word is enough; revocation counts as of signing time."""
    report = judged(one_signature(), make())
    assert codes(report)["trust"] == set()
    assert report.trust.outcome is Outcome.ACCEPTED


BAD = {
    "crl": lambda: given(a_crl({serial(): now() - HOUR}, since=now(), until=now() + HOUR)),
    "invalid-before-it-was-told": lambda: given(
        a_crl({serial(): now() + MINUTE}, since=now(), until=now() + HOUR, invalid=now() - HOUR)
    ),
    "crl-though-stale": lambda: given(
        a_crl({serial(): now() - 3 * HOUR}, since=now() - 2 * HOUR, until=now() - HOUR)
    ),
    "ocsp": lambda: given(
        ocsps=(
            an_ocsp(
                signer(),
                ocsp.OCSPCertStatus.REVOKED,
                since=now(),
                until=now() + HOUR,
                revoked_at=now() - HOUR,
            ),
        )
    ),
    "crl-against-ocsp": lambda: given(
        a_crl({serial(): now() - HOUR}, since=now(), until=now() + HOUR),
        ocsps=(lab_authority().ocsp(signer()),),
    ),
    "issuer": lambda: evidence_of(
        [
            lab_authority().crl("service-ca"),
            a_crl(since=now(), until=now() + HOUR),
            a_crl(
                {pyca_certificate(lab_authority().certificate("people-ca")).serial_number: now() - HOUR},
                since=now(),
                until=now() + HOUR,
                issuer="root",
            ),
        ],
        [],
    ),
}


@pytest.mark.parametrize("make", [pytest.param(make, id=f"G11-{name}") for name, make in BAD.items()])
def test_a_certificate_revoked_before_signing_is_refused(make):
    """By list or by answer, of the signer or of its issuer; one "revoked" outweighs any "good"."""
    report = judged(one_signature(), make())
    assert codes(report)["trust"] == {"signature.certificate-revoked"}
    assert codes(report)["integrity"] == set()


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        pytest.param(x509.ReasonFlags.cessation_of_operation, Outcome.ACCEPTED, id="ceased"),
        pytest.param(x509.ReasonFlags.key_compromise, Outcome.REFUSED, id="compromised"),
        pytest.param(None, Outcome.REFUSED, id="no-reason"),
    ],
)
def test_tokens_of_a_service_whose_key_was_lost_prove_nothing(reason, outcome):
    """RFC 3161, section 4: revoked later for a harmless reason, older tokens stand; otherwise none does."""
    service = pyca_certificate(lab_authority().certificate("tsa")).serial_number
    listed = a_crl(
        {service: now() + MINUTE},
        since=now() + MINUTE,
        until=now() + HOUR,
        issuer="service-ca",
        reason=reason,
    )
    evidence = evidence_of([lab_authority().crl("root"), lab_authority().crl("people-ca"), listed], [])
    assert judged(one_signature(), evidence, at=now() + 3 * MINUTE).trust.outcome is outcome


def test_the_same_document_waits_and_then_passes():
    """Waiting is no verdict: with evidence the same bytes are accepted."""
    assert judged(one_signature(), given()).trust.outcome is Outcome.WAITING
    assert judged(one_signature(), given(lab_authority().crl("people-ca"))).trust.outcome is Outcome.ACCEPTED


def _with_part_broken(part: str) -> bytes:
    """Return the people's authority with one part of its certificate under another tag."""
    der = lab_authority().certificate("people-ca")
    at = der.index(asn1.Certificate.load(der)["tbs_certificate"][part].dump())
    return der[:at] + b"\x31" + der[at + 1 :]


@pytest.mark.parametrize("part", ["subject_public_key_info", "issuer", "subject", "validity", "extensions"])
def test_an_enclosed_certificate_that_cannot_be_read_helps_nobody_and_harms_nobody(part):
    """It was found by changing bytes of a signature's value: the judge raised where nothing needed it."""
    pdf = signed_by_hand(extra_certificates=(_with_part_broken(part),))
    assert judge(pdf).trust.outcome is Outcome.ACCEPTED
