"""A test authority made on the spot: certificates, CRL, OCSP and time-stamps, in process.

Loudly no real one: every name of it says ``THỬ NGHIỆM - TEST ONLY``. All
X.509 work is certomancer's; `axis.sandbox.server` offers the same over HTTP.
"""

import fcntl
import hashlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from axis.errors import SetupError
from axis.register import Agency
from axis.sandbox import cast, mint
from axis.sandbox.bundle import write_bundle
from axis.sandbox.identity import Identity, KeyKind, Part, Role
from axis.sandbox.profiles import PEOPLE, SERVICE
from axis.sandbox.services import InProcessTimeStamper, Services, now


class Authority:
    """A test authority in a folder. Loading it is cheap; it may be shared by processes."""

    def __init__(self, folder: Path) -> None:
        """Open the authority in a folder.

        Raises:
            SetupError: there is none.
        """
        self.folder = folder
        self.record = mint.read_record(folder)
        self._changed = (folder / mint.RECORD).stat().st_mtime_ns
        self._keys: dict[str, mint.PrivateKey] = {}
        self._services: Services | None = None

    @property
    def base_url(self) -> str:
        """Under which its services answer, when `axis.sandbox.server` runs."""
        return self.record.base_url

    @property
    def trust_file(self) -> Path:
        """The trust list, as `signing.trust` reads it."""
        return self.folder / "trust.json"

    # --- people and seals ---

    def person(self, agency: Agency, part: Part = Part.HEAD) -> Identity:
        """Return the person who plays a part in an agency; issued when first asked for."""
        return self._of(cast.person(agency, part, now=self.record.created_at))

    def seal(self, agency: Agency, part: Part = Part.HEAD) -> Identity:
        """Return the seal of an agency, a good one or one with a fault; issued when first asked for."""
        return self._of(cast.seal(agency, part, now=self.record.created_at))

    def issue_person(
        self, agency: Agency, name: str, position: str, *, part: Part = Part.HEAD, key: KeyKind = KeyKind.P256
    ) -> Identity:
        """Issue a new person's certificate, however many the agency has.

        Args:
            agency: whose person it is.
            name: full name; invent it.
            position: as written above the name.
            part: good, or wrong in one way.
            key: kind of key pair.
        """
        plain = cast.person(agency, part, now=self.record.created_at)
        label = f"{plain.label}-{plain.serial:x}"
        return self._of(
            msgspec.structs.replace(plain, label=label, full_name=name, position=position, key=key)
        )

    def issue_seal(self, agency: Agency, *, part: Part = Part.HEAD, key: KeyKind = KeyKind.P256) -> Identity:
        """Issue a new seal certificate of an agency, beside those it has."""
        plain = cast.seal(agency, part, now=self.record.created_at)
        return self._of(msgspec.structs.replace(plain, label=f"{plain.label}-{plain.serial:x}", key=key))

    def issue_all(self, identities: Iterable[Identity]) -> None:
        """Issue many at once: one configuration and one lock for all of them."""
        wanted = {identity.label: identity for identity in identities}
        if wanted.keys() <= self.record.identities.keys():
            return
        with self._locked():
            fresh = {k: v for k, v in wanted.items() if k not in self.record.identities}
            mint.issue(self.folder, self.record, fresh.values())
            self._replace({**self.record.identities, **fresh})

    def revoke(self, identity: Identity, at: datetime) -> Identity:
        """Revoke a certificate as of a moment; CRL and OCSP say so from then on."""
        with self._locked():
            revoked = msgspec.structs.replace(identity, revoked_at=at)
            self._replace({**self.record.identities, identity.label: revoked})
        return revoked

    def certificate(self, label: str) -> bytes:
        """Return the DER of a certificate, of an identity or of the authority itself."""
        return (self.folder / "certs" / f"{label}.crt").read_bytes()

    def fingerprint(self, identity: Identity) -> str:
        """Return the SHA-256 of a certificate, hexadecimal: how a directory knows it."""
        return hashlib.sha256(self.certificate(identity.label)).hexdigest()

    def issuer(self, identity: Identity) -> str:
        """Return the label of the issuing authority's certificate."""
        label = PEOPLE if identity.role in {Role.PERSON, Role.SEAL} else SERVICE
        return f"impostor-{label}" if identity.part is Part.IMPOSTOR else label

    def key(self, identity: Identity) -> mint.PrivateKey:
        """Return the private key of an identity, read once and held."""
        if identity.label not in self._keys:
            pem = (self.folder / "keys" / f"{identity.label}.pem").read_bytes()
            # The check of an RSA key costs 30 ms, and this one was made here.
            key = load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)
            assert isinstance(key, mint.PrivateKey)
            self._keys[identity.label] = key
        return self._keys[identity.label]

    # --- services ---

    @property
    def services(self) -> Services:
        """CRL, OCSP and time-stamps, by the record as it is now."""
        if self._services is None:
            self._services = Services(self.folder, self.record)
        return self._services

    def timestamper(self) -> InProcessTimeStamper:
        """Return the time-stamp service, to be handed to pyHanko."""
        return InProcessTimeStamper(Services(self.folder, self.record))

    def crl(self, authority: str = PEOPLE) -> bytes:
        """Return the CRL of an authority as of now, DER.

        Args:
            authority: ``root``, ``people-ca`` or ``service-ca``.
        """
        return self.services.crl(authority)

    def ocsp(self, certificate: bytes, authority: str = PEOPLE) -> bytes:
        """Return the OCSP answer about one certificate as of now, DER.

        Args:
            certificate: DER.
            authority: label of its issuer.
        """
        return self.services.ocsp(certificate, authority)

    def refresh(self) -> None:
        """See what another process issued or revoked since."""
        changed = (self.folder / mint.RECORD).stat().st_mtime_ns
        if changed != self._changed:
            self._changed = changed
            self.record = mint.read_record(self.folder)
            self._services = None

    def _of(self, identity: Identity) -> Identity:
        if identity.label not in self.record.identities:
            self.issue_all([identity])
        return self.record.identities[identity.label]

    def _replace(self, identities: dict[str, Identity]) -> None:
        self.record = msgspec.structs.replace(self.record, identities=identities)
        mint.write_record(self.folder, self.record)
        self._changed = (self.folder / mint.RECORD).stat().st_mtime_ns
        self._services = None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # Other processes may issue from the same folder: one at a time, on the newest record.
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.refresh()
            yield


