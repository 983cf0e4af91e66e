"""Passwords of people: argon2id, a few at once, the same time for unknown names."""

import asyncio
import secrets
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LEAST: Final = 12
"""Characters of a password that a person chooses."""
MOST: Final = 200
AT_ONCE: Final = 2
"""Hashing takes 64 MiB and tens of milliseconds each: a storm of logins must not take the machine."""


class Passwords:
    """Hashes and checks passwords in threads."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """Prepare.

        Args:
            hasher: None: argon2id with the library's current parameters (RFC 9106, low memory).
        """
        self._hasher = hasher or PasswordHasher()
        self._nobody = self._hasher.hash(secrets.token_urlsafe(16))
        self._turn = asyncio.Semaphore(AT_ONCE)

    def hash(self, password: str) -> str:
        """Return the argon2id hash of a password."""
        return self._hasher.hash(password)

    async def matches(self, kept: str | None, given: str) -> bool:
        """Tell whether a password is the one whose hash is kept; None: there is no such account."""
        async with self._turn:
            return await asyncio.to_thread(self._matches, kept, given[:MOST])

    def _matches(self, kept: str | None, given: str) -> bool:
        try:
            right = self._hasher.verify(kept or self._nobody, given)
        except (VerificationError, InvalidHashError):
            return False
        return right and kept is not None


def fresh_password() -> str:
    """Make a password to hand over once: 100 random bits in groups that can be read out."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))
