"""The forms of plain CMS, as pyca's parser of strict DER takes them (RFC 5652, RFC 3161, RFC 6211).

What may stand in a value but is not declared here makes parsing fail, and the
value `signing.cms_any`'s to read.
"""

from typing import Annotated, Final

from cryptography.hazmat.asn1 import TLV, Default, Explicit, Implicit, Null, SetOf, sequence
from cryptography.x509 import ObjectIdentifier

SEQUENCE: Final = b"\x30"
SET: Final = b"\x31"
_SEQUENCE_TAG: Final = 0x30
_LONG: Final = 0x80
"""In the octet of a length: how many octets tell it."""


@sequence
class AlgorithmId:
    """An algorithm with no parameters, or none worth the name."""

    oid: ObjectIdentifier
    parameters: Null | None


@sequence
class Attribute:
    """An attribute, its values not looked at."""

    kind: ObjectIdentifier
    values: SetOf[TLV]


@sequence
class AttributeSet:
    """Signed attributes. In DER a SET OF is sorted, and the parser insists on it."""

    all: SetOf[Attribute]


@sequence
class IssuerAndSerial:
    """Whose certificate."""

    issuer: TLV
    serial: int


@sequence
class SignerInfo:
    """The one who signed."""

    version: int
    sid: IssuerAndSerial
    digest: AlgorithmId
    attributes: TLV
    """Raw: the signature stands over these very bytes."""
    algorithm: AlgorithmId
    signature: bytes
    unsigned: Annotated[list[Attribute] | None, Implicit(1)]


@sequence
class Enclosed:
    """What kind of content, and maybe the content."""

    kind: ObjectIdentifier
    content: Annotated[bytes | None, Explicit(0)]


@sequence
class SignedData:
    """Lists, where RFC 5652 says SET OF: an implicit tag hides which, and nobody sorts them."""

    version: int
    digests: SetOf[TLV]
    enclosed: Enclosed
    certificates: Annotated[list[TLV] | None, Implicit(0)]
    crls: Annotated[list[TLV] | None, Implicit(1)]
    signers: SetOf[SignerInfo]


@sequence
class ContentInfo:
    """The whole."""

    kind: ObjectIdentifier
    content: Annotated[SignedData, Explicit(0)]


@sequence
class Protection:
    """The algorithms, signed too (RFC 6211)."""

    digest: AlgorithmId
    signature: Annotated[AlgorithmId | None, Implicit(1)]


@sequence
class Imprint:
    """What was stamped."""

    algorithm: AlgorithmId
    digest: bytes


@sequence
class Accuracy:
    """Of a time-stamp's moment."""

    seconds: int | None
    millis: Annotated[int | None, Implicit(0)]
    micros: Annotated[int | None, Implicit(1)]


@sequence
class TstInfo:
    """What a time-stamp says."""

    version: int
    policy: ObjectIdentifier
    imprint: Imprint
    serial: int
    at: TLV
    accuracy: Accuracy | None
    ordering: Annotated[bool, Default(value=False)]
    nonce: int | None
    authority: Annotated[list[TLV] | None, Implicit(0)]
    extensions: Annotated[list[TLV] | None, Implicit(1)]


def tlv(tag: bytes, content: bytes | memoryview) -> bytes:
    """Return a value with its header: in DER there is one, so these are the bytes that were read."""
    size = len(content)
    if size < _LONG:
        return b"".join((tag, bytes((size,)), content))
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return b"".join((tag, bytes((_LONG | len(length),)), length, content))


def size_of(value: bytes) -> int:
    """Return how long a value is by its header; what that says wrongly, the parser notices."""
    first = value[1] if len(value) > 1 else 0
    if first < _LONG:
        return 2 + first
    many = first & ~_LONG
    return 2 + many + int.from_bytes(value[2 : 2 + many], "big")


def why_no_value(contents: bytes) -> str:
    """Say why the bytes that a signature keeps for its value are none.

    Args:
        contents: that could not be read as CMS.
    """
    if not contents.strip(b"\0"):
        return "there is no value: zeros alone, as before signing"
    if contents[0] != _SEQUENCE_TAG:
        return "the value does not begin as CMS does"
    if size_of(contents) > len(contents):
        return f"the value is cut off: it says {size_of(contents)} bytes and has {len(contents)}"
    return "the value is damaged or cut off within: it is no ASN.1 of CMS"
