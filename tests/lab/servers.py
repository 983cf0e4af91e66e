"""Real servers for tests: started once a session, each test module has its own database."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from axis.kafka.admin import USERS, apply_rights, apply_topics, apply_users
from axis.settings import Settings
from axis.stack.alone import Child, start_alone
from axis.stack.identity import Identity, load_identity
from axis.stack.kafka import kafka_program, prepare_kafka
from axis.stack.places import Home
from axis.stack.ports import choose_ports
from axis.stack.postgres import database_url, postgres_program, prepare_postgres
from axis.stack.registry import API, prepare_registry, registry_program
from axis.store.migrate import migrate
from tests.lab.leftovers import own_folder


@contextmanager
def temporary_home(below: str = "") -> Iterator[Home]:
    """Give a folder that a server under another account can reach, and remove it with all that is below.

    Args:
        below: name of a folder inside it that is the home; empty: it is the home itself.
    """
    with own_folder("axis-test-") as root:
        folder = root / below
        folder.mkdir(exist_ok=True)
        for one in (root, folder):
            one.chmod(0o711 if os.geteuid() == 0 else 0o700)
        home = Home(folder)
        home.run.mkdir()
        yield home


class Postgres:
    """A PostgreSQL server of one test session."""

    def __init__(self, home: Home) -> None:
        """Make its data folder; fsync is off, no test survives a power cut."""
        self.home = home
        self.identity = load_identity(home)
        self.port = choose_ports(("postgres",), {}, {})[0]["postgres"]
        prepare_postgres(home, self.identity, durable=False)
        self.child: Child | None = None

    def start(self) -> None:
        """Start it, and make the migrated template of all databases if there is none."""
        program = postgres_program(self.home, self.port, durable=False)
        self.child = start_alone(program, self.home.logs / "postgres.log")

    def stop(self) -> None:
        """Stop it."""
        if self.child is not None:
            self.child.stop()

    def make_template(self) -> None:
        """Migrate the database that all others are copied from."""
        asyncio.run(migrate(database_url(self.identity, self.port)))

    def make_database(self, name: str) -> str:
        """Make an own, migrated database and return its address."""
        self.drop_database(name)
        asyncio.run(self._as_owner(f'CREATE DATABASE "{name}" TEMPLATE axis OWNER axis STRATEGY file_copy'))
        return database_url(self.identity, self.port, name=name)

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is still connected."""
        asyncio.run(self._as_owner(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))

    async def _as_owner(self, statement: str) -> None:
        connection = await asyncpg.connect(
            database_url(self.identity, self.port, role="postgres"), timeout=10
        )
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


class Broker:
    """A Kafka broker of one test session: SCRAM over TLS, topics, users and rights as in production."""

    def __init__(self, home: Home) -> None:
        """Make its folder and certificates."""
        self.home = home
        self.identity: Identity = load_identity(home)
        ports, _ = choose_ports(("kafka", "controller"), {}, {})
        self.port = ports["kafka"]
        prepare_kafka(home, self.identity, client_port=self.port, controller_port=ports["controller"])
        self.child: Child | None = None

    @property
    def bootstrap(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"

    @property
    def ca(self) -> Path:
        """The authority of its certificate."""
        return self.home.tls / "ca.pem"

    def settings(self, role: str) -> Settings:
        """Return settings that reach it.

        Args:
            role: ``admin``, or a role of the table of topics.
        """
        return Settings(
            home=self.home.root,
            kafka_bootstrap=self.bootstrap,
            kafka_user=USERS.get(role, role),
            kafka_password=self.identity.kafka[role],
            kafka_ca=str(self.ca),
        )

    def start(self) -> None:
        """Start it."""
        program = kafka_program(self.home, client_port=self.port)
        self.child = start_alone(program, self.home.logs / "kafka.log")

    def apply(self) -> None:
        """Make topics, users and rights."""
        admin = self.settings("admin")
        apply_topics(admin)
        apply_users(admin, {role: self.identity.kafka[role] for role in USERS})
        apply_rights(admin)

    def stop(self) -> None:
        """Stop it."""
        if self.child is not None:
            self.child.stop()

    def kill(self) -> None:
        """Take its power away."""
        if self.child is not None:
            self.child.kill()


class Registry:
    """A schema registry of one test session, on the session's PostgreSQL."""

    def __init__(self, postgres: Postgres) -> None:
        """Write its configuration."""
        self.home = postgres.home
        self.identity = postgres.identity
        ports, _ = choose_ports(("registry", "management"), {}, {})
        prepare_registry(
            self.home,
            self.identity,
            port=ports["registry"],
            management_port=ports["management"],
            database_url=database_url(self.identity, postgres.port, role="registry"),
        )
        program = registry_program(
            self.home, port=ports["registry"], management_port=ports["management"], needs=()
        )
        self.port = ports["registry"]
        self.child = start_alone(program, self.home.logs / "registry.log")

    def settings(self, user: str) -> Settings:
        """Return settings that reach it.

        Args:
            user: ``deployer`` or ``reader``.
        """
        return Settings(
            home=self.home.root,
            registry_url=f"http://127.0.0.1:{self.port}{API}",
            registry_user=user,
            registry_password=self.identity.registry[user],
        )
