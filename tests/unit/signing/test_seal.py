"""The axis' own seal: made, verified, and refused when anything about it is wrong."""

import subprocess
import time
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from axis.errors import SealError, SetupError
from signing.keys import open_key, read_passphrase
from signing.seal import Sealer, verify_seal

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
DATA = "biên nhận\n".encode()
PASSPHRASE = b"correct horse"
OTHER_USAGES = (
    *("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("encipher_only", "decipher_only", "crl_sign"),
)


def certificate(name, key, issuer, issuer_key, *, ca, until=NOW + timedelta(days=30)):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = dict.fromkeys(OTHER_USAGES, False)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=not ca, key_cert_sign=ca, **usage), critical=True)
        .sign(issuer_key, hashes.SHA256())
    )


def pem(*certificates):
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)


class Authority:
    """Root, sub-authority and a sealing key, made on the spot."""

    def __init__(self, folder, key):
        self.folder = folder
        self.root_key = ec.generate_private_key(ec.SECP256R1())
        self.root = certificate("Gốc thử nghiệm", self.root_key, None, self.root_key, ca=True)
        self.sub_key = ec.generate_private_key(ec.SECP256R1())
        self.sub = certificate("Cấp dưới thử nghiệm", self.sub_key, self.root, self.root_key, ca=True)
        self.key = key
        self.leaf = certificate("Trục", key, self.sub, self.sub_key, ca=False)
        (folder / "seal.pem").write_bytes(pem(self.leaf, self.sub))
        (folder / "anchors.pem").write_bytes(pem(self.root))
        (folder / "seal.key").write_bytes(self.pem_of_key(key))

    @staticmethod
    def pem_of_key(key, algorithm=None):
        """Return a key as PEM, encrypted unless told otherwise."""
        return key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            algorithm or serialization.BestAvailableEncryption(PASSPHRASE),
        )

    def sealer(self):
        """Return a sealer with this authority's key."""
        return Sealer(str(self.folder / "seal.pem"), str(self.folder / "seal.key"), PASSPHRASE)


@pytest.fixture(scope="module", params=["rsa", "ec"])
def authority(request, tmp_path_factory):
    key = (
        rsa.generate_private_key(65537, 2048)
        if request.param == "rsa"
        else ec.generate_private_key(ec.SECP256R1())
    )
    return Authority(tmp_path_factory.mktemp(request.param), key)


def openssl(authority, tmp_path, data, seal):
    (tmp_path / "data").write_bytes(data)
    (tmp_path / "seal").write_bytes(seal)
    command = (
        "openssl cms -verify -binary -inform DER -in seal -content data -purpose any -out /dev/null -CAfile"
    )
    moment = ["-attime", str(int(NOW.timestamp()))]
    where = [str(authority.folder / "anchors.pem")]
    return subprocess.run([*command.split(), *where, *moment], cwd=tmp_path, capture_output=True, check=False)


def test_holds_for_us_and_for_openssl(authority, tmp_path):
    """A seal that we make is valid to us and to a verifier that knows nothing of us."""
    seal = authority.sealer().seal(DATA, NOW)
    by = verify_seal(DATA, seal, [pem(authority.root)], NOW)
    assert (by.subject, by.signed_at) == ("Trục", NOW)
    assert by.certificate_sha256 == authority.leaf.fingerprint(hashes.SHA256()).hex()
    result = openssl(authority, tmp_path, DATA, seal)
    assert result.returncode == 0, result.stderr


def test_one_altered_byte_breaks_it(authority, tmp_path):
    """Neither we nor openssl take other bytes, or an altered seal, for the sealed ones."""
    seal = authority.sealer().seal(DATA, NOW)
    other = DATA.replace(b"n", b"m", 1)
    with pytest.raises(SealError, match="not those that were sealed"):
        verify_seal(other, seal, [pem(authority.root)], NOW)
    assert openssl(authority, tmp_path, other, seal).returncode != 0
    for place in range(0, len(seal), 7):
        broken = seal[:place] + bytes([seal[place] ^ 1]) + seal[place + 1 :]
        # What the signature does not cover must at least not change what the seal says.
        try:
            by = verify_seal(DATA, broken, [pem(authority.root)], NOW)
        except SealError:
            continue
        assert (by.subject, by.signed_at) == ("Trục", NOW)


