"""Schema ids of the records of connections, read once from the registry. For the Kafka way only."""

import json
from typing import Any

import httpx

from axis.client.failures import UnreachableError
from axis.contract.schemas import OF_CONNECTIONS, WRITTEN, Schemas, full_name, parse
from axis.errors import SetupError


async def read_schemas(http: httpx.AsyncClient) -> Schemas:
    """Read every version of the three records.

    Args:
        http: with the registry's address and credentials.

    Raises:
        UnreachableError: the registry does not answer.
        SetupError: wrong credentials, or this software is newer than what is registered.
    """
    ids: dict[str, int] = {}
    writers: dict[int, tuple[str, Any]] = {}
    for record in OF_CONNECTIONS:
        ours, path = WRITTEN[record], f"subjects/{full_name(record)}/versions"
        for number in await _get(http, path):
            found = await _get(http, f"{path}/{number}")
            writers[found["id"]] = (record, parse(found["schema"]))
            if json.loads(found["schema"]) == json.loads(ours.text):
                ids[ours.name] = found["id"]
        if ours.name not in ids:
            raise SetupError(f"lược đồ chưa đăng ký / the schema {ours.name} is not registered there")
    return Schemas(ids=ids, writers=writers)


async def _get(http: httpx.AsyncClient, path: str) -> Any:  # noqa: ANN401 - JSON
    try:
        answer = await http.get(path)
    except httpx.TransportError as exc:
        raise UnreachableError(f"no schema registry answers at {http.base_url}: {exc!r}") from exc
    if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise UnreachableError(f"the schema registry at {http.base_url} failed: HTTP {answer.status_code}")
    if answer.status_code != httpx.codes.OK:
        raise SetupError(
            f"sổ lược đồ từ chối / the schema registry at {http.base_url} says no: HTTP {answer.status_code}"
        )
    return answer.json()
