"""The test authority over HTTP: CRL, OCSP, time-stamps and certificates, by certomancer's own routes.

For tests and demonstrations on one machine. Private keys are never served.
"""

import logging
import signal
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType
from typing import Any, Final

from asn1crypto import ocsp, tsp
from certomancer.integrations.animator import Animator, AnimatorArchStore
from certomancer.registry import ArchLabel, ServiceLabel
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.wrappers import Request, Response

from axis.errors import SetupError
from axis.sandbox.authority import Authority
from axis.sandbox.profiles import ARCHITECTURE, TSA
from axis.sandbox.services import has_services

REQUEST_BYTES: Final = 64 * 1024
"""Largest request; an OCSP or time-stamp request has some hundred bytes."""

log = logging.getLogger(__name__)

Environ = dict[str, Any]
StartResponse = Callable[..., Any]


class AuthorityApp(Animator):
    """certomancer's web application with answers of this authority, as of now."""

    def __init__(self, authority: Authority) -> None:
        """Serve an authority. What other processes issue or revoke shows at the next request."""
        arch = authority.services.architecture
        super().__init__(
            AnimatorArchStore({ArchLabel(ARCHITECTURE): arch}), with_web_ui=False, allow_time_override=False
        )
        self._authority = authority
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (WSGI)."""
        if environ.get("PATH_INFO") == "/healthz":
            answer = Response("ok\n", mimetype="text/plain")
        elif int(environ.get("CONTENT_LENGTH") or 0) > REQUEST_BYTES:
            answer = Response("too large\n", status=413)
        else:
            # One at a time: certomancer fills its caches while it answers.
            with self._lock:
                self._authority.refresh()
                self.architectures.architectures[ArchLabel(ARCHITECTURE)] = (
                    self._authority.services.architecture
                )
                answer = self.dispatch(Request(environ))
        body: Iterable[bytes] = answer(environ, start_response)
        return body

    def serve_crl(
        self, request: Request, *, label: ServiceLabel, arch: str, crl_no: int | None, use_pem: bool
    ) -> Response:
        """Serve the CRL of now; there is no archive."""
        del request
        if not self._known(arch, str(label)) or crl_no is not None or use_pem:
            raise NotFound
        return Response(self._authority.crl(str(label)), mimetype="application/pkix-crl")

    def serve_ocsp_response(self, request: Request, *, label: str, arch: str) -> Response:
        """Answer an OCSP request."""
        if not self._known(arch, label):
            raise NotFound
        try:
            asked = ocsp.OCSPRequest.load(request.get_data(), strict=True)
            answer = self._authority.services.answer_ocsp(asked, label)
        except (ValueError, TypeError, KeyError) as exc:
            raise BadRequest(f"not an OCSP request: {type(exc).__name__}") from exc
        return Response(answer, mimetype="application/ocsp-response")

    def serve_timestamp_response(self, request: Request, *, label: str, arch: str) -> Response:
        """Answer a time-stamp request."""
        if arch != ARCHITECTURE or label != TSA:
            raise NotFound
        try:
            answer = self._authority.services.stamp(
                tsp.TimeStampReq.load(request.get_data(), strict=True)
            ).dump()
        except (ValueError, TypeError, KeyError) as exc:
            raise BadRequest(f"not a time-stamp request: {type(exc).__name__}") from exc
        return Response(answer, mimetype="application/timestamp-reply")

    def _known(self, arch: str, label: str) -> bool:
        return arch == ARCHITECTURE and has_services(label)


def make_authority_server(authority: Authority, host: str, port: int) -> BaseWSGIServer:
    """Bind a server for an authority; `serve_forever` runs it, `shutdown` ends it.

    Args:
        authority: whose services.
        host: address to listen on.
        port: 0 takes a free one.

    Raises:
        SetupError: the port is taken.
    """
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    try:
        return make_server(host, port, AuthorityApp(authority), threaded=True)
    except (OSError, SystemExit) as exc:
        raise SetupError(f"the test authority cannot listen on {host}:{port}: {exc}") from exc


def serve(folder: Path, host: str, port: int) -> None:
    """Serve the authority of a folder until SIGTERM or SIGINT.

    Raises:
        SetupError: there is no authority in the folder, or the port is taken.
    """
    server = make_authority_server(Authority(folder), host, port)

    def stop(signum: int, frame: FrameType | None) -> None:
        del signum, frame
        # `shutdown` waits for the loop that this very thread runs.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    log.info("test authority on http://%s:%d", host, server.port)
    try:
        server.serve_forever()
    finally:
        server.server_close()
