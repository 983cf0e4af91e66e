"""Apicurio, the schema registry of the local stack: on PostgreSQL, with passwords, loopback only.

The release is built with Quarkus' list of users in its configuration, so that
passwords can be set at run time: `reader` may read, only `deployer` may write.
"""

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from axis.errors import SetupError
from axis.stack.identity import Identity
from axis.stack.places import APICURIO_VERSION, Home, archive, cache, filled, java, write_private
from axis.stack.program import Program, base_environ, bound

MEMORY: Final = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
API: Final = "/apis/ccompat/v7"


def prepare_registry(
    home: Home, identity: Identity, *, port: int, management_port: int, database_url: str
) -> None:
    """Write the registry's configuration.

    Args:
        home: of the stack.
        identity: gives the passwords of its two users.
        port: of its API.
        management_port: of its readiness.
        database_url: of a database of its own, ``postgresql://user:password@host:port/name``.

    Raises:
        SetupError: the server was never fetched.
    """
    if not _jar().exists():
        raise SetupError(
            f"thiếu sổ lược đồ / the schema registry is missing below {cache()}: run `make setup`"
        )
    url = urlsplit(database_url)
    settings = filled(
        "registry.properties",
        port=port,
        management_port=management_port,
        jdbc_url=f"jdbc:postgresql://{url.hostname}:{url.port or 5432}{url.path}?{url.query}",
        jdbc_user=url.username,
        jdbc_password=url.password,
        deployer_password=identity.registry["deployer"],
        reader_password=identity.registry["reader"],
    )
    write_private(home.registry / "config" / "application.properties", settings)


def registry_program(home: Home, *, port: int, management_port: int, needs: tuple[int, ...]) -> Program:
    """Say how the registry is run. It reads ``config/application.properties`` of its working folder."""
    return Program(
        name="registry",
        stage=2,
        command=bound([java(), *MEMORY, *archive("registry"), "-jar", str(_jar())]),
        environ=base_environ(),
        folder=home.registry,
        port=port,
        ready="/health/ready",
        ready_port=management_port,
        needs=needs,
    )


def _jar() -> Path:
    return cache() / f"apicurio-{APICURIO_VERSION}" / "quarkus-run.jar"
