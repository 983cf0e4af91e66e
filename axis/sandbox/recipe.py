"""A packet before it is made: everything that a fault may spoil, in one place."""

import io
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Final, TypedDict

from axis.edxml.documentid import document_id
from axis.edxml.writer import PacketFile, build_packet
from axis.envelope import Envelope, Organ, SignerInfo
from axis.errors import SetupError
from axis.register import Agency, Level
from axis.sandbox.authority import Authority
from axis.sandbox.identity import Identity, Part
from axis.sandbox.pdf import OfficialDocument, is_addressed, render, shipped_text
from axis.sandbox.people import heading_of, office_of
from axis.sandbox.sign import Pens, Signing
from axis.zone import VIETNAM

ABBREVIATIONS: Final = {
    "nghị quyết": "NQ",
    "quyết định": "QĐ",
    "chỉ thị": "CT",
    "thông báo": "TB",
    "hướng dẫn": "HD",
    "kế hoạch": "KH",
    "báo cáo": "BC",
    "tờ trình": "TTr",
    "giấy mời": "GM",
    "công điện": "CĐ",
    "công văn": "",
}
"""Of kinds, in notations (NĐ 30/2020, Phụ lục III); another kind goes without."""

NUMBERS: Final = {
    "công văn": 18,
    "báo cáo": 14,
    "thông báo": 7,
    "quyết định": 2,
    "kế hoạch": 10,
    "tờ trình": 16,
}
"""Of kinds in group B (exchange-rules 1.8)."""

MOST_NAMED: Final = 12
"""So many recipients stand on the page by name; a document to every commune would be pages of names."""

PARTS: Final = {
    "": Part.HEAD,
    "TM": Part.HEAD,
    "KT": Part.DEPUTY,
    "TMKT": Part.DEPUTY,
    "TL": Part.OFFICE,
    "Q": Part.ACTING,
}
"""Who signs with which competence."""

ADMINISTRATIVE: Final = 2
"""``DocumentType/Type``: an administrative document."""

Spoil = Callable[[bytes], bytes]


@dataclass
class Recipe:
    """How one packet is made. A fault changes it before it is made, and nothing else."""

    authority: Authority
    sender: Agency
    envelope: Envelope
    document: OfficialDocument | None
    """What is set as PDF; None where ``pdf`` is given."""
    pdf: bytes
    """An unsigned PDF that was given; empty where ``document`` is."""
    size: int | None
    person: Identity | None
    seal: Identity | None
    signing: Signing = field(default_factory=Signing)
    seal_first: bool = False
    main_name: str = "van-ban.pdf"
    before: list[Spoil] = field(default_factory=list)
    """Done to the PDF before anyone signs it."""
    between: list[Spoil] = field(default_factory=list)
    """Done between the first signature and the second."""
    after: list[Spoil] = field(default_factory=list)
    """Done to the signed PDF."""
    packet: list[Spoil] = field(default_factory=list)
    """Done to the packet."""
    appendices: list[tuple[str, bytes]] = field(default_factory=list)
    """Further files: name and bytes."""

    @cached_property
    def pens(self) -> Pens:
        """The authority's signers."""
        return Pens(self.authority)

    def sign(self) -> bytes:
        """Make and sign the main document."""
        pdf, spot = self.pdf, None
        if self.document is not None:
            rendered = render(self.document, size=self.size)
            pdf, spot = rendered.pdf, rendered.spot
        for spoil in self.before:
            pdf = spoil(pdf)
        order = [who for who in (self.person, self.seal) if who is not None]
        for number, who in enumerate(reversed(order) if self.seal_first else order):
            if number > 0:
                for spoil in self.between:
                    pdf = spoil(pdf)
            pdf = self.pens.sign(pdf, who, self.signing, spot=spot)
        for spoil in self.after:
            pdf = spoil(pdf)
        return pdf

    def make(self, *, sent_at: datetime | None = None) -> bytes:
        """Make the packet."""
        named = [(self.main_name, self.sign()), *self.appendices]
        files = [PacketFile(name, lambda data=data: io.BytesIO(data)) for name, data in named]  # type: ignore[misc]
        packet = b"".join(build_packet(self.envelope, files, sent_at=sent_at or datetime.now(UTC)))
        for spoil in self.packet:
            packet = spoil(packet)
        return packet


class Wishes(TypedDict, total=False):
    """What a packet should be like; `write_recipe` says what each of them means and is by itself."""

    pdf: bytes | None
    text: str | None
    kind: str
    subject: str
    number: str
    competence: str | None
    priority: int
    size: int | None
    issued_on: date | None


