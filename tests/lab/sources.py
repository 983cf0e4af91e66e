"""A real HTTP server of revocation data, which misbehaves as told: slow, wrong, stale, or gone."""

import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, NamedTuple

from axis.sandbox.profiles import AUTHORITIES

PATIENCE: Final = 30.0
"""Seconds after which a hanging answer gives up for good, so that no thread outlives its test by much."""


class Said(NamedTuple):
    """One answer."""

    status: int = 200
    body: bytes = b""
    drip: bool = False
    """Send a byte now and then, without end."""
    cut: bool = False
    """Hang up in the middle of the body."""
    hang: bool = False
    """Say nothing at all."""


Behaviour = Callable[[bytes], Said]
"""From the body of a request to the answer."""


class Sources:
    """One server for the lists and responders of all the lab's authorities."""

    def __init__(self) -> None:
        """Listen; nobody answers anything yet."""
        self.lists: dict[str, Behaviour] = {}
        self.responders: dict[str, Behaviour] = {}
        self.asked: list[str] = []
        self._released = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self.port = 0
        self.up()

    def up(self) -> None:
        """Listen, on the same port as before."""
        sources = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                sources._answer(self, sources.lists, b"")

            def do_POST(self) -> None:
                sources._answer(
                    self, sources.responders, self.rfile.read(int(self.headers.get("Content-Length", 0)))
                )

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        ThreadingHTTPServer.allow_reuse_address = True
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def gone(self) -> None:
        """Close the port: connections are refused."""
        assert self._server is not None
        self._released.set()
        self._server.shutdown()
        self._server.server_close()
        self._server = None
        self._released = threading.Event()

    def close(self) -> None:
        """End for good."""
        if self._server is not None:
            self.gone()

    def crl_url(self, authority: str) -> str:
        """Where an authority's list is published."""
        return f"http://127.0.0.1:{self.port}/crl/{authority}"

    def ocsp_url(self, authority: str) -> str:
        """Where its responder answers."""
        return f"http://127.0.0.1:{self.port}/ocsp/{authority}"

    def trusted(self, listed: dict[str, object], labels: dict[str, str]) -> dict[str, object]:
        """Return the lab's trust list with these addresses.

        Args:
            listed: the list as JSON has it.
            labels: of its authorities, by the last word of their names.
        """
        authorities = []
        for one in listed["authorities"]:
            label = labels[one["name"].rsplit(" ", 1)[-1]]
            authorities.append(
                {**one, "crl_urls": [self.crl_url(label)], "ocsp_urls": [self.ocsp_url(label)]}
            )
        return {**listed, "authorities": authorities}

    def _answer(self, handler: BaseHTTPRequestHandler, known: dict[str, Behaviour], body: bytes) -> None:
        self.asked.append(handler.path)
        behave = known.get(handler.path.rsplit("/", 1)[-1], lambda _: Said(404))
        said = behave(body)
        released = self._released
        if said.hang:
            released.wait(PATIENCE)
            return
        handler.send_response(said.status)
        handler.send_header("Content-Length", str(len(said.body)))
        handler.end_headers()
        if said.cut:
            handler.wfile.write(said.body[: len(said.body) // 2])
            return
        if said.drip:
            until = time.monotonic() + PATIENCE
            for place in range(len(said.body)):
                handler.wfile.write(said.body[place : place + 1])
                handler.wfile.flush()
                if released.wait(0.1) or time.monotonic() > until:
                    return
        handler.wfile.write(said.body)


LABELS: Final = {label: label for label in AUTHORITIES}
"""The lab's authorities are named by their labels."""
