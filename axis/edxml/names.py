"""Names, lengths and code lists of QCVN 102:2016, as data.

Source:
    exchange-rules.md 1.2, 1.4 and 1.8. Lengths are characters.
"""

from typing import Final

NAMESPACE: Final = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
XMLDSIG: Final = "http://www.w3.org/2000/09/xmldsig#"
XLINK: Final = "http://www.w3.org/1999/xlink"
SCHEMA_INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"

OLD_NAMESPACES: Final = frozenset({"http://www.e-doc.vn/Schema/", "http://www.go.vn/eDoc"})
"""Forms of before 2016: refused like any other, but told apart in the words of the refusal."""

ROOT: Final = "edXML"
ENVELOPE: Final = "edXML/edXMLEnvelope"
HEADER: Final = "edXML/edXMLEnvelope/edXMLHeader"
MESSAGE: Final = "edXML/edXMLEnvelope/edXMLHeader/MessageHeader"
TRACES: Final = "edXML/edXMLEnvelope/edXMLHeader/TraceHeaderList"
SIGNATURE: Final = "edXML/edXMLEnvelope/edXMLHeader/Signature"
BODY: Final = "edXML/edXMLEnvelope/edXMLBody"
MANIFEST: Final = "edXML/edXMLEnvelope/edXMLBody/edXMLManifest"
REFERENCE: Final = "edXML/edXMLEnvelope/edXMLBody/edXMLManifest/Reference"
ATTACHMENTS: Final = "edXML/AttachmentEncoded"
ATTACHMENT: Final = "edXML/AttachmentEncoded/Attachment"
CONTENT: Final = "edXML/AttachmentEncoded/Attachment/ContentTransferEncoded"

FRAME: Final = frozenset({ENVELOPE, HEADER, MESSAGE, TRACES, BODY, MANIFEST, ATTACHMENTS})
"""Elements that hold others and may stand once."""

ORGAN_LENGTHS: Final = {
    "OrganId": 35,
    "OrganizationInCharge": 200,
    "OrganName": 200,
    "OrganAdd": 250,
    "Email": 100,
    "Telephone": 20,
    "Fax": 20,
    "Website": 100,
}

LENGTHS: Final = {
    **{f"From.{name}": length for name, length in ORGAN_LENGTHS.items()},
    **{f"To.{name}": length for name, length in ORGAN_LENGTHS.items()},
    "DocumentId": 100,
    "Code.CodeNumber": 11,
    "Code.CodeNotation": 30,
    "PromulgationInfo.Place": 50,
    "DocumentType.TypeName": 100,
    "Subject": 500,
    "Content": 500,
    "SignerInfo.Position": 100,
    "SignerInfo.FullName": 50,
    "OtherInfo.SphereOfPromulgation": 100,
    "OtherInfo.TyperNotation": 10,
    "ToPlaces.Place": 150,
    "Reference.AttachmentName": 500,
    "Attachment.AttachmentName": 500,
}

TYPE_GROUPS: Final = frozenset({1, 2})
"""1 văn bản quy phạm pháp luật, 2 văn bản hành chính."""
PRIORITIES: Final = frozenset(range(5))
STEERING_TYPES: Final = frozenset(range(4))
