"""The header of a document packet, one child at a time, into an `Envelope`.

What exchange-rules.md 1.9 demands, and DocumentId, type, place and date,
refuses where it is missing, repeated or broken (F6, F7, F8); all else of 1.2
is a finding (N1, N2, N3). Unknown elements are left alone, but their values
are kept for the check of secrecy marks.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from axis.checks.policy import Limits
from axis.edxml.agencies import read_organ, read_response
from axis.edxml.names import PRIORITIES, STEERING_TYPES, TYPE_GROUPS
from axis.edxml.notes import Element, Fields, Notes, long_checked
from axis.edxml.stops import over_limit
from axis.edxml.values import read_integer
from axis.envelope import Envelope, Organ, ResponseFor, SignerInfo
from axis.violations import Code

OTHERS: Final = 1000
"""Header values without a name of their own that are kept."""
OTHER_CHARACTERS: Final = 500
"""Longer ones are prose, not a mark."""

_MANDATORY: Final = (
    "From",
    "To",
    "DocumentId",
    "Code",
    "PromulgationInfo",
    "DocumentType",
    "Subject",
    "SignerInfo",
)
_REPEATABLE: Final = frozenset({"To", "ResponseFor"})
_AGENCIES: Final = frozenset({"From", "To"})
_KNOWN: Final = frozenset(
    {"DocumentId", "Subject", "Content", "DueDate", "SteeringType", "ToPlaces.Place"}
    | {"Code.CodeNumber", "Code.CodeNotation", "PromulgationInfo.Place", "PromulgationInfo.PromulgationDate"}
    | {"DocumentType.Type", "DocumentType.TypeDetail", "DocumentType.TypeName"}
    | {"SignerInfo.Competence", "SignerInfo.Position", "SignerInfo.FullName"}
    | {f"ResponseFor.{name}" for name in ("OrganId", "Code", "DocumentId", "PromulgationDate")}
    | {f"Bussiness.{name}" for name in ("BussinessDocReason", "DocumentId")}
)
"""Values that have a place in the envelope."""


@dataclass(slots=True)
class _Parts:
    """Values found so far, by the names of `Envelope`."""

    sender: Organ = field(default_factory=lambda: Organ(code=""))
    recipients: list[Organ] = field(default_factory=list)
    document_id: str = ""
    number: str = ""
    notation: str = ""
    place: str = ""
    issued_on: date | None = None
    type_group: int | None = None
    type_detail: int | None = None
    type_name: str = ""
    subject: str = ""
    content: str = ""
    signer: SignerInfo = field(default_factory=SignerInfo)
    due_on: date | None = None
    priority: int = 0
    steering_type: int | None = None
    response_for: list[ResponseFor] = field(default_factory=list)
    to_places: tuple[str, ...] = ()
    business_type: int = 0
    business_reason: str = ""
    target_document_id: str = ""
    others: list[tuple[str, str]] = field(default_factory=list)


class HeaderBuilder:
    """Takes the children of MessageHeader and TraceHeaderList; gives the envelope."""

    def __init__(self, limits: Limits, notes: Notes) -> None:
        self._limits = limits
        self._notes = notes
        self._parts = _Parts()
        self._counts: dict[str, int] = {}
        self._traces = self._businesses = 0
        self.signatures = 0
        """``Signature`` elements in the header."""
        self._take: dict[str, Callable[[Element], None]] = {
            "From": self._from,
            "To": self._to,
            "DocumentId": self._document_id,
            "Code": self._code,
            "PromulgationInfo": self._promulgation,
            "DocumentType": self._type,
            "Subject": self._subject,
            "Content": self._content,
            "SignerInfo": self._signer,
            "DueDate": self._due,
            "OtherInfo": self._other_info,
            "ResponseFor": self._response,
            "SteeringType": self._steering,
            "ToPlaces": self._places,
        }

    @property
    def is_status(self) -> bool:
        """Tell whether this is a status packet: it has a StatusCode and no recipients."""
        return "StatusCode" in self._counts and "To" not in self._counts

    def message_child(self, element: Element) -> None:
        """Take a child of MessageHeader."""
        name = element.name
        self._counts[name] = self._counts.get(name, 0) + 1
        take = self._take.get(name)
        if name not in _AGENCIES:
            self._keep_others(element)
        if take is None:
            return
        if self._counts[name] > 1 and name not in _REPEATABLE:
            self._notes.violate(Code.ELEMENT_REPEATED, name, "chỉ được có một / may stand once")
            return
        take(element)

    def trace_child(self, element: Element) -> None:
        """Take a child of TraceHeaderList."""
        if element.name == "TraceHeader":
            self._traces += 1
            return
        element.children = [child for child in element.children if child.name != "StaffInfo"]  # people
        self._keep_others(element)
        if element.name == "Bussiness":
            self._businesses += 1
            if self._businesses > 1:
                self._notes.violate(Code.ELEMENT_REPEATED, "Bussiness", "chỉ được có một / may stand once")
            else:
                self._business(element)

    def end_message(self) -> None:
        """Hear that MessageHeader ended. F6: what must be there is there."""
        for name in _MANDATORY:
            if name not in self._counts:
                self._notes.violate(Code.ELEMENT_MISSING, name, "thiếu / missing")
        for name in ("OtherInfo", "SteeringType"):
            if name not in self._counts:
                self._notes.find(Code.FINDING_MISSING, name, "thiếu / missing")

    def end_header(self) -> None:
        """Hear that the header ended. N3: it should tell where the packet came by."""
        if not self._traces:
            self._notes.find(Code.FINDING_MISSING, "TraceHeaderList.TraceHeader", "thiếu / missing")

    def envelope(self) -> Envelope:
        """Return what the header says so far."""
        parts = self._parts
        target = parts.target_document_id
        if not target and parts.business_type in {1, 2}:
            target = parts.document_id  # the vendor's own recall leaves it out: exchange-rules 1.2, 2.2.4
        return Envelope(
            sender=parts.sender,
            recipients=tuple(parts.recipients),
            document_id=parts.document_id,
            number=parts.number,
            notation=parts.notation,
            place=parts.place,
            issued_on=parts.issued_on,
            type_group=parts.type_group,
            type_detail=parts.type_detail,
            type_name=parts.type_name,
            subject=parts.subject,
            content=parts.content,
            signer=parts.signer,
            due_on=parts.due_on,
            priority=parts.priority,
            steering_type=parts.steering_type,
            response_for=tuple(parts.response_for),
            to_places=parts.to_places,
            business_type=parts.business_type,
            business_reason=parts.business_reason,
            target_document_id=target,
            xml_signature=self.signatures > 0,
            others=tuple(parts.others),
        )

    # --- children of MessageHeader, one function each -----------------------

    def _fields(self, element: Element, path: str = "") -> Fields:
        return Fields(element, path or element.name, self._notes)

    def _leaf(self, element: Element) -> Fields:
        """Return the values around a leaf, so that it is read under the same rules as others."""
        return Fields(Element("", children=[element]), "", self._notes)

    def _from(self, element: Element) -> None:
        self._parts.sender = read_organ(self._fields(element))

    def _to(self, element: Element) -> None:
        count = len(self._parts.recipients)
        if count >= self._limits.recipients:
            raise over_limit("recipients", self._limits.recipients)
        self._parts.recipients.append(read_organ(self._fields(element, f"To[{count}]")))

    def _document_id(self, element: Element) -> None:
        self._parts.document_id = self._leaf(element).identify("DocumentId")

    def _code(self, element: Element) -> None:
        fields = self._fields(element)
        self._parts.number = fields.identify("CodeNumber")
        self._parts.notation = fields.identify("CodeNotation")

    def _promulgation(self, element: Element) -> None:
        fields = self._fields(element)
        self._parts.place = fields.need("Place")
        self._parts.issued_on = fields.need_day("PromulgationDate")

    def _type(self, element: Element) -> None:
        fields = self._fields(element)
        group = fields.need_integer("Type")
        self._parts.type_group = group
        fields.integer("" if group is None else str(group), "Type", TYPE_GROUPS)
        self._parts.type_detail = fields.integer(fields.may("TypeDetail"), "TypeDetail")
        self._parts.type_name = fields.need("TypeName")

    def _subject(self, element: Element) -> None:
        self._parts.subject = self._leaf(element).need("Subject")

    def _content(self, element: Element) -> None:
        self._parts.content = self._leaf(element).may("Content")

    def _signer(self, element: Element) -> None:
        fields = self._fields(element)
        self._parts.signer = SignerInfo(
            competence=fields.may("Competence"),
            position=fields.need("Position"),
            full_name=fields.need("FullName"),
        )

    def _due(self, element: Element) -> None:
        self._parts.due_on = self._leaf(element).day("DueDate")

    def _other_info(self, element: Element) -> None:
        fields = self._fields(element)
        priority = fields.integer(fields.should("Priority"), "Priority", PRIORITIES)
        self._parts.priority = priority if priority in PRIORITIES else 0
        for name in ("PromulgationAmount", "PageAmount"):
            fields.integer(fields.may(name), name, range(10**9))
        for name in ("SphereOfPromulgation", "TyperNotation", "Appendixes"):
            fields.may(name)

    def _response(self, element: Element) -> None:
        fields = self._fields(element, f"ResponseFor[{len(self._parts.response_for)}]")
        answered = read_response(fields)
        if answered != ResponseFor():  # it may be an empty element
            self._parts.response_for.append(answered)

    def _steering(self, element: Element) -> None:
        fields = self._leaf(element)
        name = "SteeringType"
        self._parts.steering_type = fields.integer(fields.may(name), name, STEERING_TYPES)

    def _places(self, element: Element) -> None:
        places = (
            long_checked(place.text, f"ToPlaces.Place[{at}]", self._notes)
            for at, place in enumerate(self._fields(element).many("Place"))
        )
        self._parts.to_places = tuple(place for place in places if place)

    def _business(self, element: Element) -> None:
        fields = self._fields(element)
        kind = fields.need_integer("BussinessDocType")
        self._parts.business_type = kind or 0
        # 1.9: whoever recalls, updates or replaces says why, and what.
        self._parts.business_reason = (
            fields.need("BussinessDocReason") if kind else fields.may("BussinessDocReason")
        )
        self._parts.target_document_id = fields.may("DocumentId")
        if kind == 3 and fields.one("ReplacementInfoList") is None:  # noqa: PLR2004 - 3 thay thế
            self._notes.violate(Code.ELEMENT_MISSING, "Bussiness.ReplacementInfoList", "thiếu / missing")
        fields.integer(fields.may("Paper"), "Paper", (0, 1))

    def _keep_others(self, element: Element) -> None:
        others = self._parts.others
        for where, text in _leaves(element):
            if where not in _KNOWN and len(text) <= OTHER_CHARACTERS and read_integer(text) is None:
                others.append((where, text))
            if len(others) > OTHERS:
                raise over_limit("other_values", OTHERS)


def _leaves(element: Element) -> Iterator[tuple[str, str]]:
    """Yield every text of an element and below it, with its dotted path."""
    waiting = [(element, element.name)]
    while waiting:
        current, where = waiting.pop()
        if text := current.text:
            yield where, text
        waiting.extend((child, f"{where}.{child.name}") for child in reversed(current.children))
