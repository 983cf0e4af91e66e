"""The alerts and the scrape configuration are what Prometheus understands, and speak of metrics there are."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

import axis.metrics
from axis.stack.places import Home
from axis.stack.prometheus import find_program, prepare_prometheus
from axis.stack.starting import PORTS

FOLDER = Path(__file__).parents[2] / "deploy" / "prometheus"


@pytest.fixture
def promtool() -> str:
    """Prometheus' own checker."""
    if not (found := find_program("promtool")):
        if os.environ.get("CI"):
            pytest.fail("CI must have promtool; deploy/setup test fetches it")
        pytest.skip("promtool is not here: run deploy/setup test")
    return found


def check(*command: str) -> None:
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_fires_when_it_should_and_only_then(promtool):
    """Prometheus runs the alerts over the series of alerts-test.yml."""
    check(promtool, "test", "rules", "alerts-test.yml")


def test_the_scrape_configuration_is_understood(promtool, tmp_path, monkeypatch):
    """What `axis up --prometheus` writes passes promtool's check."""
    monkeypatch.setattr("axis.stack.prometheus.find_program", lambda name: name)
    home = Home(tmp_path)
    prepare_prometheus(home, {name: 20_000 + at for at, name in enumerate(PORTS)})
    check(promtool, "check", "config", str(home.run / "prometheus.yml"))


def test_alerts_speak_of_metrics_that_exist():
    """Every `axis_` name in the alerts is in the one list of metrics."""
    assert axis.metrics.TAKEN
    known = {sample for metric in REGISTRY.collect() for sample in (metric.name, f"{metric.name}_total")}
    text = (FOLDER / "alerts.yml").read_text(encoding="utf-8")
    expressions = "\n".join(re.findall(r"expr: (.*)", text))
    assert set(re.findall(r"axis_[a-z_]+", expressions)) <= known
