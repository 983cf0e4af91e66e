"""The cast: which people, seals and servers the test authority issues, and what is wrong with them."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from axis.register import Agency, Level
from axis.sandbox.identity import Identity, KeyKind, Part, Role, label_of
from axis.sandbox.mint import new_serial
from axis.sandbox.people import invented_name, office_of, position_of

GOOD: Final = (Part.HEAD, Part.DEPUTY, Part.OFFICE, Part.ACTING)
UPFRONT: Final = (*GOOD, Part.FORMER, Part.LIMITED, Part.REVOKED, Part.EXPIRED)
"""Parts that every connected agency has from the start; the others come when asked for."""

LIMITED_KIND: Final = "Báo cáo"
"""The one kind that a limited mandate covers."""

RSA_AGENCIES: Final = 3
"""So many of the agencies given first sign with RSA-2048, as most real tokens do; the rest with P-256."""

SERVERS: Final = ("kafka", "gateway", "registry")
CLIENTS: Final = ("kafka-controller", "kafka-client")
AXIS_SEAL: Final = "axis-seal"

_YEAR: Final = timedelta(days=365)
_MONTH: Final = timedelta(days=30)


def standing_cast(agencies: Iterable[Agency], *, now: datetime) -> Iterator[Identity]:
    """Return everyone whom connected agencies need from the start.

    Args:
        agencies: the first few of them get RSA keys.
        now: when the authority was made; all spans count from there.
    """
    for number, agency in enumerate(agency for agency in agencies if agency.connection):
        key = KeyKind.RSA2048 if number < RSA_AGENCIES else KeyKind.P256
        yield seal(agency, now=now, key=key)
        for part in UPFRONT:
            yield person(agency, part, now=now, key=key if part is Part.HEAD else KeyKind.P256)
        if agency.parent and agency.level is Level.CENTRAL:
            yield person(agency, Part.DELEGATE, now=now)


def person(agency: Agency, part: Part = Part.HEAD, *, now: datetime, key: KeyKind = KeyKind.P256) -> Identity:
    """Describe the person who plays a part in an agency; nothing is issued yet."""
    office = office_of(agency)
    since, until = _validity(part, now)
    return Identity(
        label=label_of("person", agency.code, part),
        role=Role.PERSON,
        part=part,
        agency=agency.code,
        agency_name=agency.name,
        full_name=invented_name(agency.code, part),
        position=position_of(office, part),
        collective=office.collective,
        parent=agency.parent,
        key=KeyKind.RSA1024 if part is Part.WEAK else key,
        serial=new_serial(),
        not_before=since,
        not_after=until,
        revoked_at=now - timedelta(days=1) if part is Part.REVOKED else None,
        mandate_since=since - _YEAR,
        mandate_until=now - timedelta(days=10) if part is Part.FORMER else _end(part, now),
        kinds=(LIMITED_KIND,) if part is Part.LIMITED else ("*",),
    )


def seal(agency: Agency, part: Part = Part.HEAD, *, now: datetime, key: KeyKind = KeyKind.P256) -> Identity:
    """Describe the seal of an agency, a good one or one with a fault; nothing is issued yet."""
    since, until = _validity(part, now)
    return Identity(
        label=label_of("seal", agency.code, "" if part is Part.HEAD else part),
        role=Role.SEAL,
        part=part,
        agency=agency.code,
        agency_name=agency.name,
        key=KeyKind.RSA1024 if part is Part.WEAK else key,
        serial=new_serial(),
        not_before=since,
        not_after=until,
        revoked_at=now - timedelta(days=1) if part is Part.REVOKED else None,
    )


def services(*, now: datetime) -> Iterator[Identity]:
    """Describe the servers and clients of the local stack, and the axis' own seal."""
    for role, labels in ((Role.SERVER, SERVERS), (Role.CLIENT, CLIENTS), (Role.AXIS, (AXIS_SEAL,))):
        for label in labels:
            yield Identity(
                label=label,
                role=role,
                agency_name="TRỤC LIÊN THÔNG THỬ NGHIỆM - TEST ONLY" if role is Role.AXIS else label,
                serial=new_serial(),
                not_before=now - _MONTH,
                not_after=now + 5 * _YEAR,
            )


def _validity(part: Part, now: datetime) -> tuple[datetime, datetime]:
    if part is Part.EXPIRED:
        return now - 2 * _YEAR, now - _MONTH
    if part is Part.FUTURE:
        return now + _MONTH, now + _YEAR
    return now - _MONTH, now + 3 * _YEAR


def _end(part: Part, now: datetime) -> datetime | None:
    # A delegation in writing always has an end (NĐ 30/2020 Điều 13.4).
    return now + _YEAR if part is Part.DELEGATE else None