def write_recipe(
    authority: Authority,
    sender: Agency,
    recipients: Sequence[Agency],
    *,
    pdf: bytes | None = None,
    text: str | None = None,
    kind: str = "Công văn",
    subject: str = "",
    number: str = "",
    competence: str | None = None,
    priority: int = 0,
    size: int | None = None,
    issued_on: date | None = None,
) -> Recipe:
    """Write the recipe of a good packet.

    Args:
        authority: whose people sign.
        sender: the issuing agency.
        recipients: in the order of the header.
        pdf: an unsigned PDF; None: one is set from ``text``.
        text: body of the document; None: the short one that is shipped.
        kind: ``TypeName``.
        subject: empty: one that says what this is.
        number: ``CodeNumber``; empty: one drawn by lot, so that no two packets share a document id.
        competence: ``""`` (own office), ``TM``, ``KT``, ``TMKT``, ``TL``, ``TUQ`` or ``Q``;
            None: the head, as the agency's kind asks for.
        priority: 0 to 4.
        size: bytes of PDF to reach with noise.
        issued_on: None: today in Viet Nam.

    Raises:
        SetupError: no one of the sender signs so.
    """
    office = office_of(sender)
    if competence is None:
        competence = "TM" if office.collective else ""
    person = signer_for(authority, sender, competence)
    heading = heading_of(office, competence, person.position)
    document = OfficialDocument(
        agency=sender.name,
        number=number or str(secrets.randbelow(900_000) + 100_000),
        notation=notation_of(sender, kind),
        place=place_of(sender),
        issued_on=issued_on or datetime.now(VIETNAM).date(),
        type_name=kind,
        subject=subject or "thử nghiệm gửi, nhận văn bản điện tử qua trục liên thông",
        to=_named(recipients),
        text=shipped_text() if text is None else text,
        heading=heading,
        signer=person.full_name,
        places=("Như trên",) if is_addressed(kind) else _named(recipients),
        priority=priority,
    )
    signer = SignerInfo(
        competence=" ".join(heading[:-1]) if competence != "Q" else heading[0],
        position=person.position,
        full_name=person.full_name,
    )
    return Recipe(
        authority=authority,
        sender=sender,
        envelope=_envelope(sender, recipients, document, signer),
        document=None if pdf is not None else document,
        pdf=pdf or b"",
        size=size,
        person=person,
        seal=authority.seal(sender),
    )


def _envelope(
    sender: Agency, recipients: Sequence[Agency], document: OfficialDocument, signer: SignerInfo
) -> Envelope:
    """Say in the header what stands on the page."""
    kind, subject = document.type_name, document.subject
    return Envelope(
        sender=organ_of(sender),
        recipients=tuple(organ_of(agency) for agency in recipients),
        document_id=document_id(sender.code, document.issued_on, document.number, document.notation),
        number=document.number,
        notation=document.notation,
        place=document.place,
        issued_on=document.issued_on,
        type_group=ADMINISTRATIVE,
        type_detail=NUMBERS.get(kind.casefold(), NUMBERS["công văn"]),
        type_name=kind,
        subject=subject,
        content=subject,
        signer=signer,
        priority=document.priority,
        steering_type=0,
    )


def signer_for(authority: Authority, sender: Agency, competence: str) -> Identity:
    """Return who signs for an agency with a competence.

    Raises:
        SetupError: no one does.
    """
    if competence == "TUQ":
        for who in authority.record.identities.values():
            if who.part is Part.DELEGATE and who.parent == sender.code:
                return who
        raise SetupError(
            f"dữ liệu thử không có người ký TUQ. cho {sender.code}; thử G22 (no such signer; try G22)"
        )
    if competence not in PARTS:
        known = ", ".join(name for name in (*PARTS, "TUQ") if name)
        raise SetupError(
            f"không có thẩm quyền “{competence}”; để trống, hoặc một trong {known} (unknown competence)"
        )
    return authority.person(sender, PARTS[competence])


def organ_of(agency: Agency) -> Organ:
    """Return an agency as an envelope names it."""
    return Organ(code=agency.code, name=agency.name)


def notation_of(agency: Agency, kind: str) -> str:
    """Return the notation of a kind of document, e.g. ``BC-VPCP``; a công văn names a unit instead."""
    short = office_of(agency).short
    if not short:
        words = agency.name.split("(")[0].split(",")[0].replace("-", " ").split()
        short = "".join(word[0] for word in words if word.casefold() != "và").upper()
    letter = ABBREVIATIONS.get(kind.casefold(), "")
    return f"{letter}-{short}" if letter else f"{short}-VP"


def place_of(agency: Agency) -> str:
    """Return the place written before the date."""
    if agency.level is Level.CENTRAL:
        return "Hà Nội"
    name = agency.name.split("(")[0].strip()
    for kind in ("tỉnh", "thành phố", "huyện", "xã", "phường", "đặc khu"):
        _, found, rest = name.partition(f" {kind} ")
        if found:
            return rest
    return name


def _named(recipients: Sequence[Agency]) -> tuple[str, ...]:
    names = tuple(agency.name for agency in recipients)
    if len(names) <= MOST_NAMED:
        return names
    return (*names[:MOST_NAMED], f"và {len(names) - MOST_NAMED} cơ quan khác")
