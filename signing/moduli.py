"""RSA moduli that were written as negative numbers.

Some authorities left out the zero that keeps a number with its highest bit set
from being negative. Parsers below pyHanko crash on such a key. No key has a
negative modulus, so there is one number that can be meant, and the certificate
as it stands, byte for byte, is what its issuer signed.
"""

from asn1crypto import keys


def positive(public: keys.PublicKeyInfo) -> keys.PublicKeyInfo:
    """Return a public key whose RSA modulus is read as the positive number it stands for.

    Args:
        public: of any kind; all but RSA keys with a negative modulus come back as they are.
    """
    if public.algorithm not in {"rsa", "rsassa_pss"}:
        return public
    inner = public["public_key"].parsed
    modulus = int(inner["modulus"].native)
    if modulus >= 0:
        return public
    meant = modulus + (1 << (8 * len(inner["modulus"].contents)))
    return keys.PublicKeyInfo(
        {
            "algorithm": public["algorithm"],
            "public_key": keys.RSAPublicKey(
                {"modulus": meant, "public_exponent": int(inner["public_exponent"].native)}
            ),
        }
    )
