"""The alerts and the scrape configuration are what Prometheus understands, and speak of metrics there are."""

import importlib.util
import json
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
WALKS = Path(__file__).parents[1] / "acceptance"


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
    """Every `axis_` name in the alerts and on the dashboard is in the one list of metrics."""
    assert axis.metrics.TAKEN
    known = {
        name + ending
        for metric in REGISTRY.collect()
        for name in [metric.name]
        for ending in ("", "_total", "_bucket")
    }
    expressions = "\n".join((*re.findall(r"expr: (.*)", alerts_text()), *dashboard().expressions()))
    assert set(re.findall(r"axis_[a-z_]+", expressions)) <= known


def alerts_text() -> str:
    return (FOLDER / "alerts.yml").read_text(encoding="utf-8")


ALERTS = re.findall(r"- alert: (\w+)", alerts_text())


@pytest.mark.parametrize("name", ALERTS)
def test_each_alert_is_tried_and_explained(name):
    """It fires in one case, is silent in another, has a paragraph in the runbook, and that was walked."""
    tried = (FOLDER / "alerts-test.yml").read_text(encoding="utf-8")
    cases = re.findall(rf"alertname: {name}\n +exp_alerts:(.*)", tried)
    silent = [case for case in cases if case.strip() == "[]"]
    assert silent, f"{name} is never shown to be silent"
    assert len(cases) > len(silent), f"{name} is never shown to fire"
    runbook = (FOLDER.parent / "RUNBOOK.md").read_text(encoding="utf-8")
    assert runbook.count(f"## {name}\n") == 1
    assert f"runbook: deploy/RUNBOOK.md#{name.lower()}\n" in alerts_text()
    paragraph = runbook.partition(f"## {name}\n")[2].partition("\n## ")[0]
    assert "**Đã diễn tập**" in paragraph.replace("**Đã diễn tập.**", "**Đã diễn tập**")
    walked = "".join(path.read_text(encoding="utf-8") for path in WALKS.glob("test_alerts_*.py"))
    assert f'"{name}"' in walked, "its fault is made, its remedy walked"


def test_the_runbook_explains_nothing_else():
    """A paragraph of an alert that is gone misleads at night."""
    runbook = (FOLDER.parent / "RUNBOOK.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (Axis\w+)$", runbook, re.MULTILINE) == ALERTS


def dashboard():
    """Load the generator of the dashboard."""
    place = FOLDER.parent / "grafana" / "generate.py"
    spec = importlib.util.spec_from_file_location("axis_dashboard", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_dashboard_is_what_its_code_makes():
    """The committed JSON and the generator agree; panels and queries have names of their own."""
    made = dashboard()
    assert made.OUTPUT.read_text(encoding="utf-8") == made.build()
    panels = json.loads(made.build())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        names = [target["refId"] for target in panel.get("targets", ())]
        assert len(set(names)) == len(names)


def test_prometheus_understands_every_expression_of_the_dashboard(promtool, tmp_path):
    """Each is a recording rule for promtool: no server renders dashboards in the tests."""
    rules = [
        {"record": f"dashboard:expression:{at}", "expr": expr}
        for at, expr in enumerate(dashboard().expressions())
    ]
    assert len(rules) > 30
    path = tmp_path / "dashboard.yml"
    path.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    check(promtool, "check", "rules", str(path))
    rules[0]["expr"] += ")"
    path.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    done = subprocess.run([promtool, "check", "rules", str(path)], capture_output=True, check=False)
    assert done.returncode != 0, "promtool would say yes to anything"
