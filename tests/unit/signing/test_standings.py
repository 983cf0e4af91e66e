"""What counts as a word on a certificate, and what it says (rule G11; RFC 5280, 5 and 6.3; RFC 6960)."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from axis.reports import Need
from signing.arrivals import Arrival, judge_ocsp
from signing.evidence import evidence_of
from signing.revocation import Book, is_fresh
from signing.standings import Status
from tests.lab.families import CERTIFIES, DAY, HOUR, NOW, UNKNOWN, key_of, member, rsa_key
from tests.lab.words import FROM, UNTIL, answer, entry, listing, moment, raw, scope

ROOT = member("Root", authority=True)
ISSUER = member("Issuer", ROOT, authority=True)
TWIN = member("Issuer", ROOT, authority=True, key=key_of("twin"))
SUBJECT = member("A", ISSUER)
SECOND = timedelta(seconds=1)
ANSWERS = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False)
UNCHECKED = (x509.OCSPNoCheck(), False)
ARCHIVE, INVALID, NONCE = "1.3.6.1.5.5.7.48.1.6", "2.5.29.24", "1.3.6.1.5.5.7.48.1.2"
NO_ZONE = b"\x18\x0e20260101000000"
EXPIRED_CERTS = x509.ObjectIdentifier("2.5.29.60")


def said(*words, of=SUBJECT, issuer=ISSUER, at=NOW):
    """Look a certificate up in these lists and answers."""
    lists = [word for word in words if _is_list(word)]
    book = Book(evidence_of(lists, [word for word in words if word not in lists]))
    return book.standing(of.certificate, issuer.certificate, at=at, urls=frozenset())


def _is_list(der):
    try:
        x509.load_der_x509_crl(der)
    except ValueError:
        return False
    return True


def responder(issuer=ISSUER, *, more=(ANSWERS, UNCHECKED), **how):
    """Return a responder of an authority."""
    return member("Responder", issuer, more=more, **how)


def reason(flag):
    return [(x509.CRLReason(flag), False)]


def by(who, **how):
    return answer(SUBJECT, ISSUER, responder=who, **how)


GOOD, NOTHING, REVOKED, HELD = Status.GOOD, Status.UNKNOWN, Status.REVOKED, Status.HELD
UNKNOWN_CRITICAL = [(UNKNOWN, True)]

LISTS = {
    "whole": (lambda: listing(ISSUER), GOOD),
    "names-the-subject": (lambda: listing(ISSUER, entry(SUBJECT)), REVOKED),
    "of-a-twin-by-name": (lambda: listing(ISSUER, key=TWIN.key), NOTHING),
    "revoked-by-a-twin": (lambda: listing(ISSUER, entry(SUBJECT), key=TWIN.key), NOTHING),
    "of-people": (lambda: listing(ISSUER, extensions=[scope(only_contains_user_certs=True)]), GOOD),
    "of-authorities": (lambda: listing(ISSUER, extensions=[scope(only_contains_ca_certs=True)]), NOTHING),
    "indirect": (lambda: listing(ISSUER, extensions=[scope(indirect_crl=True)]), NOTHING),
    "of-attributes": (
        lambda: listing(ISSUER, extensions=[scope(only_contains_attribute_certs=True)]),
        NOTHING,
    ),
    "of-some-reasons": (
        lambda: listing(
            ISSUER, extensions=[scope(only_some_reasons=frozenset({x509.ReasonFlags.superseded}))]
        ),
        NOTHING,
    ),
    "delta": (lambda: listing(ISSUER, extensions=[(x509.DeltaCRLIndicator(1), True)]), NOTHING),
    "numbered": (lambda: listing(ISSUER, extensions=[(x509.CRLNumber(1), False)]), GOOD),
    "unknown-critical": (lambda: listing(ISSUER, extensions=UNKNOWN_CRITICAL), NOTHING),
    "unknown": (lambda: listing(ISSUER, extensions=[(UNKNOWN, False)]), GOOD),
    "past-its-time": (lambda: listing(ISSUER, until=NOW - SECOND), NOTHING),
    "at-its-last-second": (lambda: listing(ISSUER, until=NOW), GOOD),
    "of-tomorrow": (lambda: listing(ISSUER, since=NOW + HOUR), NOTHING),
    "suspended": (
        lambda: listing(ISSUER, entry(SUBJECT, extensions=reason(x509.ReasonFlags.certificate_hold))),
        HELD,
    ),
    "given-back-in-a-whole-list": (
        lambda: listing(ISSUER, entry(SUBJECT, extensions=reason(x509.ReasonFlags.remove_from_crl))),
        NOTHING,
    ),
    "entry-of-another-issuer": (
        lambda: listing(
            ISSUER,
            entry(
                SUBJECT,
                extensions=[(x509.CertificateIssuer([x509.DirectoryName(ROOT.certificate.subject)]), True)],
            ),
        ),
        NOTHING,
    ),
    "entry-unknown-critical": (
        lambda: listing(ISSUER, entry(SUBJECT, extensions=UNKNOWN_CRITICAL)),
        NOTHING,
    ),
    "entry-unknown": (lambda: listing(ISSUER, entry(SUBJECT, extensions=[(UNKNOWN, False)])), REVOKED),
}


@pytest.mark.parametrize(("make", "status"), [pytest.param(*one, id=name) for name, one in LISTS.items()])
def test_a_list_says_what_the_standard_says(make, status):
    """A scope, a key, an extension or a time that is not right: the list says nothing."""
    assert said(make()).status is status


PEOPLE = {
    "unchecked": (lambda: by(responder()), GOOD),
    "revoked": (lambda: by(responder(), status=(FROM, None)), REVOKED),
    "without-the-purpose": (lambda: by(responder(more=[UNCHECKED])), NOTHING),
    "for-anything": (
        lambda: by(
            responder(
                more=[
                    UNCHECKED,
                    (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]), False),
                ]
            )
        ),
        NOTHING,
    ),
    "its-key-only-certifies": (lambda: by(responder(usage=CERTIFIES)), NOTHING),
    "nothing-said-of-its-key": (lambda: by(responder(constraints=False)), GOOD),
    "unknown-critical-extension": (
        lambda: by(responder(more=[ANSWERS, UNCHECKED, (UNKNOWN, True)])),
        NOTHING,
    ),
    "of-the-root": (lambda: by(responder(ROOT)), NOTHING),
    "of-a-twin-by-name": (lambda: by(responder(TWIN)), NOTHING),
    "a-person": (lambda: by(member("B", ISSUER)), NOTHING),
    "the-subject-itself": (lambda: by(SUBJECT), NOTHING),
    "the-root-itself": (lambda: by(ROOT), NOTHING),
    "expired-since": (lambda: by(responder(until=NOW - SECOND)), NOTHING),
    "expired-when-it-answered": (lambda: by(responder(until=FROM - SECOND)), NOTHING),
    "not-begun-when-it-answered": (lambda: by(responder(since=FROM + HOUR)), NOTHING),
    "in-its-last-second": (lambda: by(responder(until=NOW)), GOOD),
    "another-signs": (lambda: by(responder(), key=key_of("x")), NOTHING),
    "another-is-named": (lambda: by(responder(), named=ROOT), NOTHING),
    "it-is-not-enclosed": (lambda: by(responder(), enclosed=()), NOTHING),
    "the-issuer": (lambda: answer(SUBJECT, ISSUER), GOOD),
    "a-twin-of-the-issuer": (lambda: answer(SUBJECT, ISSUER, key=TWIN.key), NOTHING),
    "about-a-twins-certificate": (lambda: answer(SUBJECT, ISSUER, hashed=TWIN), NOTHING),
    "about-another-number": (lambda: answer(SUBJECT, ISSUER, serial=7), NOTHING),
    "unknown": (lambda: answer(SUBJECT, ISSUER, status="unknown"), NOTHING),
    "past-its-time": (lambda: answer(SUBJECT, ISSUER, until=NOW - SECOND), NOTHING),
    "without-end": (lambda: answer(SUBJECT, ISSUER, until=None), NOTHING),
    "of-tomorrow": (lambda: answer(SUBJECT, ISSUER, since=NOW + HOUR), NOTHING),
    "suspended": (lambda: answer(SUBJECT, ISSUER, status=(FROM, "certificate_hold")), HELD),
    "given-back": (lambda: answer(SUBJECT, ISSUER, status=(FROM, "remove_from_crl")), NOTHING),
    "nonce": (
        lambda: answer(SUBJECT, ISSUER, more=[raw(NONCE, b"\x04\x02\x01\x02", critical=True)]),
        GOOD,
    ),
    "unknown-critical": (
        lambda: answer(SUBJECT, ISSUER, more=[raw("1.3.6.1.4.1.32473.1", b"\x05\x00", critical=True)]),
        NOTHING,
    ),
    "unknown-critical-of-the-answer": (
        lambda: answer(SUBJECT, ISSUER, extensions=[raw("1.3.6.1.4.1.32473.1", b"\x05\x00", critical=True)]),
        NOTHING,
    ),
    "moment-without-a-zone": (lambda: answer(SUBJECT, ISSUER, extensions=[raw(ARCHIVE, NO_ZONE)]), NOTHING),
}


@pytest.mark.parametrize(("make", "status"), [pytest.param(*one, id=name) for name, one in PEOPLE.items()])
def test_an_answer_counts_from_whom_the_issuer_lets_answer(make, status):
    """The issuer, or whom it certified for this and who may speak now; all else says nothing."""
    assert said(make()).status is status


@pytest.mark.parametrize(("bits", "status"), [(1024, NOTHING), (2048, GOOD)])
def test_a_responder_with_a_short_key_says_nothing(bits, status):
    """Whoever can break its key answers for its authority."""
    assert said(by(responder(key=rsa_key(bits)))).status is status


HOLD = x509.ReasonFlags.certificate_hold


@pytest.mark.parametrize(
    ("more", "entries", "heard"),
    [
        pytest.param([ANSWERS], [entry], False, id="revoked"),
        pytest.param([ANSWERS], [lambda who: entry(who, extensions=reason(HOLD))], False, id="suspended"),
        pytest.param([ANSWERS], [], True, id="good"),
        pytest.param([ANSWERS, UNCHECKED], [entry], False, id="unchecked-yet-revoked"),
        pytest.param([ANSWERS, UNCHECKED], [], True, id="unchecked"),
    ],
)
def test_only_lists_vouch_for_a_responder(more, entries, heard):
    """That nobody need check it does not mean that it is heard when its authority took it back."""
    who = responder(more=more)
    found = said(listing(ISSUER, *(make(who) for make in entries)), by(who, status=(FROM, None)))
    assert found.status is (REVOKED if heard else GOOD)


def test_a_responder_for_whom_nobody_vouches_says_nothing():
    """It needs a list where its certificate does not say otherwise."""
    assert said(by(responder(more=[ANSWERS]))).status is NOTHING


def test_an_answer_about_a_revoked_certificate_outweighs_good_lists():
    """One word of revocation is enough, and then one of suspension."""
    revoked = answer(SUBJECT, ISSUER, status=(FROM, None))
    held = answer(SUBJECT, ISSUER, status=(FROM, "certificate_hold"))
    assert said(listing(ISSUER), revoked).status is REVOKED
    assert said(listing(ISSUER), held).status is HELD
    assert said(listing(ISSUER), held, revoked).status is REVOKED


def test_the_key_counts_as_lost_from_the_day_that_is_named():
    """RFC 5280, 5.3.2: in a list and in an answer alike."""
    lost = FROM - 30 * DAY
    extensions = [(x509.InvalidityDate(lost.replace(tzinfo=None)), False)]
    in_list = listing(ISSUER, entry(SUBJECT, extensions=extensions))
    in_answer = answer(SUBJECT, ISSUER, status=(FROM, None), extensions=[raw(INVALID, moment(lost))])
    assert [said(one).since for one in (in_list, in_answer)] == [lost, lost]
    assert said(in_answer).revoked_by(lost)
    assert not said(in_answer).revoked_by(lost - SECOND)


def test_whoever_may_have_forgotten_a_certificate_says_nothing_good_of_it():
    """Those that expired may be dropped, unless it is said since when they are kept."""
    old = member("Old", ISSUER, until=FROM - 10 * DAY)

    def kept(days):
        since = moment(FROM - days * DAY)
        return (
            listing(ISSUER, extensions=[(x509.UnrecognizedExtension(EXPIRED_CERTS, since), False)]),
            answer(old, ISSUER, extensions=[raw(ARCHIVE, since)]),
        )

    assert [said(one, of=old).status for one in (listing(ISSUER), answer(old, ISSUER))] == [NOTHING] * 2
    assert [said(one, of=old).status for one in kept(9)] == [NOTHING] * 2
    assert [said(one, of=old).status for one in kept(10)] == [GOOD] * 2
    assert said(answer(old, ISSUER, status=(FROM, None)), of=old).status is REVOKED


def test_revocation_told_by_old_evidence_stands_and_vouches_for_nothing():
    """What it says of the time before may have been put right since."""
    past = listing(ISSUER, entry(SUBJECT), until=NOW - SECOND)
    assert (said(past).status, said(past).stale) == (REVOKED, True)
    assert not said(past, listing(ISSUER)).stale
    assert not said(listing(ISSUER, entry(SUBJECT))).stale


def test_an_answer_is_fetched_again_when_its_responder_ends():
    """What came is kept no longer than it counts."""
    need = Need(issuer_sha256="", certificate=SUBJECT.der, issuer=ISSUER.der)
    until = NOW + HOUR
    taken = judge_ocsp(by(responder(until=until)), need, NOW)
    assert (taken.arrival, taken.next_update) == (Arrival.GOOD, until)
    assert judge_ocsp(by(responder(until=NOW - SECOND)), need, NOW).arrival is Arrival.STALE
    assert judge_ocsp(by(responder()), need, NOW).next_update == UNTIL


def test_a_moment_at_the_beginning_of_time_breaks_nothing():
    """Nothing is counted back from it."""
    oldest = listing(ISSUER, since=datetime(1950, 1, 1, tzinfo=UTC))
    assert said(oldest).status is GOOD
    assert is_fresh(datetime.min.replace(tzinfo=UTC), UNTIL, at=NOW)
    assert not is_fresh(datetime.min.replace(tzinfo=UTC), FROM, at=NOW)
