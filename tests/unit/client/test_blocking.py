"""The blocking client: the same calls, over a socket, without asyncio."""

import inspect
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from axis.client import Axis, AxisClient, AxisRefusedError


class Answers(BaseHTTPRequestHandler):
    """A token for everybody, one packet taken, no to everything else."""

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if self.path == "/v1/token":
            self.answer(200, b'{"access_token": "t", "token_type": "Bearer", "expires_in": 3600}')
        else:
            self.answer(
                202,
                b'{"packet_id": "p", "sha256": "s", "size": %d, "received_at": "2026-11-20T05:00:00Z",'
                b' "state": "taken"}' % len(body),
            )

    def do_GET(self):
        self.answer(404, b'{"code": "take.not-found"}')

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def url():
    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_sends_without_a_loop(url):
    """A plain program sends, is refused, and leaves no thread behind."""
    before = threading.active_count()
    with Axis(url, "id", "secret") as axis:
        assert axis.send_packet(b"12345").size == 5
        with pytest.raises(AxisRefusedError) as refused:
            axis.status("p")
        assert refused.value.code == "take.not-found"
    axis.close()
    assert threading.active_count() == before


def test_has_every_call_of_the_other_with_the_same_signature():
    """No call is missing from the blocking face, and none differs."""
    calls = {
        name
        for name, call in inspect.getmembers(AxisClient, inspect.iscoroutinefunction)
        if not name.startswith("_")
    }
    assert calls - {"close"} == {name for name in vars(Axis) if name in calls} - {"close"}
    for name in calls - {"close"}:
        assert inspect.signature(getattr(Axis, name)) == inspect.signature(getattr(AxisClient, name))
