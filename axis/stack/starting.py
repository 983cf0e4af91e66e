"""Starting the local stack: everything at once that can be, each thing when what it needs is ready."""

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from typing import Final

import msgspec

from axis.errors import UnavailableError
from axis.settings import Settings
from axis.stack.authority import authority_program, prepare_authority
from axis.stack.identity import Identity
from axis.stack.kafka import kafka_program, prepare_kafka
from axis.stack.places import Home
from axis.stack.postgres import database_url, postgres_program, prepare_postgres
from axis.stack.processes import PROCESSES, Access, gate_processes, our_program
from axis.stack.program import Program, await_ready
from axis.stack.prometheus import prepare_prometheus, prometheus_program
from axis.stack.registry import API, prepare_registry, registry_program
from axis.stack.supervision import Supervisor
from axis.stack.tls import ensure_tls

PORTS: Final = (
    "postgres", "kafka", "controller", "registry", "registry_management", "authority", "gateway", "console",
    *(f"metrics_{process.name}" for process in PROCESSES),
    "prometheus",
)  # fmt: skip

Progress = Callable[[str], None]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All that is decided before anything is started."""

    home: Home
    identity: Identity
    ports: dict[str, int]
    given_database: str
    """``AXIS_DATABASE_URL``; empty: our own server."""
    prometheus: bool
    extra: dict[str, dict[str, str]]
    """More environment by process."""

    @property
    def database_url(self) -> str:
        """How our processes reach the database."""
        return self.given_database or database_url(self.identity, self.ports["postgres"])

    @property
    def registry_database_url(self) -> str:
        """How the registry reaches its own."""
        if self.given_database:
            joiner = "&" if "?" in self.given_database else "?"
            return f"{self.given_database}{joiner}currentSchema=registry"
        return database_url(self.identity, self.ports["postgres"], role="registry")


def settings_of(plan: Plan) -> Settings:
    """Return the settings of commands: the administrator's."""
    home, ports = plan.home, plan.ports
    return Settings(
        home=home.root,
        database_url=plan.database_url,
        kafka_bootstrap=f"127.0.0.1:{ports['kafka']}",
        kafka_user="admin",
        kafka_password=plan.identity.kafka["admin"],
        kafka_ca=str(home.tls / "ca.pem"),
        kafka_denials=str(home.logs / "kafka.log"),
        registry_url=f"http://127.0.0.1:{ports['registry']}{API}",
        registry_user="deployer",
        registry_password=plan.identity.registry["deployer"],
        registry_reader_user="reader",
        registry_reader_password=plan.identity.registry["reader"],
        content_dir=str(home.content),
        trust_file=str(home.authority / "trust.json"),
        seal_certificate=str(home.authority / "seal" / "axis-seal.crt"),
        seal_key=str(home.authority / "seal" / "axis-seal.key"),
        seal_passphrase_file=str(home.authority / "seal" / "passphrase"),
        gateway_port=ports["gateway"],
        gateway_url=f"https://127.0.0.1:{ports['gateway']}",
        console_port=ports["console"],
        console_url=f"https://127.0.0.1:{ports['console']}",
        console_anchors=str(home.authority / "ca.pem"),
        console_watched=",".join(
            f"{process.name}=127.0.0.1:{ports[f'metrics_{process.name}']}" for process in PROCESSES
        ),
        tls_certificate=str(home.tls / "gateway.pem"),
        tls_key=str(home.tls / "gateway.key"),
        tls_ca=str(home.tls / "ca.pem"),
        gate_processes=gate_processes(),
    )


def prepare(plan: Plan) -> None:
    """Make what is missing of every server's folder, all at once.

    Raises:
        SetupError: something cannot be made; the message says what to do.
    """
    home, identity, ports = plan.home, plan.identity, plan.ports
    home.content.mkdir(mode=0o700, exist_ok=True)
    # Before the others: two of them would make it at the same time.
    ensure_tls(home)
    kafka = {"client_port": ports["kafka"], "controller_port": ports["controller"]}
    tasks: list[Callable[[], None]] = [
        lambda: prepare_kafka(home, identity, **kafka),
        lambda: prepare_authority(home, port=ports["authority"]),
        lambda: prepare_registry(
            home,
            identity,
            port=ports["registry"],
            management_port=ports["registry_management"],
            database_url=plan.registry_database_url,
        ),
    ]
    if not plan.given_database:
        tasks.append(lambda: prepare_postgres(home, identity))
    if plan.prometheus:
        tasks.append(lambda: prepare_prometheus(home, ports))
    with ThreadPoolExecutor(len(tasks)) as pool:
        _all_of([pool.submit(task) for task in tasks])


