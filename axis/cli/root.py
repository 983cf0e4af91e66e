"""The command `axis` itself: loads the module of the one command that was asked for, and no other."""

import difflib
import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import typer.main
from typer.core import TyperGroup

from axis.cli.commands import COMMANDS, GROUPS
from axis.cli.exits import MEANING, USAGE, StopError

if TYPE_CHECKING:
    from typer import Context

TITLE: Final = "Trục liên thông văn bản quốc gia / Vietnam's national document axis"

EXAMPLES: Final = (
    ("axis demo", "xem một văn bản đi hết đường", "watch one document travel"),
    ("axis up", "khởi động trục trên máy này", "start a stack here"),
    ("axis directory import agencies.csv signers.csv seals.csv", "nạp danh bạ", "load the directory"),
    ("axis connection add dms-bo --agency G12 --save", "đăng ký một hệ thống", "register a system"),
    ("axis sandbox packet --from G12 --to H49 -o goi.edxml", "làm một gói tin thử", "make a test packet"),
    ("axis send goi.edxml --as dms-bo", "gửi", "send it"),
    ("axis check vanban.pdf", "chỉ kiểm tra, không gửi", "only judge"),
)


class Root(TyperGroup):
    """Knows every command by name; imports one when it is used."""

    def list_commands(self, ctx: "Context") -> list[str]:  # type: ignore[override]  # typer keeps its base private
        """Return every name, for completion."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: "Context", cmd_name: str) -> Any:  # type: ignore[override]  # noqa: ANN401
        """Import a command's module and return the command; None for an unknown name."""
        del ctx
        return load(cmd_name) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: "Context", args: list[str]) -> Any:  # type: ignore[override]  # noqa: ANN401
        """Say which command was probably meant."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f"; ý là `axis {near[0]}`?" if near else "; xem axis --help"
            raise StopError(USAGE, f"không có lệnh “{args[0]}”{hint}", f"no command {args[0]!r}")
        return super().resolve_command(ctx, args)

    def get_help(self, ctx: "Context") -> str:  # type: ignore[override]
        """Return the first page."""
        del ctx
        return "\n".join(first_page())


def load(name: str) -> Any:  # noqa: ANN401 - typer's command classes are private
    """Import the module of a command and return the command."""
    module = importlib.import_module(f"axis.cli.{COMMANDS[name].module}")
    command: Any = typer.main.get_command(module.app)
    inner = getattr(command, "commands", {})
    _flow(command)
    return inner.get(name, command)


def _flow(command: Any) -> None:  # noqa: ANN401 - as above
    r"""Let paragraphs of help fill the width of the terminal; blocks that begin with \\b stay as written."""
    parts = (command.help or "").split("\n\n")
    command.help = "\n\n".join(one if one.startswith("\b") else one.replace("\n", " ") for one in parts)
    for inner in getattr(command, "commands", {}).values():
        _flow(inner)


def first_page() -> Sequence[str]:
    """Return the lines of `axis --help`."""
    lines = [TITLE, "", "  axis LỆNH --help: giải thích và ví dụ (explains, with examples)", ""]
    lines.append("Ví dụ / Examples")
    for example, vi, en in EXAMPLES:
        lines += [f"  $ {example}", f"      {vi} ({en})"]
    for title, group in GROUPS:
        lines += ["", title]
        lines += [f"  {name:<11} {place.vi} ({place.en})" for name, place in group.items()]
    lines += ["", "Mọi lệnh nhận --json: mỗi dòng một đối tượng (one JSON object a line)."]
    lines += ["axis --version: phiên bản (the version)."]
    lines += ["AXIS_HOME: thư mục dữ liệu của trục trên máy này (folder of the local stack)."]
    lines += ["Giờ trong các bảng là giờ Việt Nam, UTC+7 (times in tables are Vietnam's)."]
    lines += ["", "Mã thoát / Exit codes"]
    lines += [f"  {code:<3} {vi} ({en})" for code, vi, en in MEANING]
    return lines


def build() -> Root:
    """Return the root command."""
    return Root(name="axis", no_args_is_help=True, help=TITLE, rich_markup_mode="rich")
