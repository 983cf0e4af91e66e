"""`axis connection move` and `check`: connections in the course of time."""

from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from axis.cli import exits, out
from axis.cli.database import both, database, run
from axis.cli.exits import StopError
from axis.cli.out import Json
from axis.desk import drift
from axis.store import moving

MOVE: Final = """Chuyển cơ quan, cùng thư chưa lấy, sang kết nối khác (agencies with mail not yet fetched).

Không --agency: mọi cơ quan. Gói tin đã gửi và biên nhận ở lại với kết nối cũ (what was sent stays).

\b
Ví dụ / Examples
  $ axis connection move dms-cu dms-moi
  $ axis connection move lgsp-h49 dms-halong --agency H49.02
"""

CHECK: Final = """So kết nối giữa Kafka và cơ sở dữ liệu, sửa chỗ lệch (compare broker and database, mend).

Mã thoát 1: còn chỗ lệch (something is left).

\b
Ví dụ / Examples
  $ axis connection check
  $ axis connection check --dry-run --json
"""


def move(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Kết nối cũ (the old connection).")],
    to: Annotated[str, typer.Argument(metavar="TO", help="Kết nối nhận (the other connection).")],
    agency: Annotated[
        list[str] | None,
        typer.Option("--agency", metavar="CODE", help="Chỉ cơ quan này; lặp lại được (only these)."),
    ] = None,
    *,
    json: Json = False,
) -> None:
    """Let another connection speak for agencies, with their mail."""
    codes, count = run(_move(name, to, agency or []))
    if json:
        out.emit({"from": name, "to": to, "agencies": codes, "deliveries": count})
    else:
        out.say(
            f"{to} đại diện cho {', '.join(codes)}; {count} thư chưa lấy đi cùng", "moved with their mail"
        )


async def _move(name: str, to: str, agencies: list[str]) -> tuple[tuple[str, ...], int]:
    async with database() as conn, conn.transaction():
        return await moving.move_agencies(conn, name, to, agencies, at=datetime.now(UTC))


def check(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Chỉ kể, không sửa (only tell).")] = False,
    json: Json = False,
) -> None:
    """Find drift and mend it."""
    found = run(_check(mend=not dry_run))
    for one in found:
        if json:
            out.emit(one)
        else:
            state = "đã sửa / mended" if one.mended else "còn đó / left"
            out.say(f"{one.connection or '-'}: {one.kind} {one.what}: {state}")
    if not json and not found:
        out.say("Không lệch chỗ nào", "no drift")
    if any(not one.mended for one in found):
        raise StopError(exits.REFUSED, "còn chỗ lệch; xem trên", "drift is left")


async def _check(*, mend: bool) -> tuple[drift.Drift, ...]:
    async with both() as (conn, doors):
        if doors is None:
            raise StopError(exits.ABSENT, "chưa khai báo Kafka (AXIS_KAFKA_BOOTSTRAP)", "no broker is set")
        return await drift.check(conn, doors, at=datetime.now(UTC), mend=mend)
