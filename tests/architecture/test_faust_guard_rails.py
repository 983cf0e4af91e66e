"""The ways in which Faust loses documents are not in the code: each has a rail, and each rail its reason."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(path for path in (ROOT / "agents").rglob("*.py") if path.stat().st_size)
NAMES = [path.name for path in MODULES]
AGENTS = ("admission.py", "routing.py", "acknowledging.py")

CALLS = {
    "take": "take() acknowledges a whole batch that raised; see agents.serving",
    "take_events": "take_events() acknowledges a whole batch that raised; see agents.serving",
    "take_with_timestamp": "it acknowledges a whole batch that raised; see agents.serving",
    "noack_take": "it looks by the clock whether something came; see agents.serving",
    "Table": "state is in PostgreSQL; a table here would be lost with this machine",
    "GlobalTable": "state is in PostgreSQL; a table here would be lost with this machine",
    "SetTable": "state is in PostgreSQL; a table here would be lost with this machine",
    "ask": "no agent asks another: a move records, and the next one reads",
    "cast": "messages go out through the outbox, or a crash loses them",
    "send": "messages go out through the outbox and our own idempotent producer",
    "send_soon": "messages go out through the outbox and our own idempotent producer",
    "through": "messages go out through the outbox and our own idempotent producer",
    "forward": "messages go out through the outbox and our own idempotent producer",
    "group_by": "it repartitions through a topic of Faust's own making",
    "timer": "work by the clock is the keeper's, where one process leads",
    "crontab": "work by the clock is the keeper's, where one process leads",
    "page": "there is no web server in a worker",
}

ARGUMENTS = {
    "concurrency": "a second loop lets the first one's records in flight be committed as done",
    "isolated_partitions": "it runs a loop per partition, with the same loss as concurrency",
    "reply_to": "no agent asks another",
    "sink": "messages go out through the outbox",
    "processing_guarantee": "exactly-once of Faust is not; effects are made once by the database",
    "stream_publish_on_commit": "it sends only after the record was let go",
}

RAILS = {
    "key_serializer": "raw",
    "value_serializer": "raw",
    "consumer_auto_offset_reset": "earliest",
    "topic_disable_leader": True,
    "topic_allow_declare": False,
    "reply_create_topic": False,
    "web_enabled": False,
    "worker_redirect_stdouts": False,
    "autodiscover": False,
}


def nodes(path, kind):
    return [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, kind)]


def called(node):
    """Return the last name of what is called: ``stream.take(...)`` -> ``take``."""
    return getattr(node.func, "attr", None) or getattr(node.func, "id", "")


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_no_call_that_loses(path):
    """Nothing of Faust that acknowledges by itself, keeps state, or sends."""
    for node in nodes(path, ast.Call):
        assert called(node) not in CALLS, f"{path.name}:{node.lineno}: {CALLS[called(node)]}"


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_no_argument_that_loses(path):
    """One loop per agent, no replies, no guarantees that are none."""
    for node in nodes(path, ast.keyword):
        assert node.arg not in ARGUMENTS, f"{path.name}:{node.lineno}: {ARGUMENTS[node.arg]}"


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_no_event_is_let_go_on_leaving_a_block(path):
    """``async with event`` acknowledges on an exception too; records are let go by hand, last."""
    for node in nodes(path, ast.AsyncWith):
        for item in node.items:
            assert getattr(item.context_expr, "id", "") not in ("event", "events"), (
                f"{path.name}:{node.lineno}"
            )


def test_only_one_module_reads_streams():
    """One loop over records in the whole worker, so that there is one place to get it right."""
    readers = {path.name for path in MODULES for node in nodes(path, ast.AsyncFor)}
    takers = {path.name for path in MODULES for node in nodes(path, ast.Call) if called(node) == "events"}
    assert readers == takers == {"serving.py"}


def test_faust_lets_nothing_go_by_itself():
    """The one loop over records first tells the stream so; nobody ever tells it otherwise."""
    told = [
        (path.name, ast.unparse(node))
        for path in MODULES
        for node in nodes(path, ast.Assign)
        if getattr(node.targets[0], "attr", "") == "enable_acks"
    ]
    assert told == [("serving.py", "stream.enable_acks = False")]


@pytest.mark.parametrize("name", AGENTS)
def test_an_agent_is_thin(name):
    """No rule lives in an agent: it binds a topic to the edge, in under 25 lines."""
    lines = (ROOT / "agents" / name).read_text(encoding="utf-8").splitlines()
    assert len(lines) < 25
    assert any("await serve(stream, edge)" in line for line in lines)


def test_the_app_has_its_rails():
    """Each setting that keeps Faust from losing or leaking stands where the app is made."""
    found = {}
    for node in nodes(ROOT / "agents" / "app.py", ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(value, ast.Constant):
                found[key.value] = value.value
    assert {name: found.get(name) for name in RAILS} == RAILS


def test_no_app_at_import():
    """The app is built in a function: nothing connects or registers because a module was read."""
    for path in MODULES:
        for statement in ast.parse(path.read_text(encoding="utf-8")).body:
            made = [called(node) for node in ast.walk(statement) if isinstance(node, ast.Call)]
            if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                assert "App" not in made, path.name
