"""A real worker process with a desk that writes down what it is given. Run by the tests beside it.

``python kafka_worker.py NOTES SECONDS``: settings from the environment; one JSON line per record in NOTES;
each batch takes SECONDS; while ``NOTES.away`` exists, the database is away.
"""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from agents.worker import Backing, run_worker
from axis.contract.codec import decode_submission
from axis.contract.schemas import NEWEST, Schemas
from axis.errors import UnavailableError
from axis.logs import start_logs
from axis.settings import load_settings

SCHEMAS = Schemas(ids={"submission.v1": 1}, writers={1: ("submission", NEWEST["submission"].parsed)})


class Desk:
    """Writes a line when a record is durable."""

    def __init__(self, notes, seconds):
        self.notes = notes
        self.away = Path(f"{notes}.away")
        self.seconds = seconds
        self.file = os.open(notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def write(self, **line):
        os.write(self.file, json.dumps(line).encode() + b"\n")

    async def admit(self, batch):
        if self.away.exists():
            raise UnavailableError("the test says so")
        records = [decode_submission(incoming.value, SCHEMAS) for incoming in batch]
        await asyncio.sleep(self.seconds)
        if any(record.door == "bug" for record in records):
            raise ZeroDivisionError
        for record in records:
            self.write(handled=record.packet_id)

    route = acknowledge = admit

    async def quarantine(self, incoming, code, _detail):
        value = None if incoming.value is None else incoming.value.hex()
        self.write(aside=code, value=value, key=incoming.key and incoming.key.hex())

    async def usable(self):
        return not self.away.exists()


@contextlib.asynccontextmanager
async def backing() -> AsyncIterator[Backing]:
    desk = Desk(sys.argv[1], float(sys.argv[2]))
    yield Backing(moves=desk, checks={"broker": desk.usable})


if __name__ == "__main__":
    settings = load_settings()
    start_logs("worker", settings.log_level)
    sys.exit(run_worker(settings, backing))
