"""Signature values as tools make them: what an expert would call intact is accepted, the rest told truly."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from asn1crypto import algos, cms, core, crl, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.attacks.building import letter
from tests.good.judged import ACCEPTED, parts
from tests.good.laying import PLAIN, lay
from tests.good.signers import (
    Holder,
    by_hand,
    by_pyhanko,
    ess_v1,
    ess_v2,
    holder,
    indefinite,
    pkcs1,
    plainly,
    pss,
    pss_algorithm,
    signing_time,
)
from tests.lab.authority import lab_authority
from tests.lab.pdfs import sign_by_hand
from tests.lab.services import a_document_token

PKCS7 = {"subfilter": "adbe.pkcs7.detached"}
WEAK = "signature.algorithm-weak"


def with_pss(digest: str, salt: int, mask: str | None = None, *, written: int | None = None) -> Any:
    algorithm = pss_algorithm(digest, salt if written is None else written, mask)
    return by_hand("rsa", digest, algorithm=algorithm, raw=pss(digest, salt, mask))


def numbered(serial: int) -> Holder:
    """A certificate whose number is written as some old authorities did."""
    certificate = holder().name.copy()
    certificate["tbs_certificate"]["serial_number"] = serial
    return Holder(holder().key, certificate.dump(force=True))


def a_list() -> crl.CertificateList:
    return crl.CertificateList.load(lab_authority().crl("root"))


def named_by(oid: str) -> Any:
    """Name a signature's algorithm by an identifier that asn1crypto has no name for."""
    algorithm = algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"})
    algorithm["algorithm"] = algos.SignedDigestAlgorithmId(oid)
    return algorithm


def bare_numbers(kind: str, oid: str = "0.4.0.127.0.7.1.1.4.1.3", *, cut: int = 0, over: bytes = b"") -> Any:
    """Sign as BSI TR-03111 says: two numbers, one after the other."""

    def raw(key: Any, text: bytes) -> bytes:
        size = (key.curve.key_size + 7) // 8
        numbers = decode_dss_signature(key.sign(text + over, ec.ECDSA(hashes.SHA256())))
        return b"".join(number.to_bytes(size, "big") for number in numbers)[cut:]

    return by_hand(kind, algorithm=named_by(oid), raw=raw)


def without_null(fill: bytes = b"\xff", behind: bytes = b"", digest: bytes = b"") -> Any:
    """Sign with RSA over a digest whose algorithm leaves NULL out; or hide something in the padding."""

    def raw(key: Any, text: bytes) -> bytes:
        numbers = key.private_numbers()
        size = (key.key_size + 7) // 8
        head = bytes.fromhex("302f300b06096086480165030402010420")
        info = head + hashlib.sha256(text + digest).digest()
        padded = b"\0\1" + b"\xff" * 8 + fill * (size - len(info) - len(behind) - 11) + b"\0" + info + behind
        return pow(int.from_bytes(padded, "big"), numbers.d, numbers.public_numbers.n).to_bytes(size, "big")

    return by_hand("rsa", raw=raw)


def out_of_order(covered: bytes) -> bytes:
    """Lay the signed attributes down in another order than DER's, over which the signature stands."""
    value = by_hand()(covered)
    attributes = cms.ContentInfo.load(value)["content"]["signer_infos"][0]["signed_attrs"]
    parts = [attribute.dump() for attribute in attributes]
    assert parts == sorted(parts)
    assert value.count(b"".join(parts)) == 1
    return value.replace(b"".join(parts), b"".join(parts[::-1]))


def of_a_length(covered: bytes) -> bytes:
    """Sign with Ed448, its digest named with its length."""
    value = cms.ContentInfo.load(by_hand("ed448", "sha512")(covered))
    signer = value["content"]["signer_infos"][0]
    signer["digest_algorithm"] = {"algorithm": "shake256_len", "parameters": core.Integer(512)}
    attributes = signer["signed_attrs"]
    for attribute in attributes:
        if attribute["type"].native == "message_digest":
            attribute["values"] = [hashlib.shake_256(covered).digest(64)]
    signer["signature"] = holder("ed448").key.sign(attributes.untag().dump(force=True))
    return value.dump(force=True)


