"""A verdict as people are told it: what the file is, four parts, the signatures' story, advice by page."""

from datetime import datetime
from typing import Final

import msgspec

from axis.appearance.advice import Advice
from axis.appearance.view import Mark, Picture
from axis.gate.answers import Kind
from axis.gate.check import Checked
from axis.gate.result import CheckPart
from axis.gate.seen import SeenFile
from axis.report.words import MEANING, NOT_GIVEN, NOT_POSSIBLE, PARTS, VERDICTS, Pair, what_to_do
from axis.reports import FileKind, FileReport, Outcome, SignatureReport
from axis.violations import REASONS, Code
from axis.zone import VIETNAM

KINDS: Final[dict[Kind, Pair]] = {
    Kind.PDF: ("tệp PDF", "PDF"),
    Kind.PACKET: ("gói tin edXML", "edXML packet"),
    Kind.OTHER: ("không phải PDF, không phải gói tin", "neither PDF nor packet"),
}


_SOUND: Final[Pair] = ("nguyên vẹn, đúng khóa", "intact, right key")
_NOT_SOUND: Final[Pair] = ("KHÔNG nguyên vẹn hoặc sai khóa", "NOT intact, or another key")


class ToldReason(msgspec.Struct, frozen=True, kw_only=True):
    """One reason, and what to do."""

    rule: str
    code: str
    words: Pair
    detail: str
    todo: Pair


class ToldPart(msgspec.Struct, frozen=True, kw_only=True):
    """One of the four parts."""

    name: Pair
    outcome: Outcome
    verdict: Pair
    meaning: Pair
    reasons: tuple[ToldReason, ...]


class ToldSignature(msgspec.Struct, frozen=True, kw_only=True):
    """One signature in the order of signing."""

    number: int
    """From 1, in its file."""
    field: str
    stamp: bool
    who: str
    agency: str
    issuer: str
    when: Pair
    covered: Pair
    after: Pair
    sound: bool
    """The bytes are as they were signed, with this certificate's key."""
    state: Pair
    indication: str


class ToldFile(msgspec.Struct, frozen=True, kw_only=True):
    """One PDF: of a packet, or alone."""

    name: str
    size: str
    pages: int
    looked_at: int
    signatures: tuple[ToldSignature, ...]
    advice: tuple[Advice, ...]
    marks: tuple[Mark, ...]
    pictures: tuple[Picture, ...]
    looked: bool
    """Somebody looked at the pages, and had an answer."""
    secret: bool


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """All that is told of one file."""

    path: str
    kind: Pair
    facts: tuple[Pair, ...]
    """Of a packet: number, kind, subject, sender, recipients."""
    outcome: Outcome
    verdict: Pair
    parts: tuple[ToldPart, ...]
    findings: tuple[ToldReason, ...]
    files: tuple[ToldFile, ...]
    elapsed_ms: float


def tell(checked: Checked) -> Told:
    """Put one checked file into words."""
    result, judged = checked.result, checked.judged
    reports = judged.report.files if judged is not None else ()
    seen = {one.place: one for one in checked.seen.files} if checked.seen is not None else {}
    alone = result.kind is not Kind.PACKET
    return Told(
        path=result.path,
        kind=KINDS[result.kind],
        facts=_facts(checked),
        outcome=result.outcome,
        verdict=VERDICTS[result.outcome],
        parts=tuple(
            _part(name, getattr(result, name)) for name in ("integrity", "content", "trust", "authority")
        ),
        findings=tuple(
            _reason(one.code, f"{one.field} {one.detail}".strip())
            for one in (judged.report.findings if judged is not None else ())
        ),
        files=tuple(
            _file(report, seen.get(0 if alone else place))
            for place, report in enumerate(reports)
            if report.kind is FileKind.PDF
        ),
        elapsed_ms=result.elapsed_ms,
    )


def _facts(checked: Checked) -> tuple[Pair, ...]:
    envelope = checked.judged.report.envelope if checked.judged is not None else None
    if envelope is None:
        return ()
    number = f"{envelope.type_name} {envelope.number}/{envelope.notation}".strip()
    day = f", {envelope.issued_on:%d/%m/%Y}" if envelope.issued_on else ""
    recipients = ", ".join(one.name or one.code for one in envelope.recipients[:5])
    more = len(envelope.recipients) - 5
    if more > 0:
        recipients += f" … (+{more})"
    sender = envelope.sender.name or envelope.sender.code
    return (
        (f"{number}{day}", "document"),
        (f"Trích yếu: {envelope.subject}", "subject"),
        (f"Từ: {sender} ({envelope.sender.code})", "from"),
        (f"Đến: {recipients}", "to"),
    )


