"""A stack under a real Prometheus, watched as the person on duty watches it."""

import asyncio
import json
import os
import re
import ssl
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from contextlib import contextmanager

import asyncpg
import httpx
import yaml
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

from axis.client import Axis
from axis.kafka.connect import aiokafka_options
from axis.sandbox.authority import Authority
from axis.sandbox.directory import demo_agency
from axis.sandbox.packet import build_sandbox_packet
from axis.settings import Settings, load_settings
from axis.stack import single
from axis.stack.places import Home, template, write_private


class Watched:
    """A stack, its Prometheus, and the connections of the demonstration."""

    def __init__(self, root, prometheus, profiles, authority: Authority):
        self.root = root
        self.url = f"http://127.0.0.1:{prometheus}"
        self.profiles = {code: one for one in profiles for code in one.agencies}
        self.authority = authority

    # --- Prometheus ----------------------------------------------------------

    def _ask(self, path):
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}", timeout=10) as answer:
            return json.load(answer)["data"]

    def told(self):
        """Return the alerts that fire now: each its name, then what it is about (connection, code, ...)."""
        return {_told(one["labels"]) for one in self._ask("alerts")["alerts"] if one["state"] == "firing"}

    def stirring(self):
        """Return the alerts whose expression holds: they fire, or wait for their time."""
        return {_told(one["labels"]) for one in self._ask("alerts")["alerts"]}

    def firing(self):
        """Return the names of the alerts that fire now."""
        return {name for name, *_ in self.told()}

    def scraped(self):
        """Return the processes that answer their scrape."""
        return {labels["process"] for labels, value in self.series("up") if value == 1}

    def series(self, expression):
        """Return labels and value of each series that an expression gives now."""
        found = self._ask("query?" + urllib.parse.urlencode({"query": expression}))["result"]
        return [(one["metric"], float(one["value"][1])) for one in found]

    def hasten(self, names, *, to="5s"):
        """Let Prometheus run the rules with shorter ``for:`` of these alerts, and nothing else changed."""
        rules = hastened(template("alerts.yml"), names, to=to)
        write_private(Home(self.root).run / "alerts.yml", rules)
        single.restart(self.root, "prometheus")

    # --- the duty's own commands -----------------------------------------------

    def axis(self, *words, exits=0, **environ):
        """Run a command as a person does; return what it prints, standard output and error."""
        command = [sys.executable, "-m", "axis.cli", *map(str, words)]
        environ = {**os.environ, **environ}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
        assert done.returncode == exits, f"axis {' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    # --- connections -----------------------------------------------------------

    @contextmanager
    def speaking(self, code):
        """Give the client of an agency's connection."""
        one = self.profiles[code]
        with Axis(one.rest_url, one.client_id, one.client_secret, ca=one.ca_file) as axis:
            yield axis

    def packet(self, sender, *to, **more):
        """Make a packet."""
        recipients = [demo_agency(code) for code in to]
        return build_sandbox_packet(self.authority, demo_agency(sender), recipients, **more)

    def send(self, *to, sender="G12", **more):
        """Hand in one document, good if nothing else is asked for; return its id without waiting."""
        packet = self.packet(sender, *(to or ("H37",)), **more)
        with self.speaking(sender) as axis:
            return axis.send_packet(packet).packet_id

    def state(self, packet, *, sender="G12"):
        """Return what the sender is told."""
        with self.speaking(sender) as axis:
            return axis.status(packet).state

    def becomes(self, packet, state, *, sender="G12"):
        """Wait until a packet is in a state."""
        until(
            lambda: self.state(packet, sender=sender), lambda: self.state(packet, sender=sender) == state, 90
        )

    @contextmanager
    def calling(self, code):
        """Give plain HTTP with a connection's token: it asks once, as the library does not."""
        one = self.profiles[code]
        context = ssl.create_default_context(cafile=one.ca_file)
        with httpx.Client(base_url=one.rest_url, verify=context) as http:
            form = {"grant_type": "client_credentials"}
            token = http.post("/v1/token", data=form, auth=(one.client_id, one.client_secret)).json()
            http.headers["Authorization"] = f"Bearer {token['access_token']}"
            yield http

    def download(self, packet, *, code="H37"):
        """Ask for a document's content as its recipient, once."""
        with self.calling(code) as http:
            found = http.get("/v1/inbox", params={"packet_id": packet, "kind": "document"}).json()
            if not found:
                return b""
            [entry] = found
            return http.get(f"/v1/inbox/{entry['entry_id']}/content").content

    # --- servers below -----------------------------------------------------------

    def reach(self, told, topic):
        """Read a topic as a connection; the broker refuses."""

        async def read():
            theirs = {"kafka_bootstrap", "kafka_user", "kafka_password", "kafka_ca"}
            settings = Settings(home=self.root, **{name: told[name] for name in theirs})
            consumer = AIOKafkaConsumer(topic, **aiokafka_options(settings))
            try:
                await consumer.start()
                async with asyncio.timeout(10):
                    await consumer.getone()
            finally:
                await consumer.stop()

        try:
            asyncio.run(read())
        except KafkaError:
            return
        raise AssertionError(f"{topic} was read")

    def write(self, topic, value):
        """Write a record as the administrator."""

        async def produce():
            producer = AIOKafkaProducer(**aiokafka_options(load_settings()))
            await producer.start()
            try:
                await producer.send_and_wait(topic, value)
            finally:
                await producer.stop()

        asyncio.run(produce())

    def database(self, statement):
        """Ask the database for one value, or change a row."""

        async def ask():
            line = await asyncpg.connect(load_settings().database_url, timeout=10)
            try:
                return await line.fetchval(statement)
            finally:
                await line.close()

        return asyncio.run(ask())


def _told(labels):
    about = (value for label, value in labels.items() if label not in {"alertname", "severity"})
    return (labels["alertname"], *about)


def until(what, holds, seconds):
    """Wait until something holds; return after how many seconds it did."""
    since = time.monotonic()
    while not holds():
        assert time.monotonic() - since < seconds, f"not within {seconds} s: {what()}"
        time.sleep(1)
    return time.monotonic() - since


def hastened(text, names, *, to):
    """Shorten the ``for:`` of some alerts in the text of a rule file.

    Nothing but these durations differs: expressions, labels, names and all other alerts are compared.
    """
    changed = text
    for name in names:
        changed = re.sub(rf"(- alert: {name}\n(?: {{8}}.*\n)*? {{8}}for: )\S+", rf"\g<1>{to}", changed)
    before, after = (_by_name(one) for one in (text, changed))
    assert list(before) == list(after)
    for name, rule in after.items():
        own = before[name]
        if name in names and "for" in own:
            assert rule["for"] == to, f"the time of {name} was not shortened"
            own = {**own, "for": to}
        assert rule == own, f"{name} is another rule"
    return changed


def _by_name(text):
    [group] = yaml.safe_load(text)["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}
