"""The CMS of one signature or time-stamp: its structure (rule G7), and whether it verifies (rule G6).

Nothing here knows of trust: who issued the certificate is `signing.chain`'s
question. Two readers stand behind this door: `signing.cms_plain` answers where a
value is plain DER and all of it is known, `signing.cms_any` everywhere else.
"""

from typing import Any

from signing import cms_any, cms_plain
from signing.signed import TST_INFO, SignedCms, TimeStampInfo


def read_cms(contents: bytes, content_type: str) -> SignedCms:
    """Read a CMS and hold its structure to rule G7.

    Args:
        contents: DER or BER, and zeros behind it up to the reserved length.
        content_type: ``data`` for a signature, ``tst_info`` for a time-stamp.

    Raises:
        CmsError: it breaks the rule; the message says how.
    """
    return cms_plain.read_padded(contents, content_type) or cms_any.read_cms(contents, content_type)


def read_token(token: Any) -> SignedCms:  # noqa: ANN401  # asn1crypto is untyped
    """Read a signature time-stamp.

    Args:
        token: one of `SignedCms.tokens`.

    Raises:
        Exception: of any class; it is none that rule G7 lets pass.
    """
    if isinstance(token, bytes):
        return cms_plain.read(token, TST_INFO) or cms_any.read_der(token, TST_INFO)
    return cms_any.read_content_info(token, TST_INFO)


def read_info(content: bytes) -> TimeStampInfo:
    """Read what a time-stamp says.

    Raises:
        Exception: of any class; it cannot be read.
    """
    return cms_plain.read_info(content) or cms_any.read_info(content)


def verify_cms(signed: SignedCms, digest: bytes) -> tuple[bool, bool]:
    """Verify a signature with the key of its certificate.

    Args:
        signed: as read.
        digest: of the covered bytes, by the signer's digest algorithm.

    Returns:
        Whether the signed digest is that one, and whether the signature verifies.

    Raises:
        CmsError: it cannot be verified at all.
    """
    if signed.direct is not None:
        valid = signed.direct(digest)
        return valid, valid  # one answer to both: the covered bytes are what was signed
    valid = signed.verifies()
    return signed.message_digest == digest, valid
