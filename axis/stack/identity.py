"""A stack's own name and passwords: made once, kept in one file that only its owner reads."""

import json
import secrets
from typing import Final

import msgspec

from axis.errors import SetupError
from axis.stack.places import Home, write_private
from axis.topics import TOPICS

OUR_ROLES: Final = tuple(sorted({role for topic in TOPICS for role in (*topic.writers, *topic.readers)}))
"""Roles of the table of topics: our own processes."""
FIRST_USERS: Final = ("admin", "broker")
"""`admin` makes topics, users and rights; `broker` is the broker to itself."""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who this stack is. Passwords are hexadecimal: no quoting anywhere."""

    name: str
    """Tells the processes of this stack from those of another."""
    kafka: dict[str, str]
    """Password by role: `FIRST_USERS` and `OUR_ROLES`."""
    database: dict[str, str]
    """Password by role: `postgres` (owner of the server), `axis`, `registry`."""
    registry: dict[str, str]
    """Password by user: `deployer` writes schemas, `reader` reads them."""


def load_identity(home: Home) -> Identity:
    """Return the stack's identity, made now if there is none.

    Raises:
        SetupError: the file is there and unreadable.
    """
    try:
        kept = json.loads(home.identity.read_text(encoding="utf-8"))
    except FileNotFoundError:
        kept = {}
    except PermissionError as exc:
        raise SetupError(
            f"{home.root} là của tài khoản khác / belongs to another account;"
            " set AXIS_HOME to a folder of yours"
        ) from exc
    except (OSError, ValueError) as exc:
        raise SetupError(
            f"không đọc được {home.identity} / is unreadable ({exc}): the passwords of this stack are lost;"
            f" remove {home.root} and start anew"
        ) from exc
    identity = Identity(
        name=kept.get("name") or secrets.token_hex(6),
        kafka=_filled(kept.get("kafka", {}), (*FIRST_USERS, *OUR_ROLES)),
        database=_filled(kept.get("database", {}), ("postgres", "axis", "registry")),
        registry=_filled(kept.get("registry", {}), ("deployer", "reader")),
    )
    if msgspec.to_builtins(identity) != kept:
        write_private(home.identity, msgspec.json.encode(identity).decode())
    return identity


def _filled(kept: dict[str, str], users: tuple[str, ...]) -> dict[str, str]:
    return {user: kept.get(user) or secrets.token_hex(16) for user in users}
