"""Tokens: who gets one, how long it is good for, and that the database is not asked each time."""

from datetime import timedelta

import pytest

from axis.errors import UnavailableError
from axis.gateway import access


async def ask(gateway, **more):
    del gateway.http.headers["Authorization"]
    return await gateway.http.post("/v1/token", **more)


FORM = {"grant_type": "client_credentials", "client_id": "dms-1", "client_secret": "s3cret:ü%"}


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param({"data": FORM}, id="form"),
        pytest.param({"auth": ("dms-1", "s3cret%3A%C3%BC%25")}, id="basic-encoded-as-RFC6749"),
    ],
)
async def test_gives_a_token_for_the_right_credentials(gateway, request_):
    """Both ways of RFC 6749 lead to an opaque token that works, and no cache keeps it."""
    answer = await ask(gateway, **request_)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
    said = await gateway.http.get("/v1/inbox", headers={"Authorization": f"Bearer {body['access_token']}"})
    assert said.status_code == 200


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        pytest.param({"data": {**FORM, "client_secret": "guess"}}, 401, id="wrong-secret"),
        pytest.param({"data": {**FORM, "grant_type": "password"}}, 400, id="other-grant"),
        pytest.param({"data": {"grant_type": "client_credentials"}}, 401, id="nothing-given"),
        pytest.param({"headers": {"Authorization": "Basic !!!"}}, 401, id="broken-basic"),
        pytest.param({"data": {"client_id": "x" * 5000}}, 413, id="too-long"),
        pytest.param({"json": FORM}, 401, id="json-is-no-form"),
    ],
)
async def test_gives_no_token_otherwise(gateway, request_, status):
    """Each wrong way is named, in problem details."""
    answer = await ask(gateway, **request_)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["violations"][0]["vi"]
    if status == 401:
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_a_request_does_not_need_a_query_each(gateway):
    """A token is believed for at most ten seconds."""
    for _ in range(5):
        await gateway.http.get("/v1/inbox")
    assert gateway.memory.looked_up == 1
    assert access.CACHE_SECONDS <= 10


async def test_an_ended_token_is_not_believed_from_the_cache(gateway):
    """The hour holds, however fresh the look-up."""
    assert (await gateway.http.get("/v1/inbox")).status_code == 200
    gateway.now += timedelta(hours=1)
    assert (await gateway.http.get("/v1/inbox")).status_code == 401


async def test_a_removed_connection_is_out_when_the_cache_is(gateway, monkeypatch):
    """Removing a connection takes effect within the cache's seconds."""
    assert (await gateway.http.get("/v1/inbox")).status_code == 200
    gateway.memory.tokens.clear()
    monkeypatch.setattr(access, "CACHE_SECONDS", 0.0)
    assert (await gateway.http.get("/v1/inbox")).status_code == 401


async def test_an_absent_database_is_not_a_wrong_password(gateway):
    """503 with Retry-After: the client keeps its token and comes again."""
    gateway.memory.fault = UnavailableError("database is away")
    answer = await gateway.http.get("/v1/inbox")
    assert (answer.status_code, answer.json()["code"]) == (503, "take.unavailable")
    assert answer.headers["Retry-After"] == "2"