def create_authority(folder: Path, base_url: str, agencies: Iterable[Agency] = ()) -> Authority:
    """Make a test authority, or open the one that is there and add what it lacks.

    Atomic: the folder appears whole or not at all. Private keys are made on
    the spot, mode 0600.

    Args:
        folder: where it lives; its parent must exist or can be made.
        base_url: under which its services answer, e.g. ``http://127.0.0.1:8090``.
        agencies: whose people and seals are issued at once; others when first asked for.

    Raises:
        SetupError: the folder cannot be written, or holds something else.
    """
    base_url = base_url.rstrip("/")
    try:
        if not (folder / mint.RECORD).exists():
            _create(folder, base_url)
        authority = Authority(folder)
        if authority.base_url != base_url:
            # The port moved. Certificates keep the old addresses, which nobody reads: the trust list rules.
            with authority._locked():  # noqa: SLF001
                authority.record = msgspec.structs.replace(authority.record, base_url=base_url)
                mint.write_record(folder, authority.record)
            write_bundle(folder, authority.record)
        authority.issue_all(cast.standing_cast(agencies, now=authority.record.created_at))
    except OSError as exc:
        raise SetupError(f"the test authority cannot be written to {folder}: {exc.strerror or exc}") from exc
    return authority


def _create(folder: Path, base_url: str) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    if folder.exists() and any(folder.iterdir()):
        raise SetupError(f"{folder} is not empty and holds no test authority; give another folder")
    half = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        record = mint.Record(base_url=base_url, created_at=now())
        mint.make_standing(half, record)
        own = {identity.label: identity for identity in cast.services(now=record.created_at)}
        mint.issue(half, record, own.values())
        record = msgspec.structs.replace(record, identities=own)
        mint.write_record(half, record)
        write_bundle(half, record)
        half.chmod(0o755)
        half.replace(folder)
    except BaseException:
        shutil.rmtree(half, ignore_errors=True)
        raise
