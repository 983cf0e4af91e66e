"""RSA keys whose modulus was written as a negative number."""

import pytest
from asn1crypto import core, keys
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from signing.algorithms import weak_key
from signing.moduli import positive


def public_key(bits: int = 2048) -> keys.PublicKeyInfo:
    """Return a key as it should be."""
    key = rsa.generate_private_key(65537, bits).public_key()
    return keys.PublicKeyInfo.load(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def negative(public: keys.PublicKeyInfo) -> keys.PublicKeyInfo:
    """Return the same key with the zero in front of its modulus left out."""
    inner = public["public_key"].parsed
    number = inner["modulus"].contents.lstrip(b"\0")
    value = core.Integer.load(b"\x02\x82" + len(number).to_bytes(2, "big") + number).native
    assert value < 0
    wrong = keys.RSAPublicKey({"modulus": value, "public_exponent": 65537})
    return keys.PublicKeyInfo({"algorithm": public["algorithm"], "public_key": wrong})


def test_g7_a_negative_modulus_is_read_as_the_key_it_stands_for():
    """G7-negative-modulus: the same key comes out, and it is judged like any other."""
    good = public_key()
    with pytest.raises(ValueError, match="not positive"):
        weak_key(negative(good))
    mended = positive(negative(good))
    assert weak_key(mended) is None
    assert load_der_public_key(mended.dump()) == load_der_public_key(good.dump())


def test_g7_no_other_key_is_touched():
    """G7-negative-modulus: what is positive stays as it is, a weak key stays weak."""
    good, weak = public_key(), public_key(1024)
    assert positive(good) is good
    assert weak_key(positive(negative(weak))) == "RSA key of 1024 bits"
