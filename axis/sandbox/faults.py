"""The named faults: each spoils a good packet in one respect and has the reason that must come of it."""

from typing import Final

import msgspec

from axis.errors import SetupError
from axis.sandbox import changes as to
from axis.sandbox import spoil
from axis.sandbox.identity import Part
from axis.violations import Code


class Fault(msgspec.Struct, frozen=True):
    """One way in which a packet can be wrong."""

    name: str
    code: Code
    """The reason that the axis must give."""
    vi: str
    en: str
    change: to.Change
    """Spoils the recipe."""


def _text(*lines: tuple[str, Code, str, str, to.Change]) -> dict[str, Fault]:
    return {line[0]: Fault(*line) for line in lines}


# fmt: off
FAULTS: Final[dict[str, Fault]] = _text(
    # The bytes of the signed PDF.
    ("altered-byte", Code.DIGEST_MISMATCH, "một byte của PDF bị đổi sau khi ký", "one byte of the PDF altered after signing", to.after(spoil.alter_byte)),
    ("appended-bytes", Code.NOT_COVERING, "có byte lạ sau chữ ký cuối", "bytes appended behind the last signature", to.after(spoil.append_bytes)),
    ("changed-after-signing", Code.CHANGED_AFTER, "trang bị vẽ đè sau khi người ký đã ký", "a page drawn over between the person's signature and the seal", to.between(spoil.draw_over)),
    # Who signed, and in which order.
    ("no-person", Code.PERSON_MISSING, "không có chữ ký của người có thẩm quyền", "no person's signature", to.no_person),
    ("no-seal", Code.SEAL_MISSING, "không có chữ ký của cơ quan", "no agency's seal", to.no_seal),
    ("no-signature", Code.SIGNATURE_NONE, "không có chữ ký nào", "no signature at all", to.no_signature),
    ("seal-first", Code.SIGNERS_ORDER, "cơ quan ký trước người có thẩm quyền", "the seal before the person", to.seal_first),
    ("unsealed-appendix", Code.SEAL_MISSING, "phụ lục là tệp riêng không có chữ ký của cơ quan", "an appendix in its own file without the seal", to.bare_appendix),
    ("seal-of-other-agency", Code.SEAL_NOT_OF_SENDER, "chữ ký của cơ quan khác", "the seal of another agency", to.other_seal),
    ("signer-of-other-agency", Code.SIGNER_NOT_OF_SENDER, "người ký thuộc cơ quan khác", "a signer of another agency", to.other_signer),
    ("unregistered-signer", Code.SIGNER_UNREGISTERED, "người ký không có trong danh bạ", "a signer whom no directory knows", to.person(Part.STRANGER)),
    ("mandate-expired", Code.MANDATE_NOT_IN_FORCE, "thẩm quyền của người ký đã hết hạn", "the signer's mandate has ended", to.person(Part.FORMER)),
    ("kind-not-granted", Code.KIND_NOT_GRANTED, "người ký không được giao ký loại văn bản này", "the mandate does not cover this kind", to.limited),
    ("competence-not-granted", Code.COMPETENCE_NOT_GRANTED, "ghi thừa uỷ quyền mà không được uỷ quyền", "TUQ. on the document without such a mandate", to.wrong_competence),
    # Certificates.
    ("revoked-signer", Code.REVOKED, "chứng thư của người ký đã bị thu hồi", "the signer's certificate is revoked", to.person(Part.REVOKED)),
    ("expired-certificate", Code.CERTIFICATE_EXPIRED, "chứng thư của người ký đã hết hạn", "the signer's certificate has expired", to.person(Part.EXPIRED)),
    ("future-certificate", Code.CERTIFICATE_EXPIRED, "chứng thư của người ký chưa có hiệu lực", "the signer's certificate is not yet valid", to.person(Part.FUTURE)),
    ("wrong-key-usage", Code.KEY_USAGE, "chứng thư chỉ dùng để mã hóa", "a certificate for encryption only", to.person(Part.WRONG_USAGE)),
    ("weak-key", Code.ALGORITHM_WEAK, "khóa RSA 1024 bit", "an RSA key of 1024 bits", to.person(Part.WEAK)),
    ("impostor-authority", Code.CHAIN_UNTRUSTED, "chứng thư do tổ chức giả mạo cùng tên cấp", "issued by an impostor with the same names", to.person(Part.IMPOSTOR)),
    ("no-timestamp", Code.TIMESTAMP_MISSING, "chữ ký không có dấu thời gian", "signatures without time-stamps", to.sign_with(timestamp=False)),
    ("sha1", Code.ALGORITHM_WEAK, "chữ ký dùng SHA-1", "signatures over SHA-1", to.sign_with(digest="sha1")),
    # What the PDF holds.
    ("javascript", Code.CONTENT_JAVASCRIPT, "PDF chứa JavaScript", "a script in the PDF", to.before(spoil.javascript)),
    ("launch", Code.CONTENT_LAUNCH, "PDF chứa lệnh chạy chương trình", "a launch action in the PDF", to.before(spoil.launch)),
    ("xfa", Code.CONTENT_XFA, "PDF chứa biểu mẫu XFA", "an XFA form in the PDF", to.before(spoil.xfa)),
    ("encrypted", Code.CONTENT_ENCRYPTED, "PDF bị mã hóa", "the PDF is encrypted", to.before(spoil.encrypt)),
    ("no-pdf", Code.MAIN_DOCUMENT_MISSING, "không có tệp PDF nào", "no PDF among the files", to.no_pdf),
    # What the envelope says.
    ("unknown-recipient", Code.RECIPIENT_UNKNOWN, "nơi nhận không có trong danh bạ", "a recipient that no directory knows", to.recipient("Z99.998")),
    ("closed-recipient", Code.RECIPIENT_INACTIVE, "nơi nhận đã giải thể", "a recipient that is no more", to.recipient("H22")),
    ("locked-recipient", Code.RECIPIENT_INACTIVE, "nơi nhận đã bị khóa", "a recipient that is locked", to.recipient("H55.T32")),
    ("unconnected-recipient", Code.RECIPIENT_NOT_CONNECTED, "nơi nhận chưa có kết nối", "a recipient without a connection", to.recipient("H55.T31")),
    ("duplicate-recipient", Code.RECIPIENT_REPEATED, "một nơi nhận ghi hai lần", "one recipient twice", to.twice),
    ("unknown-sender", Code.SENDER_UNKNOWN, "cơ quan gửi không có trong danh bạ", "a sender that no directory knows", to.unknown_sender),
    ("missing-subject", Code.ELEMENT_MISSING, "thiếu trích yếu", "no subject", to.packet(spoil.drop_element("Subject"))),
    ("future-date", Code.DATE_FUTURE, "ngày ban hành ở tương lai", "issued in the future", to.days_ahead),
    ("state-secret", Code.SECRECY_MARKED, "có dấu độ mật", "a state-secret mark", to.secret),
    ("business-type-1", Code.BUSINESS_TYPE, "gói tin thu hồi, chưa được hỗ trợ", "a recall, not supported yet", to.envelope(business_type=1, business_reason="Thử nghiệm", target_document_id="G22,2026/01/02,1/VPCP")),
    # The packet's XML.
    ("broken-base64", Code.ATTACHMENT_ENCODING, "base64 của tệp đính kèm bị hỏng", "broken base64 in an attachment", to.packet(spoil.break_base64)),
    ("content-id-mismatch", Code.ATTACHMENT_UNMATCHED, "ContentId của tệp không khớp danh mục", "a ContentId that the manifest does not know", to.packet(spoil.replace_once(b"<edXML:ContentId>cid:1<", b"<edXML:ContentId>cid:901<"))),
    ("doctype", Code.XML_FORBIDDEN, "XML có DOCTYPE", "a DOCTYPE in the XML", to.packet(spoil.add_doctype)),
    ("wrong-namespace", Code.XML_NAMESPACE, "không gian tên của eDoc cũ", "the old eDoc namespace", to.packet(spoil.other_namespace)),
    ("undeclared-prefix", Code.XML_MALFORMED, "tiền tố XML không khai báo", "an undeclared prefix", to.packet(spoil.replace_once(b"<edXML:Reference>", b'<edXML:Reference xlink:type="simple">'))),
    ("leading-junk", Code.XML_MALFORMED, "có byte lạ trước khai báo XML", "bytes before the XML declaration", to.packet(spoil.leading_junk)),
)
"""Every fault by its name."""
# fmt: on


def fault(name: str) -> Fault:
    """Return a fault by its name.

    Raises:
        SetupError: there is none of that name; the message lists them.
    """
    if name not in FAULTS:
        raise SetupError(f"no fault {name!r}; one of: {', '.join(sorted(FAULTS))}")
    return FAULTS[name]
