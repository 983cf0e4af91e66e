"""The whole local stack: up, up again, killed, up, side by side, down."""

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import pytest

from axis.cli.rehearsal import set_stage
from axis.errors import SetupError, UnavailableError
from axis.sandbox.authority import Authority
from axis.settings import load_settings
from axis.stack import single
from axis.stack.life import down, logs, remove, status, up
from axis.stack.places import Home
from axis.stack.program import listens
from axis.version import VERSION
from tests.lab.servers import temporary_home

EVERY = {
    *("postgres", "kafka", "authority", "registry"),
    *("worker", "sealer", "keeper", "bridge", "gateway", "console"),
}


@pytest.fixture(scope="module")
def root():
    """The folder of a stack, removed with all of it at the end."""
    with temporary_home() as home:
        try:
            up(home.root)
            yield home.root
        finally:
            remove(home.root)


def test_all_are_ready_and_commands_find_them(root):
    """`status` shows every process ready; the stack's description, its owner's alone, has the settings."""
    lines = {line.name: line for line in status(root)}
    assert set(lines) == EVERY
    assert {line.state for line in lines.values()} == {"ready"}
    assert len({line.pid for line in lines.values()}) == len(EVERY)
    home = Home(root)
    assert home.stack.stat().st_mode & 0o777 == 0o600
    settings = load_settings({"AXIS_HOME": str(root)})
    assert settings.gateway_url == f"https://127.0.0.1:{lines['gateway'].port}"


def test_each_process_has_its_own_secrets_only(root):
    """None knows another's password or the administrator's; only the sealer knows the seal's key."""
    settings = load_settings({"AXIS_HOME": str(root)})
    environments = {line.name: dict(_environment(line.pid)) for line in status(root)}
    ours = {name: environments[name] for name in ("gateway", "console", "worker", "keeper", "sealer")}
    passwords = [env["AXIS_KAFKA_PASSWORD"] for env in ours.values() if env["AXIS_KAFKA_PASSWORD"]]
    assert len(set(passwords)) == len(passwords) == 4
    for environment in environments.values():
        assert settings.kafka_password not in environment.values()
        assert settings.registry_password not in environment.values()
    assert [name for name, env in ours.items() if env["AXIS_SEAL_KEY"]] == ["sealer"]


def test_up_twice_changes_nothing(root):
    """The second `up` finds everything running."""
    before = {line.name: line.pid for line in status(root)}
    ports = up(root)
    assert {line.name: line.pid for line in status(root)} == before
    assert ports["gateway"] == load_settings({"AXIS_HOME": str(root)}).gateway_port


def test_up_after_an_upgrade_runs_the_new_version(root):
    """Processes that another version started are replaced, on the same ports."""
    description = Home(root).stack
    described = json.loads(description.read_text())
    before = {line.name: line.pid for line in status(root)}
    description.write_text(json.dumps({**described, "version": "0.0.1"}))
    assert up(root) == described["ports"]
    after = {line.name: line for line in status(root)}
    assert not {line.pid for line in after.values()} & set(before.values())
    assert {line.state for line in after.values()} == {"ready"}
    assert json.loads(description.read_text())["version"] == VERSION


def test_what_dies_is_restarted(root):
    """A killed process is back and ready within seconds, without anybody's doing."""
    victim = next(line for line in status(root) if line.name == "sealer")
    os.kill(victim.pid, signal.SIGKILL)
    until = time.monotonic() + 30
    while time.monotonic() < until:
        line = next(line for line in status(root) if line.name == "sealer")
        if line.pid != victim.pid and line.state == "ready":
            return
        time.sleep(0.2)
    pytest.fail("the sealer did not come back")


def test_one_program_is_stopped_and_started_with_more_environment(root):
    """`single`: the others stay as they are; what was given holds for each later start."""
    before = {line.name: line.pid for line in status(root)}
    single.halt(root, "sealer")
    assert next(line.state for line in status(root) if line.name == "sealer") == "stopped"
    single.arm(root, "sealer", {"AXIS_LOG_LEVEL": "WARNING"})
    single.begin(root, "sealer")
    assert single.restart(root, "sealer") < 30
    after = {line.name: line for line in status(root)}
    assert {name for name, line in after.items() if line.pid != before[name]} == {"sealer"}
    assert after["sealer"].state == "ready"
    assert dict(_environment(after["sealer"].pid))["AXIS_LOG_LEVEL"] == "WARNING"
    with pytest.raises(SetupError, match="nobody"):
        single.restart(root, "nobody")


