"""The schema registry: deployment registers, processes read the ids once at their start.

After that a process holds the ids and goes on while the registry is away.
"""

import json
import logging
import time
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

import httpx2
import msgspec
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from axis.contract.schemas import (
    OF_CONNECTIONS,
    VERSIONS,
    WRITTEN,
    ParsedSchema,
    Schemas,
    full_name,
    parse,
)
from axis.errors import SetupError, UnavailableError
from axis.settings import Settings
from axis.topics import TOPICS

_log = logging.getLogger(__name__)

COMPATIBILITY: Final = "FULL_TRANSITIVE"
"""Old readers and old writers both go on, over all versions."""

REMEDY: Final = "`axis up` (a stack of this machine) or `axis topics schemas`"
"""What brings the schemas of this software into the registry."""

_REQUEST_SECONDS: Final = 10.0
_PAUSE_SECONDS: Final = 1.0
_NOT_FOUND: Final = 404
_CONFLICT: Final = 409
_DENIED: Final = (401, 403)

_T = TypeVar("_T")
_P = ParamSpec("_P")


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """One schema as the registry holds it."""

    subject: str
    name: str
    """``submission.v1``."""
    schema_id: int


def subject_of(topic: str) -> str:
    """Return the subject under which the schemas of a topic's values stand."""
    return f"{topic}-value"


def subjects() -> tuple[tuple[str, str], ...]:
    """Return every subject with its record: one a topic, and one for each record of connections."""
    inner = [(subject_of(topic.name), _record(topic.schema)) for topic in TOPICS]
    return (*inner, *((full_name(record), record) for record in OF_CONNECTIONS))


def register(settings: Settings) -> tuple[Registered, ...]:
    """Register every schema version and hold the subjects to `COMPATIBILITY`. For deployment only.

    Doing it again changes nothing.

    Raises:
        UnavailableError: the registry does not answer.
        SetupError: it refuses: wrong credentials, or a schema that breaks older readers or writers.
    """
    done: list[Registered] = []
    with _client(settings) as client:
        for subject, record in subjects():
            for version in VERSIONS[record]:
                schema = Schema(version.text, "AVRO")
                schema_id = _ask(settings, client.register_schema, subject, schema)
                done.append(Registered(subject=subject, name=version.name, schema_id=schema_id))
            _ask(settings, client.set_compatibility, subject_name=subject, level=COMPATIBILITY)
    return tuple(done)


def load_schemas(settings: Settings, *, wait_seconds: float = 60.0) -> Schemas:
    """Read the ids of all registered versions; blocks, so call it before the event loop runs.

    Every version a subject has is read, those newer than this software too:
    old and new workers run side by side during a deployment.

    Args:
        settings: where the registry is.
        wait_seconds: how long to wait for it to answer.

    Raises:
        UnavailableError: it did not answer in that time.
        SetupError: wrong credentials, or a schema of ours is not registered.
    """
    until = time.monotonic() + wait_seconds
    said = False
    while True:
        try:
            return _load(settings)
        except UnavailableError as exc:
            if time.monotonic() >= until:
                raise
            if not said:
                _log.warning("chờ sổ lược đồ / waiting up to %.0f s: %s", wait_seconds, exc)
                said = True
            time.sleep(_PAUSE_SECONDS)


def _load(settings: Settings) -> Schemas:
    ids: dict[str, int] = {}
    writers: dict[int, tuple[str, ParsedSchema]] = {}
    with _client(settings) as client:
        for subject, record in subjects():
            ours = WRITTEN[record]
            for number in _ask(settings, client.get_versions, subject):
                found = _ask(settings, client.get_version, subject, number)
                writers[found.schema_id] = (record, parse(found.schema.schema_str))
                if json.loads(found.schema.schema_str) == json.loads(ours.text):
                    ids[ours.name] = found.schema_id
            if ours.name not in ids:
                raise SetupError(
                    f"lược đồ chưa đăng ký / the schema {ours.name} is not registered "
                    f"at {settings.registry_url}; run {REMEDY}"
                )
    return Schemas(ids=ids, writers=writers)


def _record(schema: str) -> str:
    return schema.rpartition(".v")[0]


def _client(settings: Settings) -> SchemaRegistryClient:
    if not settings.registry_url:
        raise SetupError("chưa có địa chỉ sổ lược đồ / no schema registry given: set AXIS_REGISTRY_URL")
    options: dict[str, object] = {
        "url": settings.registry_url,
        "timeout": _REQUEST_SECONDS,
        "max.retries": 0,  # waiting is ours, with words
    }
    if settings.registry_user:
        options["basic.auth.user.info"] = f"{settings.registry_user}:{settings.registry_password}"
    return SchemaRegistryClient(options)


def _ask(settings: Settings, question: Callable[_P, _T], *args: _P.args, **named: _P.kwargs) -> _T:
    where = settings.registry_url
    try:
        return question(*args, **named)
    except (
        httpx2.HTTPError,
        httpx2.InvalidURL,
        ValueError,
    ) as exc:  # ValueError: what answers speaks no JSON
        raise UnavailableError(
            f"sổ lược đồ không trả lời / no schema registry answers at {where}: {exc!r}"
        ) from exc
    except SchemaRegistryError as exc:
        if exc.http_status_code in _DENIED:
            raise SetupError(
                f"sổ lược đồ từ chối tài khoản / the schema registry at {where} refuses the user "
                f"{settings.registry_user!r}: check AXIS_REGISTRY_USER and AXIS_REGISTRY_PASSWORD"
            ) from exc
        if exc.http_status_code == _CONFLICT:
            raise SetupError(
                f"lược đồ phá vỡ bản cũ / a schema breaks older readers or writers ({COMPATIBILITY}); "
                f"see avro/CHANGES.md: {exc.error_message}"
            ) from exc
        if exc.http_status_code == _NOT_FOUND:
            raise SetupError(
                f"lược đồ chưa đăng ký / a schema is not registered at {where}; "
                f"run {REMEDY}: {exc.error_message}"
            ) from exc
        raise UnavailableError(f"sổ lược đồ gặp lỗi / the schema registry at {where} failed: {exc}") from exc