def _part(name: str, part: CheckPart) -> ToldPart:
    reasons = tuple(
        _reason(one.code, "" if one.detail == REASONS[one.code].en else one.detail)
        for one in part.reasons
        if one.code is not Code.TRUST_NOT_GIVEN  # the part's own sentence says it
    )
    return ToldPart(
        name=PARTS[name],
        outcome=part.outcome,
        verdict=VERDICTS[part.outcome],
        meaning=("", "") if reasons else _meaning(name, part),
        reasons=reasons,
    )


def _meaning(name: str, part: CheckPart) -> Pair:
    if any(one.code is Code.TRUST_NOT_GIVEN for one in part.reasons):
        return NOT_GIVEN
    told = MEANING.get((name, part.outcome))
    return told or (NOT_POSSIBLE if part.outcome is Outcome.NOT_JUDGED else ("", ""))


def _reason(code: Code, detail: str) -> ToldReason:
    words = REASONS[code]
    return ToldReason(
        rule=words.rule, code=code, words=(words.vi, words.en), detail=detail, todo=what_to_do(code)
    )


def _file(report: FileReport, seen: SeenFile | None) -> ToldFile:
    signatures = report.pdf.signatures if report.pdf is not None else ()
    return ToldFile(
        name=report.name,
        size=f"{thousands(report.size)} byte",
        pages=seen.pages if seen is not None else 0,
        looked_at=seen.looked_at if seen is not None else 0,
        signatures=tuple(_signature(signatures, at, report.size) for at in range(len(signatures))),
        advice=seen.advice if seen is not None else (),
        marks=seen.marks if seen is not None else (),
        pictures=seen.pictures if seen is not None else (),
        looked=seen is not None and not seen.unseen,
        secret=seen is not None and seen.secrecy is not None,
    )


def _signature(signatures: tuple[SignatureReport, ...], at: int, size: int) -> ToldSignature:
    one = signatures[at]
    sound = one.intact and one.valid
    trust = VERDICTS[one.trust]
    bytes_say = _SOUND if sound else _NOT_SOUND
    return ToldSignature(
        number=at + 1,
        field=one.field,
        stamp=one.timestamp,
        who=one.subject,
        agency=next((name for name in one.organizations if name != one.subject), ""),
        issuer=one.issuer,
        when=_when(one),
        covered=_covered(one, size),
        after=_after(signatures, at, size),
        sound=sound,
        state=(f"{bytes_say[0]}; tin cậy: {trust[0].lower()}", f"{bytes_say[1]}; trust: {trust[1].lower()}"),
        indication=" ".join(filter(None, (one.indication, one.subindication))),
    )


def _when(one: SignatureReport) -> Pair:
    if one.timestamped_at is not None:
        moment = at_home(one.timestamped_at)
        return (
            f"{moment}, theo dấu thời gian của một bên thứ ba",
            f"{moment}, by a third party's time-stamp",
        )
    if one.claimed_at is not None:
        moment = at_home(one.claimed_at)
        return (
            f"{moment}, theo đồng hồ của người ký (chưa được chứng minh)",
            f"{moment}, by the signer's own clock (not proven)",
        )
    return "không rõ thời điểm", "moment not known"


def _covered(one: SignatureReport, size: int) -> Pair:
    if not one.covers_until:
        return "không rõ phần được ký", "what it covers is not known"
    if one.covers_until >= size:
        return "phủ toàn bộ tệp", "covers the whole file"
    part = f"{thousands(one.covers_until)} / {thousands(size)} byte"
    return f"phủ {part} đầu của tệp", f"covers the first {part}"


def _after(signatures: tuple[SignatureReport, ...], at: int, size: int) -> Pair:
    until = signatures[at].covers_until
    if not until or until >= size:
        return "sau đó không thêm gì", "nothing came after"
    later = [
        other + 1
        for other in range(len(signatures))
        if other != at and signatures[other].covers_until > until
    ]
    added = thousands(size - until)
    if later:
        numbers = ", ".join(map(str, later))
        filled = signatures[at].filled_behind
        fields = (
            (f", {filled} trường biểu mẫu được điền", f", {filled} form fields filled")
            if filled
            else ("", "")
        )
        return (
            f"sau đó thêm {added} byte: chữ ký {numbers}{fields[0]}",
            f"then {added} bytes came: signature {numbers}{fields[1]}",
        )
    return f"sau đó thêm {added} byte không có chữ ký", f"then {added} bytes came, unsigned"


def at_home(at: datetime) -> str:
    """Return a moment on Viet Nam's clock."""
    return f"{at.astimezone(VIETNAM):%d/%m/%Y %H:%M:%S} (UTC+7)"


def thousands(number: int) -> str:
    """Return a number with points between its thousands, as written in Vietnamese."""
    return f"{number:,}".replace(",", ".")
