"""The services of the test authority in process: CRL, OCSP and time-stamps, made fresh for every request."""

from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Final

from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import tsp, x509
from certomancer.registry import ArchLabel, CertLabel, EntityLabel, PKIArchitecture, ServiceLabel
from certomancer.services import CRLBuilder, choose_signed_digest
from pyhanko.sign.timestamps import TimeStamper

from axis.sandbox.mint import Record, config_of
from axis.sandbox.profiles import ARCHITECTURE, RESPONDERS, TSA

CRL_HOURS: Final = 6
"""From thisUpdate to nextUpdate."""


class Services:
    """What an authority answers, by one state of its record."""

    def __init__(self, folder: Path, record: Record) -> None:
        """Remember whose services these are; certificates are read when first needed."""
        self._folder = folder
        self._record = record

    def stamp(self, request: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """Answer a time-stamp request (RFC 3161), with the time of now in whole seconds."""
        service = self._standing.service_registry.summon_timestamper(ServiceLabel(TSA), now())
        return service.request_tsa_response(request)

    def crl(self, authority: str) -> bytes:
        """Return the CRL of an authority as of now, DER: complete, without a distribution point."""
        arch, moment = self.architecture, now()
        info = arch.service_registry.get_crl_repo_info(ServiceLabel(authority))
        pair = arch.key_set.get_asym_key(info.signing_key)
        assert pair.private is not None
        builder = CRLBuilder(
            issuer_name=arch.entities[EntityLabel(authority)],
            issuer_key=pair.private,
            signature_algo=choose_signed_digest("sha256", pair.public),
            authority_key_identifier=arch.get_cert(CertLabel(authority)).key_identifier_value,
        )
        # certomancer's own schedule starts a CRL at a fixed hour; a revocation must show at once.
        made = builder.build_crl(
            crl_number=int(moment.timestamp()),
            this_update=moment,
            next_update=moment + timedelta(hours=CRL_HOURS),
            revoked_certs=list(arch.get_revoked_certs_at_time(moment, info)),
        )
        return bytes(made.dump())

    def ocsp(self, certificate: bytes, authority: str) -> bytes:
        """Return the OCSP answer about one certificate as of now, DER."""
        subject = x509.Certificate.load(certificate)
        issuer = self.architecture.get_cert(CertLabel(authority))
        cert_id = {
            "hash_algorithm": {"algorithm": "sha1"},
            "issuer_name_hash": subject.issuer.sha1,
            "issuer_key_hash": issuer.public_key.sha1,
            "serial_number": subject.serial_number,
        }
        request = asn1_ocsp.OCSPRequest({"tbs_request": {"request_list": [{"req_cert": cert_id}]}})
        return self.answer_ocsp(request, authority)

    def answer_ocsp(self, request: asn1_ocsp.OCSPRequest, authority: str) -> bytes:
        """Answer an OCSP request as the responder of an authority, DER."""
        responder = self.architecture.service_registry.summon_responder(ServiceLabel(authority), now())
        return bytes(responder.build_ocsp_response(request).dump())

    @cached_property
    def architecture(self) -> PKIArchitecture:
        """Everyone, as certomancer knows them."""
        everyone = self._record.identities.values()
        return config_of(self._folder, self._record, everyone).get_pki_arch(ArchLabel(ARCHITECTURE))

    @cached_property
    def _standing(self) -> PKIArchitecture:
        # A time-stamp needs no one's certificate but the service's own: ready at once.
        return config_of(self._folder, self._record, ()).get_pki_arch(ArchLabel(ARCHITECTURE))


class InProcessTimeStamper(TimeStamper):
    """The time-stamp service without a network, to be handed to pyHanko."""

    def __init__(self, services: Services) -> None:
        """Remember whose service it is."""
        super().__init__()  # type: ignore[no-untyped-call]
        self._services = services

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """Answer at once."""
        return self._services.stamp(req)


def has_services(label: str) -> bool:
    """Tell whether there is an authority of that name with CRL and OCSP."""
    return label in RESPONDERS


def now() -> datetime:
    """Return this moment in whole seconds: OCSP and CRL times have no fraction (RFC 5280 4.1.2.5.2)."""
    return datetime.now(UTC).replace(microsecond=0)
