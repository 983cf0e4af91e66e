"""The schema registry by itself: who may read, who may write, what it refuses."""

import base64
import http.client
import json

import pytest

from axis.contract.registry import load_schemas, register

SUBJECTS = "/apis/ccompat/v7/subjects"
SCHEMA = json.dumps({"schema": '"string"'})
OTHER = json.dumps({"schema": '"long"'})


def answer(registry, user: str, method: str, path: str, body: str | None = None) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", registry.port, timeout=10)
    headers = {"Content-Type": "application/json"}
    if user:
        secret = f"{user}:{registry.identity.registry[user]}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(secret).decode()}"
    connection.request(method, path, body, headers)
    status = connection.getresponse().status
    connection.close()
    return status


WRITES = [
    ("POST", f"{SUBJECTS}/own-value/versions", SCHEMA),
    ("POST", f"{SUBJECTS}/own-value/versions/", SCHEMA),
    ("POST", f"/{SUBJECTS}/own-value/versions", SCHEMA),
    ("POST", f"{SUBJECTS}//own-value/versions", SCHEMA),
    ("POST", f"{SUBJECTS}/own-value;a=1/versions;b=2", SCHEMA),
    ("POST", f"{SUBJECTS}/own-value/%76ersions", SCHEMA),
    ("POST", f"{SUBJECTS}/x/../own-value/versions", SCHEMA),
    ("PUT", "/apis/ccompat/v7/config", '{"compatibility": "NONE"}'),
    ("PUT", "/apis/ccompat/v7/config/own-value", '{"compatibility": "NONE"}'),
    ("DELETE", f"{SUBJECTS}/own-value", None),
    ("POST", "/apis/registry/v3/groups", '{"groupId": "x"}'),
    ("POST", "/apis/ccompat/v8/subjects/own-value/versions", SCHEMA),
]


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_only_the_deployer_may_write(registry, method, path, body):
    """Neither a stranger nor a reader changes anything, however the path is spelt."""
    assert answer(registry, "", method, path, body) == 401
    assert answer(registry, "reader", method, path, body) >= 400
    assert answer(registry, "deployer", "GET", f"{SUBJECTS}/own-value/versions") == 404


def test_nobody_reads_without_a_password(registry):
    """A stranger sees no schema; a reader does."""
    assert answer(registry, "", "GET", SUBJECTS) == 401
    assert answer(registry, "reader", "GET", SUBJECTS) == 200


def test_a_schema_that_breaks_old_readers_is_refused(registry):
    """FULL_TRANSITIVE is in force for every subject, without being asked for."""
    path = f"{SUBJECTS}/strict-value/versions"
    assert answer(registry, "deployer", "POST", path, SCHEMA) == 200
    assert answer(registry, "deployer", "POST", path, OTHER) == 409


def test_processes_read_what_deployment_registered(registry):
    """A reader's password is enough to learn the ids of all schemas."""
    registered = register(registry.settings("deployer"))
    assert registered == register(registry.settings("deployer"))
    load_schemas(registry.settings("reader"))
