"""Ways from a certificate to an authority of the list (rules G6, G10; RFC 5280, 6)."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose

from signing.chain import Pool
from signing.distrust import Distrust
from signing.paths import Chain
from signing.signed import interned
from signing.trust import Allowed, TrustRole
from signing.usages import Usage
from tests.lab.families import (
    DAY,
    NOW,
    SIGNS,
    UNKNOWN,
    key_of,
    listed,
    member,
    name_of,
    rsa_key,
    signed_weakly,
    trusting,
)

ROOT = member("Root", authority=True)
OTHER = member("Other root", authority=True)
MIDDLE = member("Middle", ROOT, authority=True)
LEAF = member("A", MIDDLE)
LIST = trusting(listed(ROOT, anchor=True))
MICROSECOND = timedelta(microseconds=1)


def found(leaf, *brought, trust=LIST, usage=Usage.SIGN, at=NOW):
    """Look for a way, with what a document brought along."""
    return Pool(trust, [interned(one.der) for one in brought]).find(interned(leaf.der), usage, at)


def told(chain):
    """Return why there is no way, in our words and those of ETSI; of a way, what it is good for."""
    return (chain.code.value, chain.subindication) if isinstance(chain, Distrust) else chain.roles


def below(*, leaf=None, **how):
    """Return a leaf under an authority made so, and that authority."""
    middle = member("Middle", ROOT, **{"authority": True, **how})
    return member("A", middle, **(leaf or {})), middle


def under_a_sub_authority(**how):
    first = member("Middle", ROOT, authority=True, **how)
    second = member("Below", first, authority=True)
    return member("A", second), first, second


def names(*, permitted=None, excluded=None):
    def trees(name):
        return None if name is None else [x509.DirectoryName(name_of(name))]

    return [(x509.NameConstraints(trees(permitted), trees(excluded)), True)]


def for_purposes(*purposes):
    return below(leaf={"more": [(x509.ExtendedKeyUsage(purposes), False)]})


BOTH = ("person", "seal")
BROKEN = ("signature.chain-untrusted", "CERTIFICATE_CHAIN_GENERAL_FAILURE")
NONE = ("signature.chain-untrusted", "NO_CERTIFICATE_CHAIN_FOUND")
WEAK = ("signature.algorithm-weak", "CRYPTO_CONSTRAINTS_FAILURE")
USAGE = ("signature.key-usage", "CHAIN_CONSTRAINTS_FAILURE")

SHAPES = {
    "plain": (below, BOTH),
    "unknown-extension": (lambda: below(more=[(UNKNOWN, False)]), BOTH),
    "unknown-critical-extension": (lambda: below(more=[(UNKNOWN, True)]), BROKEN),
    "unknown-critical-extension-of-the-signer": (lambda: below(leaf={"more": [(UNKNOWN, True)]}), BROKEN),
    "path-long-enough": (lambda: under_a_sub_authority(path_length=1), BOTH),
    "path-too-long": (lambda: under_a_sub_authority(path_length=0), BROKEN),
    "name-not-permitted": (lambda: below(more=names(permitted="B")), BROKEN),
    "name-permitted": (lambda: below(more=names(permitted="A")), BOTH),
    "name-excluded": (lambda: below(more=names(excluded="A")), BROKEN),
    "other-name-excluded": (lambda: below(more=names(excluded="B")), BOTH),
    "policy-asked-for": (lambda: below(more=[(x509.PolicyConstraints(0, None), True)]), BROKEN),
    "authority-may-not-certify": (lambda: below(usage=SIGNS), BROKEN),
    "a-signer-certifies": (lambda: below(authority=False), NONE),
    "nothing-said-of-an-authority": (lambda: below(constraints=False), NONE),
    "authority-had-expired": (
        lambda: below(until=NOW - DAY),
        ("signature.certificate-not-in-force", "OUT_OF_BOUNDS_NO_POE"),
    ),
    "authority-not-begun": (
        lambda: below(since=NOW + DAY),
        ("signature.certificate-not-in-force", "NOT_YET_VALID"),
    ),
    "authority-of-the-name-with-another-key": (lambda: (below(key=key_of("x"))[0], MIDDLE), BROKEN),
    "its-own-issuer": (lambda: (member("A"),) * 2, NONE),
    "its-own-issuer-with-the-roots-name": (lambda: (member("Root", key=key_of("x")),) * 2, BROKEN),
    "of-the-roots-name-and-key": (
        lambda: (member("Root"),),
        ("signature.chain-untrusted", "CHAIN_CONSTRAINTS_FAILURE"),
    ),
    "short-key": (lambda: below(leaf={"key": rsa_key(1024)}), WEAK),
    "authority-with-a-short-key": (lambda: below(key=rsa_key(1024)), WEAK),
    "signed-by-sha-1": (lambda: (signed_weakly(LEAF, MIDDLE, hashes.SHA1()), MIDDLE), WEAK),
    "signed-by-sha-224": (lambda: (signed_weakly(LEAF, MIDDLE, hashes.SHA224()), MIDDLE), WEAK),
    "signed-by-sha-384": (lambda: (signed_weakly(LEAF, MIDDLE, hashes.SHA384()), MIDDLE), BOTH),
    "authority-signed-by-sha-1": (lambda: (LEAF, signed_weakly(MIDDLE, ROOT, hashes.SHA1())), WEAK),
    "authority-signed-by-sha-224": (lambda: (LEAF, signed_weakly(MIDDLE, ROOT, hashes.SHA224())), WEAK),
    "nothing-said-of-the-key": (lambda: below(leaf={"constraints": False}), USAGE),
    "an-authority-signs": (lambda: (MIDDLE,), USAGE),
    "for-logging-in": (lambda: for_purposes(Purpose.CLIENT_AUTH), BOTH),
    "for-mail-and-a-server": (lambda: for_purposes(Purpose.EMAIL_PROTECTION, Purpose.SERVER_AUTH), BOTH),
    "a-server": (lambda: for_purposes(Purpose.SERVER_AUTH), USAGE),
    "a-server-that-logs-in": (lambda: for_purposes(Purpose.SERVER_AUTH, Purpose.CLIENT_AUTH), USAGE),
}


@pytest.mark.parametrize(("make", "expected"), [pytest.param(*one, id=name) for name, one in SHAPES.items()])
def test_a_way_is_one_only_as_the_standard_says(make, expected):
    """Bounds, extensions and uses that an authority sets hold for all below it."""
    assert told(found(*make())) == expected


def test_an_anchor_is_trusted_as_long_as_the_list_says():
    """RFC 5280, 6.1.1 d: the span of its own certificate does not count, that of the list does."""
    old = member("Old root", authority=True, until=NOW - DAY)
    assert told(found(member("A", old), trust=trusting(listed(old, anchor=True)))) == BOTH
    ended = trusting(listed(old, anchor=True, valid_until=NOW))
    assert told(found(member("A", old), trust=ended)) == (
        "trust.authority-not-in-force",
        "CHAIN_CONSTRAINTS_FAILURE",
    )


@pytest.mark.parametrize(
    ("digest", "key", "bits", "refused"),
    [("sha256", "ec", 256, None), ("sha256", "rsa", 2048, rsa_key(2048))],
    ids=["digest", "key"],
)
def test_an_algorithm_ends_at_its_very_moment(digest, key, bits, refused):
    """G7: the last instant before the sunset counts, the sunset itself does not."""
    leaf = member("A", ROOT, key=refused)
    rules = (Allowed(name=digest, until=NOW if refused is None else None), Allowed(name="ec"))
    if refused is not None:
        rules = (*rules, Allowed(name=key, bits=bits, until=NOW))
    trust = trusting(listed(ROOT, anchor=True, algorithms=rules))
    assert told(found(leaf, trust=trust, at=NOW - MICROSECOND)) == BOTH
    assert told(found(leaf, trust=trust, at=NOW)) == WEAK


def test_two_authorities_of_one_name_are_told_apart_by_their_keys():
    """Each vouches for its own and with its own role, whichever stands first."""
    twin = member("Middle", ROOT, authority=True, key=key_of("twin"))
    entries = [listed(MIDDLE, TrustRole.PERSON), listed(twin, TrustRole.SEAL)]
    for order in (entries, entries[::-1]):
        trust = trusting(listed(ROOT, anchor=True), *order)
        assert told(found(LEAF, trust=trust)) == ("person",)
        assert told(found(member("A", twin), trust=trust)) == ("seal",)


def crossed():
    """Return one authority certified by two roots."""
    return member("Middle", ROOT, authority=True), member("Middle", OTHER, authority=True)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("one", "other", "roles"),
    [
        ((TrustRole.PERSON,), (TrustRole.SERVICE,), ("person",)),
        ((TrustRole.SERVICE,), (TrustRole.SEAL,), ("seal",)),
        ((TrustRole.PERSON,), (TrustRole.PERSON, TrustRole.SEAL), ("person", "seal")),
    ],
)
def test_of_two_ways_it_is_not_the_sender_who_chooses(one, other, roles, turned):
    """Authorities certify one another: in which order a document brings them along makes no difference."""
    first, second = crossed()
    entries = [listed(ROOT, *one, anchor=True), listed(OTHER, *other, anchor=True)]
    trust = trusting(*(entries[::-1] if turned else entries))
    leaf = member("A", first)
    assert told(found(leaf, first, second, trust=trust)) == roles
    assert told(found(leaf, second, first, trust=trust)) == roles


def test_what_another_document_brought_along_changes_nothing():
    """A way found for one document is not used for one that does not know it."""
    first, second = crossed()
    trust = trusting(
        listed(ROOT, TrustRole.PERSON, anchor=True),
        listed(OTHER, TrustRole.PERSON, TrustRole.SEAL, anchor=True),
    )
    leaf = member("A", first)
    assert told(found(leaf, first, second, trust=trust)) == ("person", "seal")
    assert told(found(leaf, first, trust=trust)) == ("person",)
    assert told(found(leaf, trust=trust)) == NONE


def test_a_way_that_is_closed_for_now_hides_no_other():
    """Kept or looked for anew, a moment has the same answer."""
    ended, second = member("Middle", ROOT, authority=True, until=NOW), member("Middle", OTHER, authority=True)
    trust = trusting(
        listed(ROOT, TrustRole.PERSON, TrustRole.SEAL, anchor=True),
        listed(OTHER, TrustRole.PERSON, anchor=True),
    )
    leaf = member("A", second)

    def roles(at):
        return told(found(leaf, ended, second, trust=trust, at=at))

    assert [roles(NOW + DAY), roles(NOW - DAY), roles(NOW + DAY)] == [("person",), BOTH, ("person",)]
    assert [roles(NOW), roles(NOW + MICROSECOND)] == [BOTH, ("person",)]


def test_beside_a_way_that_is_closed_the_other_is_found_once():
    """Authorities are renewed under one key: the old certificate comes along with each document."""
    old, new = member("Middle", ROOT, authority=True, until=NOW), MIDDLE
    first, second = found(LEAF, old, new, at=NOW + DAY), found(LEAF, old, new, at=NOW + 2 * DAY)
    assert isinstance(first, Chain)
    assert first is second


def test_a_way_found_before_is_the_same_object():
    """The next document of the same signer finds it ready."""
    first, second = found(LEAF, MIDDLE), found(LEAF, MIDDLE, at=NOW + DAY)
    assert isinstance(first, Chain)
    assert first is second


def test_ways_without_end_are_not_all_walked():
    """Many authorities under one name: the search ends, and without a way nothing is trusted."""
    twins = [member("Middle", ROOT, authority=True, key=key_of(f"twin {n}")) for n in range(20)]
    assert told(found(LEAF, *twins)) == BROKEN
    assert told(found(LEAF, *twins, trust=trusting(listed(ROOT, anchor=True), listed(MIDDLE)))) == BOTH
