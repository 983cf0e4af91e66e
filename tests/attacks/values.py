"""Confusion inside the CMS: who signed, what was signed, when, and how strongly."""

from collections.abc import Callable
from typing import Any, Final

from asn1crypto import cms
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from axis.sandbox.identity import Part
from tests.attacks.building import FORGED, ORDERED, Attack, gap_of, letter, one, shows
from tests.attacks.showing import (
    accepted_by_pyhanko,
    another_picture,
    intact_by_pyhanko,
    valid_by_pyhanko,
    verified_by_pyhanko,
)
from tests.attacks.signers import (
    altered,
    by_namesake,
    by_rsa,
    no_attributes,
    plain_rsa,
    pss,
    signed,
    signer_of,
)
from tests.attacks.spans import STAMP as STAMP_ENTRIES
from tests.attacks.spans import sign_spans, whole
from tests.lab.authority import lab_authority
from tests.lab.pdfs import RESERVED, SignBytes, a_cms, other_authority, person, seal, sign_by_hand
from tests.lab.services import a_document_token, a_token

CMS: Final = "signature.cms-structure"
WEAK: Final = "signature.algorithm-weak"
STAMP: Final = "signature.timestamp-invalid"
NO_STAMP: Final = "signature.timestamp-missing"
UNTRUSTED: Final = "signature.chain-untrusted"

# --- time-stamps ---------------------------------------------------------------------------


def _token_of(pdf: bytes) -> Any:
    start, end = gap_of(pdf)
    info = cms.ContentInfo.load(bytes.fromhex(pdf[start + 1 : end - 1].decode()))
    return signer_of(info["content"])["unsigned_attrs"][0]["values"][0]


def by_stranger_token(over: bytes) -> Any:
    """Return a time-stamp of a service nobody trusts."""
    return a_token(over, authority=other_authority())


def token_swapped() -> bytes:
    """Give a signature the time-stamp of another one, older and genuine."""
    return sign_by_hand(letter(), a_cms(token=lambda _: _token_of(one())))


def second_token_bad(covered: bytes) -> bytes:
    """Enclose a second time-stamp over other bytes."""

    def change(value: Any) -> None:
        unsigned = signer_of(value)["unsigned_attrs"]
        unsigned[0]["values"].append(a_token(b"other bytes"))

    return altered(change)(covered)


# --- the list ---------------------------------------------------------------------------------


def persons_value() -> Any:
    """Return the CMS that the person made for the true letter."""
    start, end = gap_of(one())
    return cms.ContentInfo.load(bytes.fromhex(one()[start + 1 : end - 1].decode()))


def beside_the_person(value: Any) -> None:
    """Put the person's genuine SignerInfo, made for another letter, beside one's own."""
    genuine = persons_value()["content"]
    value["signer_infos"] = [genuine["signer_infos"][0], signer_of(value)]
    value["certificates"] = [
        *(choice.chosen for choice in genuine["certificates"]),
        *(choice.chosen for choice in value["certificates"]),
    ]


def another_key(value: Any) -> None:
    """Sign with a key of one's own what names the person's certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    signer = signer_of(value)
    raw = key.sign(signer["signed_attrs"].untag().dump(), ec.ECDSA(hashes.SHA256()))
    signer["signature"] = raw
    signer["unsigned_attrs"][0]["values"] = [a_token(raw)]


def forged(make: SignBytes, **how: Any) -> Callable[[], bytes]:
    """Return what puts a value into a letter with another amount."""
    return signed(make, letter(n4=shows(FORGED)), **how)


def stamped(make: SignBytes) -> Callable[[], bytes]:
    """Return what adds a document time-stamp made by something else."""
    return lambda: sign_spans(one(), whole, make=make, name=b"Stamp", head=STAMP_ENTRIES)


def _transplanted() -> bytes:
    """Put the person's genuine value into another letter."""
    start, end = gap_of(one())
    forged = sign_by_hand(letter().replace(ORDERED, FORGED), a_cms(token=a_token))
    at, _ = gap_of(forged)
    return forged[:at] + one()[start:end] + forged[at + end - start :]


_ONE: Final = (accepted_by_pyhanko,)

