"""What a packet says: the envelope of a document, and a handling status. Values only, frozen."""

from datetime import date, datetime

import msgspec


class Organ(msgspec.Struct, frozen=True, kw_only=True):
    """An agency as an envelope names it (QCVN 102:2016, 1.1 and 1.2)."""

    code: str
    """``OrganId``: either generation of code, as written."""
    name: str = ""
    in_charge: str = ""
    address: str = ""
    email: str = ""
    telephone: str = ""
    fax: str = ""
    website: str = ""


class SignerInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Who signed, as the envelope says (1.8). Claimed, not proven."""

    competence: str = ""
    """``TM.``, ``KT. ...``; empty means the signer's own office."""
    position: str = ""
    full_name: str = ""


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the manifest (``edXMLManifest/Reference``)."""

    content_id: str
    content_type: str = ""
    name: str = ""
    description: str = ""


class ResponseFor(msgspec.Struct, frozen=True, kw_only=True):
    """A document this one answers (1.12), or the one a status speaks of."""

    organ_code: str = ""
    code: str = ""
    """Number and notation as one text, e.g. ``7816/VPCP-TTĐT``."""
    document_id: str = ""
    promulgation_date: str = ""


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What the header of a document packet says. Text values are NFC, trimmed.

    Mandatory values that were missing are empty strings or None here; the
    reader reports them as violations beside the envelope.
    """

    sender: Organ
    recipients: tuple[Organ, ...]
    document_id: str
    number: str
    """``CodeNumber``; not always numeric."""
    notation: str
    """``CodeNotation``."""
    place: str
    issued_on: date | None
    """``PromulgationDate``."""
    type_group: int | None
    """``DocumentType/Type``."""
    type_detail: int | None
    type_name: str
    subject: str
    content: str = ""
    signer: SignerInfo = SignerInfo()
    due_on: date | None = None
    priority: int = 0
    """0 thường, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc, 4 hỏa tốc hẹn giờ."""
    steering_type: int | None = None
    response_for: tuple[ResponseFor, ...] = ()
    to_places: tuple[str, ...] = ()
    business_type: int = 0
    """0 mới, 1 thu hồi, 2 cập nhật, 3 thay thế."""
    business_reason: str = ""
    target_document_id: str = ""
    """``Bussiness/DocumentId``: the document a recall or update speaks of."""
    xml_signature: bool = False
    """A ``Signature`` stands in the header. Never relied upon."""
    others: tuple[tuple[str, str], ...] = ()
    """Header fields that have no name above, as (dotted path, value): a secrecy mark may stand in any."""


class StatusPacket(msgspec.Struct, frozen=True, kw_only=True):
    """A handling status as an edXML status packet says it (1.4)."""

    sender: Organ
    response_for: ResponseFor
    code: str
    """Two digits as text: 01 to 06, 13, 15, 16, or one we do not know."""
    description: str = ""
    reported_at: datetime | None = None
    """``Timestamp``; without a zone it is Asia/Ho_Chi_Minh."""
