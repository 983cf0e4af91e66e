"""`axis topics`: the one table of topics, and the broker's."""

from pathlib import Path
from typing import Annotated

import typer

from axis.cli import exits, out
from axis.cli.exits import StopError
from axis.cli.funnel import absent
from axis.cli.out import Json
from axis.settings import load_settings
from axis.topics import TOPICS

app = typer.Typer(
    name="topics",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    help="Các topic Kafka của trục (the axis' Kafka topics).",
)


@app.command("list", help="Bảng các topic theo mã nguồn (the table of topics as code has it).")
def list_(*, json: Json = False) -> None:
    """Show the table."""
    if json:
        for topic in TOPICS:
            out.emit(topic)
        return
    out.table(
        "Topic",
        (
            "tên / name",
            "khóa / key",
            "lược đồ / schema",
            "phần / partitions",
            "ghi / writers",
            "đọc / readers",
        ),
        [
            (
                topic.name,
                topic.key,
                topic.schema,
                str(topic.partitions),
                ", ".join(topic.writers),
                ", ".join(topic.readers),
            )
            for topic in TOPICS
        ],
    )


@app.command(
    help="""Tạo topic còn thiếu, so topic đã có với bảng (create what is missing, compare the rest).

Khác biệt được kể ra, không tự sửa: mã thoát 1 (differences are told, never mended: exit code 1).

\b
Ví dụ / Examples
  $ axis topics apply
  $ axis topics apply --json
  $ axis topics apply --users /run/secrets     và người dùng, quyền (users and rights too)
"""
)
def apply(
    *,
    users: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Thư mục có tệp kafka_VAI-TRÒ, mỗi tệp một mật khẩu (folder of one password file a role).",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Create and compare."""
    from axis.kafka.admin import USERS, apply_rights, apply_topics, apply_users  # noqa: PLC0415 - loads the broker's client library

    settings = load_settings()
    if not settings.kafka_bootstrap:
        raise absent()
    with out.waiting("đang hỏi Kafka", "asking the broker", quiet=json):
        states = apply_topics(settings)
        if users is not None:
            files = {role: users / f"kafka_{role}" for role in USERS}
            passwords = {role: path.read_text(encoding="utf-8").strip() for role, path in files.items()}
            if empty := [role for role, password in passwords.items() if not password]:
                raise StopError(exits.USAGE, f"mật khẩu trống: {', '.join(empty)}", "an empty password")
            apply_users(settings, passwords)
            apply_rights(settings)
    for state in states:
        if json:
            out.emit(state)
        else:
            drift = "; ".join(state.drift)
            out.say(
                f"{state.name}: {'tạo mới / created' if state.created else drift or 'đúng / as it must be'}"
            )
    if any(state.drift for state in states):
        raise StopError(exits.REFUSED, "có topic khác với bảng", "a topic differs from the table")


@app.command(
    help="""Đăng ký các lược đồ vào sổ lược đồ (register the schemas; doing it again changes nothing).

\b
Ví dụ / Examples
  $ axis topics schemas
"""
)
def schemas(*, json: Json = False) -> None:
    """Register schemas."""
    from axis.contract.registry import register  # noqa: PLC0415 - loads the registry's client library

    settings = load_settings()
    if not settings.registry_url:
        raise absent()
    with out.waiting("đang đăng ký", "registering", quiet=json):
        done = register(settings)
    for one in done:
        if json:
            out.emit(one)
        else:
            out.say(f"{one.subject}: {one.name} ({one.schema_id})")