ATTACKS: Final = (
    Attack("cms-digest-of-other-bytes", lambda: one().replace(ORDERED, FORGED, 1), "signature.digest-mismatch", one, (another_picture, valid_by_pyhanko)),
    Attack("cms-value-over-another-letter", _transplanted, "signature.digest-mismatch", one, (another_picture, valid_by_pyhanko)),
    Attack("cms-another-key", forged(altered(another_key)), "signature.crypto-failure", one),
    Attack("cms-two-signers", forged(altered(beside_the_person, identity=seal()), reserved=2 * RESERVED), CMS, one),
    Attack("cms-no-attributes", signed(no_attributes), "signature.certificate-unbound", one, _ONE, part="trust"),
    Attack("cms-no-ess", signed(a_cms(leave_out=("signing_certificate_v2",), token=a_token)), "signature.certificate-unbound", one, _ONE, part="trust"),
    Attack("cms-ess-of-another", forged(by_namesake(both=False, ess_of=lab_authority().certificate(person().label))), CMS, one),
    Attack("cms-no-message-digest", forged(a_cms(leave_out=("message_digest",), token=a_token)), CMS, one),
    Attack("cms-no-content-type", forged(a_cms(leave_out=("content_type",), token=a_token)), CMS, one),
    Attack("cms-enclosed-content", forged(a_cms(content=b"other", token=a_token)), CMS, one),
    Attack("cms-attribute-twice", forged(a_cms(attributes=[("message_digest", b"0" * 32)], token=a_token)), CMS, one),
    Attack("cms-sha1", signed(a_cms(digest="sha1", token=a_token)), WEAK, one, (verified_by_pyhanko,)),
    Attack("cms-md5-message", signed(by_rsa(plain_rsa("sha256"), digest="md5")), WEAK, one, (verified_by_pyhanko,)),
    Attack("cms-sha1-message", signed(by_rsa(plain_rsa("sha256"), digest="sha1")), WEAK, one, (verified_by_pyhanko,)),
    Attack("cms-sha1-signature", signed(by_rsa(plain_rsa("sha1"))), WEAK, one, (verified_by_pyhanko,)),
    Attack("cms-pss-other-digest", signed(by_rsa(pss("sha384", "sha384"))), WEAK, one, (verified_by_pyhanko,)),
    Attack("cms-pss-mask-sha1", signed(by_rsa(pss("sha256", "sha1"))), WEAK, one, (verified_by_pyhanko,)),
    Attack("cms-rsa-1024", signed(a_cms(person(Part.WEAK), token=a_token)), WEAK, one, (verified_by_pyhanko,)),
    Attack("cms-namesake", signed(by_namesake(both=False)), UNTRUSTED, one, (verified_by_pyhanko,), part="trust"),
    Attack("cms-namesake-beside-the-real-one", forged(by_namesake(both=True)), CMS, one),
    Attack("cms-time-stamp-of-another", token_swapped, STAMP, one, (intact_by_pyhanko,)),
    Attack("cms-time-stamp-over-other-bytes", signed(a_cms(token=lambda value: a_token(value + b"x"))), STAMP, one, (intact_by_pyhanko,)),
    Attack("cms-second-time-stamp-bad", signed(second_token_bad), STAMP, one, _ONE),
    Attack("cms-time-stamp-sha1", signed(a_cms(token=lambda value: a_token(value, digest="sha1"))), STAMP, one, _ONE),
    Attack("cms-time-stamp-of-a-stranger", signed(a_cms(token=by_stranger_token)), UNTRUSTED, one, (intact_by_pyhanko,), part="trust"),
    Attack("cms-time-stamp-missing", signed(a_cms()), NO_STAMP, one, _ONE, part="trust"),
    Attack("cms-document-stamp-over-other-bytes", stamped(lambda covered: a_document_token(covered + b"x")), STAMP, one, (valid_by_pyhanko,)),
    Attack("cms-encryption-key", signed(a_cms(person(Part.WRONG_USAGE), token=a_token)), "signature.key-usage", one, (verified_by_pyhanko,), part="trust"),
    Attack("cms-impostor", signed(a_cms(person(Part.IMPOSTOR), token=a_token)), UNTRUSTED, one, (verified_by_pyhanko,), part="trust"),
    Attack("cms-revoked", signed(a_cms(person(Part.REVOKED), token=a_token)), "signature.certificate-revoked", one, _ONE, part="trust"),
    Attack("cms-expired", signed(a_cms(person(Part.EXPIRED), token=a_token)), "signature.certificate-not-in-force", one, (verified_by_pyhanko,), part="trust"),
)  # fmt: skip
