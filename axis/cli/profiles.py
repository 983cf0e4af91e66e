"""Profiles: credentials of connections on this machine, one file each, for `--as NAME`."""

import os
import stat
from contextlib import suppress
from pathlib import Path

import msgspec

from axis.cli import exits
from axis.cli.exits import StopError
from axis.settings import default_home


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that a system needs to connect."""

    name: str
    rest_url: str
    client_id: str
    client_secret: str
    ca_file: str
    """PEM of the authority behind the gateway's certificate; empty: the system's own."""
    agencies: tuple[str, ...] = ()
    """Codes it speaks for when it was saved: the default of ``--from``."""
    kafka_bootstrap: str = ""
    kafka_user: str = ""
    """Empty: it speaks HTTP only."""
    kafka_password: str = ""
    kafka_ca: str = ""
    registry_url: str = ""
    registry_user: str = ""
    registry_password: str = ""


def folder() -> Path:
    """Return where profiles are kept."""
    return default_home(os.environ) / "profiles"


def save(profile: Profile) -> Path:
    """Write a profile that only its owner can read; return where."""
    home = folder()
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    path = home / f"{profile.name}.json"
    fresh = home / f".{profile.name}.{os.getpid()}"
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(profile)) + b"\n")
    fresh.replace(path)
    return path


def load(name: str) -> Profile:
    """Read a profile by name; with an empty name, the only one there is.

    Raises:
        StopError: none of this name, none or several to choose from, or not readable.
    """
    home = folder()
    there = sorted(path.stem for path in home.glob("*.json")) if home.is_dir() else []
    if not name:
        if len(there) != 1:
            shown = ", ".join(there) or "chưa có / none"
            raise StopError(
                exits.USAGE,
                f"hãy chọn kết nối bằng --as TÊN ({shown}); tạo: axis connection add TÊN --agency MÃ --save",
                "choose a connection with --as NAME",
            )
        name = there[0]
    path = home / f"{name}.json"
    if name not in there:
        known = f"; hiện có: {', '.join(there)}" if there else ""
        raise StopError(
            exits.USAGE,
            f"không có hồ sơ “{name}” ở {home}{known}; tạo: axis connection add {name} --agency MÃ --save",
            "no such profile",
        )
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise StopError(
            exits.CREDENTIALS,
            f"{path} có thể bị người khác đọc; chạy: chmod 600 {path}",
            "others can read this file of secrets",
        )
    try:
        return msgspec.json.decode(path.read_bytes(), type=Profile)
    except msgspec.MsgspecError as exc:
        raise StopError(exits.USAGE, f"{path} không đúng dạng: {exc}", "not a profile") from exc


def follow(old_url: str, new_url: str) -> None:
    """Let the profiles of the local stack follow its door to another port."""
    for path in sorted(folder().glob("*.json")):
        with suppress(StopError):  # one that cannot be read is told when it is used
            profile = load(path.stem)
            if profile.rest_url == old_url:
                save(msgspec.structs.replace(profile, rest_url=new_url))


def forget(name: str) -> None:
    """Remove a profile, if there is one."""
    (folder() / f"{name}.json").unlink(missing_ok=True)
