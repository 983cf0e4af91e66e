"""Apache Kafka of the local stack: one KRaft node, SCRAM over TLS, access lists, loopback only."""

import base64
import os
import secrets
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from axis.errors import SetupError
from axis.stack.identity import BROKER_USERS, Identity, load_identity
from axis.stack.places import KAFKA_VERSION, Home, cache, filled, fresh_folder, jars, java, template, write_private
from axis.stack.ports import choose_ports
from axis.stack.program import Program, await_ready, base_environ, run_tool
from axis.stack.tls import ensure_tls

MEMORY: Final = ("-Xms128m", "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


def prepare_kafka(home: Home, identity: Identity, *, client_port: int, controller_port: int) -> None:
    """Write the broker's configuration and format its folder, unless that is done.

    Raises:
        SetupError: jars or Java are missing, or the format tool says why it cannot.
    """
    tls = ensure_tls(home)
    words = {
        "client_port": client_port,
        "controller_port": controller_port,
        "broker_password": identity.kafka["broker"],
        "keystore": tls / "kafka-keystore.pem",
        "truststore": tls / "ca.pem",
    }
    write_private(home.run / "log4j2.properties", template("log4j2.properties"))
    write_private(home.run / "kafka.properties", filled("kafka.properties", log_dir=home.kafka, **words))
    if (home.kafka / "meta.properties").exists():
        return
    folder = fresh_folder(home.kafka)
    write_private(home.run / "format.properties", filled("kafka.properties", log_dir=folder, **words))
    # The tool reads arguments from a file: passwords do not show in the list of processes.
    arguments = ["format", "-t", _cluster_id(), "-c", str(home.run / "format.properties")]
    for user in BROKER_USERS:
        arguments += ["--add-scram", f"SCRAM-SHA-512=[name={user},password={identity.kafka[user]}]"]
    write_private(home.run / "format.arguments", "\n".join(arguments) + "\n")
    try:
        run_tool(
            [*_java(home), "-cp", jars(), "kafka.tools.StorageTool", f"@{home.run / 'format.arguments'}"],
            what="Kafka",
        )
    finally:
        (home.run / "format.arguments").unlink()
        (home.run / "format.properties").unlink()
    folder.rename(home.kafka)


def kafka_program(home: Home, *, client_port: int) -> Program:
    """Say how the broker is run."""
    archived = (f"-XX:AOTCache={_archive()}",) if _archive().exists() else ()
    return Program(
        name="kafka",
        command=(*_java(home), *archived, "-cp", jars(), "kafka.Kafka", str(home.run / "kafka.properties")),
        environ=base_environ(),
        folder=home.kafka,
        port=client_port,
        stop_seconds=20,
    )


def _java(home: Home) -> list[str]:
    return [java(), *MEMORY, f"-Dlog4j2.configurationFile={home.run / 'log4j2.properties'}"]


def _archive() -> Path:
    return cache() / f"kafka-{KAFKA_VERSION}.aot"


def _cluster_id() -> str:
    """Return a new cluster id; one with a leading dash would read as an option of the format tool."""
    while True:
        text = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
        if not text.startswith("-"):
            return text