def programs_of(plan: Plan) -> list[Program]:
    """Return every program in the order of its start."""
    from axis.kafka.admin import USERS  # noqa: PLC0415 - loads the broker's client; see `Starter`

    home, ports = plan.home, plan.ports
    database = () if plan.given_database else (ports["postgres"],)
    servers = [] if plan.given_database else [postgres_program(home, ports["postgres"])]
    servers += [
        kafka_program(home, client_port=ports["kafka"]),
        authority_program(home, port=ports["authority"]),
        registry_program(
            home, port=ports["registry"], management_port=ports["registry_management"], needs=database
        ),
    ]
    ours = []
    for process in PROCESSES:
        access = Access(
            kafka_user=USERS.get(process.name, ""),
            kafka_password=plan.identity.kafka.get(process.name, ""),
            registry_password=plan.identity.registry["reader"],
        )
        program = our_program(
            process,
            settings_of(plan),
            access,
            metrics_port=ports[f"metrics_{process.name}"],
            extra=plan.extra.get(process.name, {}),
        )
        needs = (*database, ports["kafka"]) if process.broker else database
        ours.append(msgspec.structs.replace(program, needs=needs))
    extras = [prometheus_program(home, port=ports["prometheus"])] if plan.prometheus else []
    return [*servers, *ours, *extras]


class Starter:
    """Starts the programs of a plan under a running supervisor."""

    def __init__(self, plan: Plan, supervisor: Supervisor, progress: Progress) -> None:
        """Nothing is started yet."""
        self.plan = plan
        self.settings = settings_of(plan)
        self.supervisor = supervisor
        self.progress = progress
        self.programs = {program.name: program for program in programs_of(plan)}

    def start_all(self) -> None:
        """Start all; return when all are ready.

        Raises:
            UnavailableError: one does not become ready; the message has its reason.
            SetupError: migrations, topics or schemas cannot be applied.
        """
        with ThreadPoolExecutor(len(self.programs)) as pool:
            tasks = [
                pool.submit(self._memory),
                pool.submit(self._road),
                pool.submit(self._start, "authority"),
            ]
            if self.plan.prometheus:
                tasks.append(pool.submit(self._start, "prometheus"))
            _all_of(tasks)
            _all_of([pool.submit(self._start, process.name) for process in PROCESSES])

    def _memory(self) -> None:
        if not self.plan.given_database:
            self._start("postgres")
        from axis.store.migrate import migrate  # noqa: PLC0415 - loads while the broker starts

        if self.plan.given_database:
            asyncio.run(_make_registry_schema(self.plan.given_database))
        self.supervisor.begin("registry")
        asyncio.run(migrate(self.plan.database_url))
        from axis.stack.trust import put_trust_in_force  # noqa: PLC0415 - loads what reads certificates

        asyncio.run(put_trust_in_force(self.settings))
        from axis.contract.registry import register  # noqa: PLC0415 - loads while the registry starts

        self._start("registry")
        register(self.settings)

    def _road(self) -> None:
        self._start("kafka")
        from axis.kafka.admin import USERS, apply_rights, apply_topics, apply_users  # noqa: PLC0415 - as above

        since = time.monotonic()
        apply_topics(self.settings)
        apply_users(self.settings, {role: self.plan.identity.kafka[role] for role in USERS})
        apply_rights(self.settings)
        self.progress(f"chủ đề, người dùng, quyền / topics, users, rights ({time.monotonic() - since:.1f} s)")

    def _start(self, name: str) -> None:
        since = time.monotonic()
        self.supervisor.begin(name)
        started = self.supervisor.started_at(name)
        if not started:
            log = self.plan.home.logs / f"{name}.log"
            raise UnavailableError(f"{name} cannot be started at all (log: {log})")

        def alive() -> bool:
            # Restarted meanwhile means it died: its second life would die of the same.
            return self.supervisor.started_at(name) == started

        await_ready(self.programs[name], alive, self.plan.home.logs / f"{name}.log")
        self.progress(f"{name} sẵn sàng / ready ({time.monotonic() - since:.1f} s)")


async def _make_registry_schema(url: str) -> None:
    from axis.store.pool import open_pool  # noqa: PLC0415 - only for a given database

    pool = await open_pool(url, size=1, application="axis-up")
    try:
        await pool.execute("CREATE SCHEMA IF NOT EXISTS registry")
    finally:
        await pool.close()


def _all_of(tasks: list[Future[None]]) -> None:
    """Wait for all; the first that fails speaks for the rest."""
    done, _ = wait(tasks, return_when=FIRST_EXCEPTION)
    for task in done:
        task.result()


def plan_of(
    home: Home,
    identity: Identity,
    ports: dict[str, int],
    *,
    environ: Mapping[str, str],
    prometheus: bool,
    extra: Mapping[str, Mapping[str, str]],
) -> Plan:
    """Decide what is to be started."""
    return Plan(
        home=home,
        identity=identity,
        ports=ports,
        given_database=environ.get("AXIS_DATABASE_URL", ""),
        prometheus=prometheus,
        extra={name: dict(more) for name, more in extra.items()},
    )
