"""Whose certificate a signature names in its own signed part (rule G7; RFC 5035)."""

import hashlib

import pytest
from asn1crypto import tsp, x509

from tests.lab.authority import lab_authority
from tests.lab.pdfs import codes, judge, person, seal, signed_by_hand


def named(label: str) -> x509.Certificate:
    return x509.Certificate.load(lab_authority().certificate(label))


def mine() -> x509.Certificate:
    return named(person().label)


def another() -> x509.Certificate:
    return named(seal().label)


def v2(of: x509.Certificate, *, digest: str = "sha256", issuer: x509.Name = None, serial: int = 0):
    """Name a certificate by its digest, and by its issuer's name and its number if these are given."""
    one = {
        "hash_algorithm": {"algorithm": digest},
        "cert_hash": hashlib.new(digest, of.dump()).digest(),
    }
    if issuer is not None:
        names = [x509.GeneralName("directory_name", issuer)]
        one["issuer_serial"] = {"issuer": names, "serial_number": serial}
    return "signing_certificate_v2", tsp.SigningCertificateV2({"certs": [one]})


def v1(of: x509.Certificate):
    digest = hashlib.sha1(of.dump()).digest()
    return "signing_certificate", tsp.SigningCertificate({"certs": [{"cert_hash": digest}]})


GOOD = {
    "digest": lambda: [v2(mine())],
    "digest-issuer-and-number": lambda: [v2(mine(), issuer=mine().issuer, serial=mine().serial_number)],
    "version-1": lambda: [v1(mine())],
    "both": lambda: [v2(mine()), v1(mine())],
}
BAD = {
    "another": lambda: [v2(another())],
    "another-number": lambda: [v2(mine(), issuer=mine().issuer, serial=7)],
    "another-issuer": lambda: [v2(mine(), issuer=another().subject, serial=mine().serial_number)],
    "another-in-version-1": lambda: [v1(another())],
    "another-beside": lambda: [v2(mine()), v1(another())],
    "by-md5": lambda: [v2(mine(), digest="md5")],
    "nobody": lambda: [("signing_certificate_v2", tsp.SigningCertificateV2({"certs": []}))],
}


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        *(pytest.param(make, set(), id=name) for name, make in GOOD.items()),
        *(pytest.param(make, {"signature.cms-structure"}, id=name) for name, make in BAD.items()),
    ],
)
def test_what_is_signed_names_the_signers_certificate(make, expected):
    """By every word there is: one that names another refuses, whatever the others say."""
    assert codes(judge(signed_by_hand(ess=make())))["integrity"] == expected