def test_other_authorities_and_other_times_are_refused(authority):
    """Without its anchor, without any, and outside its certificate's life a seal does not hold."""
    seal = authority.sealer().seal(DATA, NOW)
    strange_key = ec.generate_private_key(ec.SECP256R1())
    strange = certificate("Gốc thử nghiệm", strange_key, None, strange_key, ca=True)
    for anchors, at in [([strange], NOW), ([], NOW), ([authority.root], NOW + timedelta(days=31))]:
        with pytest.raises(SealError):
            verify_seal(DATA, seal, [pem(one) for one in anchors], at)


def test_a_leaf_cannot_issue_a_sealer(authority, tmp_path):
    """A certificate below one that is no authority is refused, its signature being right."""
    key = ec.generate_private_key(ec.SECP256R1())
    forged = certificate("Giả", key, authority.leaf, authority.key, ca=False)
    (tmp_path / "seal.pem").write_bytes(pem(forged, authority.leaf, authority.sub))
    (tmp_path / "seal.key").write_bytes(Authority.pem_of_key(key))
    seal = Sealer(str(tmp_path / "seal.pem"), str(tmp_path / "seal.key"), PASSPHRASE).seal(DATA, NOW)
    with pytest.raises(SealError):
        verify_seal(DATA, seal, [pem(authority.root)], NOW)


def test_is_cades_baseline(authority):
    """The signed attributes are those of CAdES B-B, and the content is not inside."""
    signed = cms.ContentInfo.load(authority.sealer().seal(DATA, NOW))["content"]
    names = {one["type"].native for one in signed["signer_infos"][0]["signed_attrs"]}
    assert names == {"content_type", "message_digest", "signing_time", "signing_certificate_v2"}
    assert signed["encap_content_info"]["content"].native is None
    assert len(signed["certificates"]) == 2


def test_is_fast(authority):
    """Sealing takes less than 3 ms with the key held."""
    sealer = authority.sealer()
    sealer.seal(DATA, NOW)
    started = time.process_time()
    for _ in range(50):
        sealer.seal(DATA, NOW)
    assert (time.process_time() - started) / 50 < 0.003


def test_bytes_that_are_no_seal(authority):
    """Junk is a seal that does not hold, never another error."""
    for junk in (b"", b"\x30\x80", b"junk", b"\x30\x03\x02\x01\x01"):
        with pytest.raises(SealError):
            verify_seal(DATA, junk, [pem(authority.root)], NOW)


def test_setup_faults_say_what_to_do(authority, tmp_path):
    """A wrong passphrase, a bare key, a foreign key and missing files are named."""
    bare = tmp_path / "bare.key"
    bare.write_bytes(Authority.pem_of_key(authority.key, serialization.NoEncryption()))
    other = tmp_path / "other.key"
    other.write_bytes(Authority.pem_of_key(ec.generate_private_key(ec.SECP256R1())))
    secret = tmp_path / "passphrase"
    secret.write_bytes(b"\n")
    key, chain = str(authority.folder / "seal.key"), str(authority.folder / "seal.pem")
    for attempt, word in [
        (lambda: open_key(key, b"wrong"), "passphrase"),
        (lambda: open_key(str(bare), PASSPHRASE), "not encrypted"),
        (lambda: open_key(str(tmp_path / "none"), PASSPHRASE), "cannot be read"),
        (lambda: Sealer(chain, str(other), PASSPHRASE), "not the key"),
        (lambda: Sealer(str(tmp_path / "none"), key, PASSPHRASE), "cannot be read"),
        (lambda: read_passphrase(str(secret)), "empty"),
    ]:
        with pytest.raises(SetupError, match=word):
            attempt()
    secret.write_bytes(PASSPHRASE + b"\n")
    assert read_passphrase(str(secret)) == PASSPHRASE
