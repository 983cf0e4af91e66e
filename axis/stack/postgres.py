"""PostgreSQL of the local stack: its own data folder, passwords, loopback only.

The server refuses to run as root; then it runs under the account that its
Debian package made, and its data lie where that account may go.
"""

import os
import pwd
import shutil
import stat
import time
from pathlib import Path
from typing import Final

from axis.errors import SetupError
from axis.stack.identity import Identity
from axis.stack.places import Home, fresh_folder, write_private
from axis.stack.program import Program, base_environ, bound, run_tool

VERSIONS: Final = range(15, 19)
LEAVE_SECONDS: Final = 15
"""How long the workers of a killed server may take to notice."""
ACCOUNT: Final = "postgres"
ROOMS: Final = Path("/var/lib/axis")
"""Data of stacks whose home the account cannot reach, e.g. below ``/root``; one folder a stack."""


def find_binaries() -> Path:
    """Return the folder of the newest supported server's programs.

    Raises:
        SetupError: none is installed.
    """
    for version in reversed(VERSIONS):
        folder = Path(f"/usr/lib/postgresql/{version}/bin")
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    raise SetupError(
        "thiếu PostgreSQL / PostgreSQL 15 to 18 is not installed: run `make setup`,"
        " or `apt-get install postgresql`, or set AXIS_DATABASE_URL to a server of yours"
    )


def prepare_postgres(home: Home, identity: Identity, *, durable: bool = True) -> None:
    """Make the data folder with roles and databases, unless it is there. A half-made one is made anew.

    Args:
        home: of the stack.
        identity: gives the passwords.
        durable: False: do not wait for the disk while initialising (tests only).

    Raises:
        SetupError: no server is installed, or it says why it cannot.
    """
    if (home.postgres / "PG_VERSION").exists():
        _same_version(home)
        _drop_stale_lock(home)
        return
    binaries = find_binaries()
    place = _place(home, identity)
    if place != home.postgres:
        ROOMS.mkdir(mode=0o711, parents=True, exist_ok=True)
        if home.postgres.is_symlink():
            home.postgres.unlink()
    folder = fresh_folder(place)
    password = folder.with_name(f"{folder.name}.password")
    try:
        write_private(password, identity.database["postgres"] + "\n")
        if as_root():
            account = _account()
            os.chown(folder, account.pw_uid, account.pw_gid)
            os.chown(password, account.pw_uid, account.pw_gid)
        command = [f"{binaries}/initdb", "-D", str(folder), "-U", "postgres", "-A", "scram-sha-256", "-k"]
        command += [f"--pwfile={password}", "-E", "UTF8", "--locale=C.UTF-8"]
        command += [] if durable else ["-N"]
        run_tool(_as_account(folder, command), what="PostgreSQL", folder=Path("/"))
    finally:
        password.unlink(missing_ok=True)
    # Single-user mode: roles and databases exist before anybody can connect.
    sql = "".join(
        f"CREATE ROLE {role} LOGIN PASSWORD '{identity.database[role]}';\n\n"
        f"CREATE DATABASE {role} OWNER {role};\n\n"
        f"REVOKE ALL ON DATABASE {role} FROM PUBLIC;\n\n"
        for role in ("axis", "registry")
    )
    single = [f"{binaries}/postgres", "--single", "-j", "-D", str(folder), "-c", "exit_on_error=true"]
    single += [] if durable else ["-F"]
    run_tool(_as_account(folder, [*single, "postgres"]), what="PostgreSQL", stdin=sql, folder=Path("/"))
    folder.rename(place)
    if place != home.postgres:
        home.postgres.symlink_to(place)


def postgres_program(home: Home, port: int, *, durable: bool = True) -> Program:
    """Say how the server is run. SIGINT is its quick and clean stop; SIGTERM would wait for clients."""
    data = home.postgres.resolve()
    options = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] %a ",
        "max_connections": "120",
        "jit": "off",  # our statements are short; compiling them is not
    }
    if not durable:
        options |= {"fsync": "off", "full_page_writes": "off"}
    command = [f"{find_binaries()}/postgres", "-D", str(data)]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    return Program(
        name="postgres",
        command=tuple(_as_account(data, command)),
        environ={**base_environ(), "HOME": str(data)},
        folder=Path("/"),
        port=port,
        # It listens before it has recovered.
        ready_command=(f"{find_binaries()}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)),
        stop_signal="INT",
    )


def database_url(identity: Identity, port: int, role: str = "axis", name: str = "") -> str:
    """Return how a role reaches its database."""
    return f"postgresql://{role}:{identity.database[role]}@127.0.0.1:{port}/{name or role}"


def remove_postgres(home: Home) -> None:
    """Delete the data for good, wherever they lie."""
    place = home.postgres.resolve()
    if home.postgres.is_symlink():
        home.postgres.unlink()
    shutil.rmtree(place, ignore_errors=True)


def as_root() -> bool:
    """Say whether we are root, whom the server refuses."""
    return os.geteuid() == 0


def _account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError as exc:
        raise SetupError(
            f"thiếu tài khoản {ACCOUNT} / PostgreSQL refuses root, and there is no account {ACCOUNT}:"
            " install Debian's package postgresql"
        ) from exc


def _as_account(folder: Path, command: list[str]) -> list[str]:
    # SIGINT is what the supervisor sends too: quick and clean.
    if not as_root():
        return list(bound(command, "INT"))
    drop = [
        "setpriv",
        "--pdeathsig=INT",
        f"--reuid={ACCOUNT}",
        f"--regid={_account().pw_gid}",
        "--init-groups",
    ]
    return [*drop, "--inh-caps=-all", "--no-new-privs", "env", f"HOME={folder}", *command]


def _place(home: Home, identity: Identity) -> Path:
    if not as_root():
        return home.postgres
    open_to_all = all(folder.stat().st_mode & stat.S_IXOTH for folder in (home.root, *home.root.parents))
    return home.postgres if open_to_all else ROOMS / f"postgres-{identity.name}"


def _same_version(home: Home) -> None:
    made = (home.postgres / "PG_VERSION").read_text().strip()
    found = find_binaries().parent.name
    if made != found:
        raise SetupError(
            f"sai phiên bản / the data in {home.postgres} are of PostgreSQL {made}, installed is {found}:"
            f" install postgresql-{made}, or start anew with another AXIS_HOME"
        )


def _drop_stale_lock(home: Home) -> None:
    """Remove the lock file of a killed server, once nobody is at work on the data.

    The server itself would take a process that is dead but not yet buried, or
    a stranger with its old number, for the one that holds the lock.
    """
    data = home.postgres.resolve()
    lock = data / "postmaster.pid"
    if not lock.exists():
        return
    until = time.monotonic() + LEAVE_SECONDS
    while found := _at_work(data):
        if time.monotonic() > until:
            raise SetupError(
                f"một PostgreSQL khác đang dùng / another PostgreSQL works on {data}: stop process {found[0]}"
            )
        time.sleep(0.05)
    lock.unlink(missing_ok=True)


def _at_work(data: Path) -> list[int]:
    """Return the living processes whose working folder is the data: the server and each of its workers."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == data:  # a zombie has no working folder
                found.append(int(process.name))
        except OSError:
            continue
    return found
