"""Logs of every process: one JSON object a line, no content, no personal data.

Each step of a packet's way is one line at INFO with its ``packet_id``, from the
door to the seal: ``_log.info("taken", extra={"packet_id": ...})``. What stands
in ``extra`` are ids, codes, counts and names of connections, nothing else.
"""

import json
import logging
import sys

import msgspec
import structlog


def start_logs(process: str, level: str) -> None:
    """Send this process' logs to standard error as JSON.

    Args:
        process: name of the process, on every line.
        level: lowest level that is shown, e.g. ``"INFO"``.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                lambda _logger, _name, event: {**event, "process": process},
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(serializer=_json),
            ],
        )
    )
    # What no line shows is not looked up for each (Python's own list of optimisations).
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("aiokafka", "httpx", "httpx2", "httpcore", "faust", "mode", "asyncio"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))


def _json(line: dict[str, object], **_: object) -> str:
    try:
        return msgspec.json.encode(line, enc_hook=repr).decode()
    except Exception:  # noqa: BLE001 - half a character, an odd key: whatever it is, the line is written
        return json.dumps(line, default=repr, ensure_ascii=False, skipkeys=True)
