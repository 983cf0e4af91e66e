"""Access tokens of the REST door: issued for client credentials, kept as digests only."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec

from axis.store.faults import store_faults

if TYPE_CHECKING:
    from axis.store.pool import Pool

LIFE: Final = timedelta(hours=1)
"""How long a token is good for. Short: it is a bearer's."""

_CLIENT: Final = """
SELECT name, secret_sha256,
       ARRAY (SELECT r.secret_sha256 FROM retired_credential r
               WHERE r.connection = name AND r.ends_at > $2) AS still_good
  FROM connection
 WHERE client_id = $1 AND removed_at IS NULL
"""

_INSERT: Final = """
INSERT INTO access_token (token_sha256, connection, expires_at)
VALUES ($1, $2, $3)
"""

_BEARER: Final = """
SELECT c.name, c.bytes_per_second, c.requests_per_second, c.max_packet_bytes, t.expires_at
  FROM access_token t
  JOIN connection c ON c.name = t.connection AND c.removed_at IS NULL
 WHERE t.token_sha256 = $1 AND t.expires_at > $2
"""

_CONTACT: Final = """
UPDATE connection
   SET last_contact_at = $2::timestamptz
 WHERE name = $1 AND (last_contact_at IS NULL OR last_contact_at < $2::timestamptz - interval '1 minute')
"""

_EXPIRE: Final = """
DELETE FROM access_token
 WHERE expires_at <= $1
"""


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who stands at the door, and how much it may ask of us."""

    connection: str
    bytes_per_second: int
    requests_per_second: int
    max_packet_bytes: int
    expires_at: datetime
    """When its token ends."""


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A fresh token. Only its holder ever sees it; the database has the digest."""

    text: str
    expires_at: datetime


async def issue_token(pool: "Pool", client_id: str, secret: str, *, at: datetime) -> Token | None:
    """Give a token to a connection that proves itself.

    Args:
        pool: of the gateway's role.
        client_id: as `axis connection add` printed it.
        secret: likewise.
        at: now, timezone-aware.

    Returns:
        The token, or None where id or secret is wrong or the connection was removed.

    Raises:
        UnavailableError: the database is away.
    """
    given = hashlib.sha256(secret.encode()).hexdigest()
    with store_faults():
        row = await pool.fetchrow(_CLIENT, client_id, at)
        # Compared even for an unknown client, so that both answers take the same time.
        good = [row["secret_sha256"], *row["still_good"]] if row else ["-" * 64]
        if not any(hmac.compare_digest(given, one) for one in good) or row is None:
            return None
        token = Token(text=secrets.token_urlsafe(32), expires_at=at + LIFE)
        await pool.execute(_INSERT, digest(token.text), row["name"], token.expires_at)
        await pool.execute(_CONTACT, row["name"], at)
    return token


async def find_bearer(pool: "Pool", token: str, *, at: datetime) -> Caller | None:
    """Tell whose token this is.

    Returns:
        None where there is no such token, it has ended, or its connection was removed.

    Raises:
        UnavailableError: the database is away.
    """
    with store_faults():
        row = await pool.fetchrow(_BEARER, digest(token), at)
        if row is None:
            return None
        await pool.execute(_CONTACT, row["name"], at)
    return Caller(
        connection=row["name"],
        bytes_per_second=row["bytes_per_second"],
        requests_per_second=row["requests_per_second"],
        max_packet_bytes=row["max_packet_bytes"],
        expires_at=row["expires_at"],
    )


async def expire_tokens(pool: "Pool", *, at: datetime) -> int:
    """Forget tokens that have ended; return how many."""
    with store_faults():
        done = await pool.execute(_EXPIRE, at)
    return int(done.rpartition(" ")[2])


def digest(token: str) -> str:
    """Return what the database keeps of a token: a plain digest, for it is 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()