def test_a_keeper_is_stopped_while_the_broker_is_frozen(root, monkeypatch):
    """It ends by itself in the middle of a question that gets no answer, and its successor asks again."""
    monkeypatch.setenv("AXIS_HOME", str(root))
    asyncio.run(set_stage(load_settings(), Authority(Home(root).authority)))
    for command in (("add", "frozen", "--agency", "H49", "--take-over", "--kafka"), ("rotate", "frozen")):
        axis = [sys.executable, "-m", "axis.cli", "connection", *command, "--json"]
        subprocess.run(axis, check=True, capture_output=True)
    [kafka] = [line.pid for line in status(root) if line.name == "kafka"]
    os.kill(kafka, signal.SIGSTOP)
    try:
        assert _retired(root, "UPDATE retired_credential SET ends_at = now() RETURNING 1") == 1
        time.sleep(2)  # the keeper's round is a second: it has asked, and waits
        since = time.monotonic()
        single.halt(root, "keeper")
        assert time.monotonic() - since < 12
        log = (Home(root).logs / "supervisor.log").read_text(encoding="utf-8")
        assert re.findall(r"stopped: keeper (.*)", log)[-1] == "(exit status 0)", "not by SIGKILL"
        assert _retired(root, "SELECT count(*) FROM retired_credential") == 1, "nothing is ended by halves"
    finally:
        os.kill(kafka, signal.SIGCONT)
        single.begin(root, "keeper")
    until = time.monotonic() + 60
    while _retired(root, "SELECT count(*) FROM retired_credential"):
        assert time.monotonic() < until, "the successor does not ask again"
        time.sleep(0.2)


def _retired(root, statement):
    async def ask():
        line = await asyncpg.connect(load_settings({"AXIS_HOME": str(root)}).database_url, timeout=10)
        try:
            return await line.fetchval(statement)
        finally:
            await line.close()

    return asyncio.run(ask())


def test_a_stack_killed_whole_starts_again(root):
    """Supervisor and processes gone at once, stale files left: `up` mends it, on the same ports."""
    ports = up(root)
    supervisor = int((Home(root).run / "supervisord.pid").read_text())
    for pid in (supervisor, *(line.pid for line in status(root))):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    with pytest.raises(UnavailableError):
        status(root)
    assert up(root) == ports
    assert {line.state for line in status(root)} == {"ready"}


def test_a_supervisor_killed_alone_leaves_nothing_in_the_way(root):
    """Its processes end with it, or are ended by the next `up`."""
    old = {line.pid for line in status(root)}
    os.kill(int((Home(root).run / "supervisord.pid").read_text()), signal.SIGKILL)
    up(root)
    assert not old & {line.pid for line in status(root)}


def test_a_process_that_cannot_start_is_named_with_its_reason(root):
    """The message says which process, why, and where its log is; the stack is stopped again."""
    with pytest.raises(UnavailableError, match=r"sealer.*log: .*sealer\.log"):
        up(root, extra={"sealer": {"AXIS_SEAL_KEY": "/nowhere/key.pem"}})
    with pytest.raises(UnavailableError):
        status(root)
    up(root)


def test_logs_are_there_by_name(root):
    """Each process has its log; a wrong name is answered with the right ones."""
    assert {name for name, _ in logs(root, ["postgres"], lines=3)} == {"postgres"}
    with pytest.raises(SetupError, match="gateway"):
        next(logs(root, ["nobody"]))


def test_two_stacks_side_by_side_and_down(root):
    """A second home has its own ports and processes; stopped, nothing of it remains; the first runs on."""
    with temporary_home() as other:
        try:
            theirs = up(other.root)
            ours = up(root)
            assert not set(theirs.values()) & set(ours.values())
            pids = [line.pid for line in status(other.root)]
            assert down(other.root)
            assert not any(listens(port) for port in theirs.values())
            assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
            assert not down(other.root)
            assert {line.state for line in status(root)} == {"ready"}
        finally:
            remove(other.root)


def _environment(pid: int):
    for pair in filter(None, Path(f"/proc/{pid}/environ").read_text().split("\0")):
        name, _, value = pair.partition("=")
        yield name, value
