"""Agencies and documents answered: read alike in document and status packets."""

from axis.edxml.notes import Fields
from axis.envelope import Organ, ResponseFor


def read_organ(fields: Fields) -> Organ:
    """Read an agency (QCVN 1.1 and 1.2)."""
    return Organ(
        code=fields.identify("OrganId"),
        name=fields.should("OrganName"),
        in_charge=fields.may("OrganizationInCharge"),
        address=fields.may("OrganAdd"),
        email=fields.may("Email"),
        telephone=fields.may("Telephone"),
        fax=fields.may("Fax"),
        website=fields.may("Website"),
    )


def read_response(fields: Fields) -> ResponseFor:
    """Read which document is answered (QCVN 1.12)."""
    return ResponseFor(
        organ_code=fields.may("OrganId"),
        code=fields.may("Code"),
        document_id=fields.may("DocumentId"),
        promulgation_date=fields.may("PromulgationDate"),
    )
