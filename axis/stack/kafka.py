"""Apache Kafka of the local stack: one KRaft node, SCRAM over TLS, access lists, loopback only."""

import base64
import secrets
from typing import Final

from axis.stack.identity import FIRST_USERS, Identity
from axis.stack.places import Home, archive, filled, fresh_folder, jars, java, template, write_private
from axis.stack.program import Program, base_environ, bound, run_tool
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
    for user in FIRST_USERS:
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
    command = [
        *_java(home),
        *archive("kafka"),
        "-cp",
        jars(),
        "kafka.Kafka",
        str(home.run / "kafka.properties"),
    ]
    return Program(
        name="kafka",
        command=bound(command),
        environ=base_environ(),
        folder=home.kafka,
        port=client_port,
        stop_seconds=20,
    )


def _java(home: Home) -> list[str]:
    return [java(), *MEMORY, f"-Dlog4j2.configurationFile={home.run / 'log4j2.properties'}"]


def _cluster_id() -> str:
    """Return a new cluster id; one with a leading dash would read as an option of the format tool."""
    while True:
        text = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
        if not text.startswith("-"):
            return text
