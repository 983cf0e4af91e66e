"""Certificates between servers and clients: a small authority of this stack, by openssl.

For TLS only. Documents are signed under the test authority, which is another.
"""

import os
from pathlib import Path
from typing import Final

from axis.errors import SetupError
from axis.stack.places import Home, fresh_folder, template
from axis.stack.program import run_tool

DAYS: Final = 825
RENEW_SECONDS: Final = 30 * 24 * 3600
SERVERS: Final = ("kafka", "gateway")


def ensure_tls(home: Home) -> Path:
    """Return the folder with ``ca.pem`` and a certificate, key and both together for each server.

    Made anew when there is none, or when it ends within thirty days.

    Raises:
        SetupError: openssl is missing or fails.
    """
    if (home.tls / "ca.pem").exists():
        try:
            run_tool(
                (
                    "openssl",
                    "x509",
                    "-checkend",
                    str(RENEW_SECONDS),
                    "-noout",
                    "-in",
                    str(home.tls / "ca.pem"),
                ),
                what="TLS certificates",
            )
        except SetupError:
            old = home.tls.with_name("tls.old")
            home.tls.rename(old)
            for path in old.iterdir():
                path.unlink()
            old.rmdir()
        else:
            return home.tls
    folder = fresh_folder(home.tls)
    (folder / "openssl.cnf").write_text(template("openssl.cnf"), encoding="utf-8")
    _issue(folder, "ca", "authority", "/O=axis local stack/CN=axis local TLS authority")
    for server in SERVERS:
        # The broker's name is a super user on its controller's door: keep it in step with kafka.properties.
        _issue(folder, server, "server", f"/CN=axis-{server}", issuer="ca")
        both = (folder / f"{server}.key").read_text() + (folder / f"{server}.pem").read_text()
        (folder / f"{server}-keystore.pem").write_text(both)
    for path in folder.iterdir():
        path.chmod(0o600)
    (folder / "ca.key").unlink()  # nobody issues more; a renewal makes all anew
    folder.rename(home.tls)
    return home.tls


def _issue(folder: Path, name: str, profile: str, subject: str, *, issuer: str = "") -> None:
    by = ("-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key") if issuer else ()
    before = os.umask(0o077)
    try:
        run_tool(
            (
                "openssl",
                "req",
                "-x509",
                "-config",
                "openssl.cnf",
                "-extensions",
                profile,
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-noenc",
                "-keyout",
                f"{name}.key",
                "-out",
                f"{name}.pem",
                "-days",
                str(DAYS),
                "-subj",
                subject,
                *by,
            ),
            what="TLS certificates",
            folder=folder,
        )
    finally:
        os.umask(before)