def by_unknown_digest(covered: bytes) -> bytes:
    """Name the algorithm of a signature where that of the digest is asked for, as some tools do."""
    value = cms.ContentInfo.load(by_hand("rsa")(covered))
    algorithm = value["content"]["signer_infos"][0]["digest_algorithm"]
    algorithm["algorithm"] = algos.DigestAlgorithmId("1.2.840.113549.1.1.11")
    return value.dump(force=True)


GOOD = {
    "ed448-of-a-length": of_a_length,
    "bare-numbers-p256": bare_numbers("p256"),
    "bare-numbers-brainpool": bare_numbers("brainpool"),
    "ecdsa-by-its-key": by_hand(algorithm=named_by("1.2.840.10045.2.1")),
    "rsa-without-null": without_null(),
    "attributes-out-of-order": out_of_order,
    "certificate-named-twice-alike": by_hand(attributes=lambda der: [ess_v2(der), ess_v2(der)]),
    "certificate-named-twice-by-sha-1": by_hand(attributes=lambda der: [ess_v1(der), ess_v1(der)]),
    **{f"pades-{kind}": by_pyhanko(kind) for kind in ("rsa", "rsa-3072", "rsa-e3", "p256", "p384", "p521")},
    **{f"pkcs7-{kind}": (by_pyhanko(kind, pades=False), PKCS7) for kind in ("rsa", "p256", "p384", "p521")},
    "brainpool": by_pyhanko("brainpool"),
    "ed25519": by_pyhanko("ed25519", "sha512"),
    **{f"rsa-{digest}": by_hand("rsa", digest) for digest in ("sha384", "sha512")},
    **{f"ecdsa-{digest}": by_hand("p384", digest) for digest in ("sha384", "sha512", "sha3_256")},
    "pss-by-pyhanko": by_pyhanko("rsa", pss=True),
    "pss-by-pyhanko-512": by_pyhanko("rsa", "sha512", pss=True),
    "pss-salt-20": with_pss("sha256", 20),
    "pss-no-salt": with_pss("sha256", 0),
    "pss-longest-salt": with_pss("sha256", 222),
    "pss-mask-512": with_pss("sha256", 32, "sha512"),
    "pss-512-mask-256": with_pss("sha512", 64, "sha256"),
    "rsa-without-digest": by_hand(
        "rsa", algorithm=algos.SignedDigestAlgorithm({"algorithm": "rsassa_pkcs1v15"})
    ),
    "certificate-named-by-sha-1": by_hand(attributes=lambda der: [ess_v1(der)]),
    "certificate-named-twice": by_hand(attributes=lambda der: [ess_v1(der), ess_v2(der)]),
    "certificate-named-by-sha-512": by_hand(attributes=lambda der: [ess_v2(der, digest="sha512")]),
    "certificate-named-by-sha-1-in-version-2": by_hand(attributes=lambda der: [ess_v2(der, digest="sha1")]),
    "certificate-named-with-its-number": by_hand(attributes=lambda der: [ess_v2(der, serial=True)]),
    "time-claimed": by_hand(attributes=lambda der: [ess_v2(der), signing_time()]),
    "signer-by-key": by_hand(key_identifier=True),
    "certificates-in-another-order": by_hand(
        others=lambda: [holder("p384").name, holder("rsa").name], first=False
    ),
    "certificate-twice": by_hand(others=lambda: [holder().name]),
    "lists-inside": by_hand(crls=lambda: [a_list()]),
    "indefinite-lengths": lambda covered: indefinite(by_hand()(covered)),
    "negative-number": by_hand(who=lambda: numbered(-5)),
    "number-zero": by_hand(who=lambda: numbered(0)),
    "certificate-that-ended": by_hand(who=lambda: holder(ended=True)),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_value_that_an_expert_calls_intact_is_accepted(name):
    """Integrity and content are accepted; whose certificate it is, and whether it holds, is for trust."""
    make, how = GOOD[name] if isinstance(GOOD[name], tuple) else (GOOD[name], {})
    assert parts(sign_by_hand(letter(), make, **how)) == ACCEPTED


@pytest.mark.parametrize("how", [{}, PKCS7], ids=["cades", "pkcs7"])
@pytest.mark.parametrize("claimed", [False, True])
def test_without_a_name_for_the_certificate_the_bytes_still_stand(how, claimed):
    """Older tools leave the attribute out (decision 24): integrity and content are accepted, trust is not."""
    make = by_hand(attributes=lambda _: [signing_time()] if claimed else [])
    assert parts(sign_by_hand(letter(), make, **how)) == (set(), set(), {"signature.certificate-unbound"})


def over_sha3(name: str, oid: str) -> Callable[[bytes], bytes]:
    """Return what signs with RSA over SHA-3, whose identifiers asn1crypto has no names for."""
    algorithm = algos.SignedDigestAlgorithm({"algorithm": "sha256_rsa"})
    algorithm["algorithm"] = algos.SignedDigestAlgorithmId(oid)
    return by_hand("rsa", name, algorithm=algorithm)


SHA3 = {"sha3_256": "14", "sha3_384": "15", "sha3_512": "16"}


@pytest.mark.parametrize("name", SHA3)
def test_rsa_over_sha_3_counts(name):
    """DSS signs so when it is asked to."""
    make = over_sha3(name, f"2.16.840.1.101.3.4.3.{SHA3[name]}")
    assert parts(sign_by_hand(letter(), make)) == ACCEPTED


def test_rsa_over_another_sha_3_than_the_digest_is_weak():
    """One digest for content and signature, as everywhere."""
    make = over_sha3("sha3_512", f"2.16.840.1.101.3.4.3.{SHA3['sha3_256']}")
    assert WEAK in parts(sign_by_hand(letter(), make))[0]


def test_rsa_over_sha_3_of_other_bytes_does_not_verify():
    """It is verified, not only recognised."""
    make = over_sha3("sha3_256", f"2.16.840.1.101.3.4.3.{SHA3['sha3_256']}")
    integrity, _, _ = parts(sign_by_hand(letter(), lambda covered: make(covered + b"x")))
    assert integrity == {"signature.digest-mismatch"}


@pytest.mark.parametrize("how", [{}, PKCS7], ids=["cades", "pkcs7"])
@pytest.mark.parametrize("kind", ["rsa", "p256"])
def test_without_signed_attributes_the_bytes_still_stand(how, kind):
    """The signature stands over the bytes themselves: integrity says so, trust has nobody to rely on."""
    pdf = sign_by_hand(letter(), lambda covered: without_attributes(covered, kind), **how)
    assert parts(pdf) == (set(), set(), {"signature.certificate-unbound"})


def test_without_signed_attributes_altered_bytes_do_not_stand():
    """One bit of what is covered, and nothing verifies any more."""
    pdf = sign_by_hand(letter(), lambda covered: without_attributes(covered[:-1] + b"x"), **PKCS7)
    assert parts(pdf)[0] == {"signature.digest-mismatch", "signature.crypto-failure"}


def test_a_time_stamp_without_signed_attributes_is_none():
    """RFC 3161 asks for them; what they name is the service."""

    def bare_token(covered: bytes) -> bytes:
        value = cms.ContentInfo.load(a_document_token(covered))
        del value["content"]["signer_infos"][0]["signed_attrs"]
        return value.dump(force=True)

    pdf = lay(letter(), bare_token, text=PLAIN.replace(b"ETSI.CAdES.detached", b"ETSI.RFC3161"))
    assert parts(pdf)[0] == {"signature.timestamp-invalid"}


def bare(covered: bytes) -> bytes:
    return core.OctetString(pkcs1("sha1")(holder("rsa").key, covered)).dump()


def without_attributes(covered: bytes, kind: str = "rsa") -> bytes:
    value = cms.ContentInfo.load(by_hand(kind)(covered))
    signer = value["content"]["signer_infos"][0]
    signer["signed_attrs"] = cms.CMSAttributes([])
    del signer["signed_attrs"]
    signer["signature"] = plainly("sha256")(holder(kind).key, covered)
    return value.dump(force=True)


FAILS = "signature.crypto-failure"
REFUSED = {
    "bare-numbers-cut": (bare_numbers("p256", cut=1), {}, FAILS),
    "bare-numbers-over-other-bytes": (bare_numbers("p256", over=b"x"), {}, FAILS),
    "bare-numbers-of-another-digest": (
        bare_numbers("p256", "0.4.0.127.0.7.1.1.4.1.5"), {}, {WEAK, FAILS},
    ),
    "ecdsa-by-its-key-over-rsa": (
        by_hand("rsa", algorithm=named_by("1.2.840.10045.2.1")), {}, "signature.cms-structure",
    ),
    "rsa-without-null-over-other-bytes": (without_null(digest=b"x"), {}, FAILS),
    "rsa-without-null-and-more-behind": (without_null(behind=b"x"), {}, FAILS),
    "rsa-without-null-and-other-padding": (without_null(fill=b"\xfe"), {}, FAILS),
    "digest-that-is-none": (by_unknown_digest, {}, WEAK),
    "algorithm-that-nobody-knows": (by_hand(algorithm=named_by("1.2.3.4")), {}, WEAK),
    "another-certificate-named-beside": (
        by_hand(attributes=lambda der: [ess_v2(der), ess_v2(holder("p384").certificate)]), {},
        "signature.cms-structure",
    ),
    "sha-1-inside": (by_hand(enclosed=True), {"subfilter": "adbe.pkcs7.sha1"}, "signature.subfilter"),
    "bare-rsa": (
        bare,
        {"subfilter": "adbe.x509.rsa_sha1", "entries": "/Cert <3000>"},
        "signature.subfilter",
    ),
    "digest-enclosed": (by_hand(enclosed=True), PKCS7, "signature.cms-structure"),
    "sha-224": (by_hand("p384", "sha224"), {}, WEAK),
    "sha-1": (by_hand("rsa", "sha1"), {}, WEAK),
    "pss-mask-sha-1": (with_pss("sha256", 32, "sha1"), {}, WEAK),
    "pss-another-salt": (with_pss("sha256", 32, written=20), {}, "signature.crypto-failure"),
    "ed25519-over-sha-256": (by_hand("ed25519", "sha256"), {}, WEAK),
    "certificate-named-by-md5": (
        by_hand(attributes=lambda der: [ess_v2(der, digest="md5")]), {}, "signature.cms-structure",
    ),
    "another-certificate-named": (
        by_hand(attributes=lambda _: [ess_v2(holder("p384").certificate, digest="sha1")]), {},
        "signature.cms-structure",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_value_that_does_not_count_is_refused_for_its_reason(name):
    """Each has the one true reason under integrity, and content is not blamed."""
    make, how, code = REFUSED[name]
    integrity, content, _ = parts(sign_by_hand(letter(), make, **how))
    assert (integrity, content) == (code if isinstance(code, set) else {code}, set())


def test_the_lab_wrote_what_it_says():
    """The kinds are what their names claim: a lenient maker would make the tests above say nothing."""
    value = cms.ContentInfo.load(with_pss("sha256", 20)(b"x"))["content"]["signer_infos"][0]
    assert value["signature_algorithm"]["parameters"]["salt_length"].native == 20
    assert indefinite(by_hand()(b"x"))[1] == 0x80
    assert x509.Certificate.load(numbered(-5).certificate).serial_number == -5
