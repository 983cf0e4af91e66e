"""What can be wrong with a document, and how the axis says so.

A violation is a value, not an exception: it is the sender's to mend, it ends
up in a sealed receipt, and a check may find several at once. Every code has
its rule number and its words in one table, `REASONS`; `RULES.md` is compared
with that table by a test.
"""

from enum import StrEnum, unique
from typing import Final

import msgspec


@unique
class Code(StrEnum):
    """Reason codes. Append only: receipts already issued quote them."""

    # Taking: what a door says before anything becomes content.
    TAKE_TOO_LARGE = "take.too-large"
    TAKE_RATE = "take.rate-exceeded"
    TAKE_DIGEST = "take.digest-mismatch"
    TAKE_KEY_REUSED = "take.idempotency-key-reused"
    TAKE_UNAUTHENTICATED = "take.unauthenticated"
    TAKE_FORBIDDEN = "take.forbidden"
    TAKE_MALFORMED = "take.request-malformed"
    TAKE_NO_ROOM = "take.no-room"
    TAKE_NOT_FOUND = "take.not-found"
    TAKE_UNAVAILABLE = "take.unavailable"
    TAKE_TOO_MANY_OPEN = "take.too-many-open"
    CONTENT_REMOVED = "content.removed"
    SECRECY_MARKED = "secrecy.marked"

    # F: the packet and its envelope.
    XML_MALFORMED = "format.xml-malformed"
    XML_FORBIDDEN = "format.xml-forbidden"
    XML_ENCODING = "format.encoding"
    XML_LIMIT = "format.limit-exceeded"
    XML_NAMESPACE = "format.namespace"
    ELEMENT_MISSING = "format.element-missing"
    ELEMENT_REPEATED = "format.element-repeated"
    VALUE_INVALID = "format.value-invalid"
    DATE_FUTURE = "format.date-in-future"
    RECIPIENT_REPEATED = "format.recipient-repeated"
    ATTACHMENT_UNMATCHED = "format.attachment-unmatched"
    ATTACHMENT_ENCODING = "format.attachment-encoding"
    ATTACHMENT_MISSING = "format.attachment-missing"
    ARCHIVE_REFUSED = "format.archive-refused"
    MAIN_DOCUMENT_MISSING = "format.main-document-missing"
    UNSIGNED_FILE = "format.unsigned-file"
    BUSINESS_TYPE = "format.business-type-unsupported"
    DATE_INVALID = "format.date-invalid"
    ARCHIVE_LIMIT = "format.archive-too-large"

    # G: the signed PDF.
    PDF_UNREADABLE = "signature.pdf-unreadable"
    PDF_HEADER = "pdf.header"
    PDF_END = "pdf.end-missing"
    PDF_STARTXREF = "pdf.startxref"
    PDF_CROSS_REFERENCES = "pdf.cross-references"
    PDF_SIZE = "pdf.size"
    PDF_TRAILER = "pdf.trailer"
    PDF_CATALOG = "pdf.catalog"
    PDF_PAGES = "pdf.pages"
    PDF_LOOP = "pdf.loop"
    PDF_FORM = "pdf.form"
    PDF_OBJECT = "pdf.object"
    PDF_OBJECT_MISPLACED = "pdf.object-misplaced"
    PDF_OBJECT_MISSING = "pdf.object-missing"
    PDF_STREAM_LENGTH = "pdf.stream-length"
    PDF_STREAM_DATA = "pdf.stream-data"
    PDF_FILTER = "pdf.filter"
    HYBRID_REFERENCES = "signature.hybrid-references"
    SIGNATURE_NONE = "signature.none"
    SIGNATURE_COUNT = "signature.field-count"
    SIGNATURE_SUBFILTER = "signature.subfilter"
    BYTE_RANGE = "signature.byte-range"
    CONTENTS = "signature.contents"
    NOT_COVERING = "signature.not-covering-file"
    CHANGED_AFTER = "signature.changed-after"
    OBJECTS_FREED = "signature.objects-freed"
    LONG_TERM_MISSING = "signature.long-term-data-missing"
    DIGEST_MISMATCH = "signature.digest-mismatch"
    CRYPTO_FAILURE = "signature.crypto-failure"
    TIMESTAMP_INVALID = "signature.timestamp-invalid"
    TIMESTAMP_MISSING = "signature.timestamp-missing"
    CHAIN_UNTRUSTED = "signature.chain-untrusted"
    CERTIFICATE_EXPIRED = "signature.certificate-not-in-force"
    AUTHORITY_NOT_IN_FORCE = "trust.authority-not-in-force"
    TRUST_EMPTY = "trust.list-empty"
    CMS_STRUCTURE = "signature.cms-structure"
    CERTIFICATE_UNBOUND = "signature.certificate-unbound"
    ALGORITHM_WEAK = "signature.algorithm-weak"
    CONTENT_JAVASCRIPT = "content.javascript"
    CONTENT_LAUNCH = "content.launch-action"
    CONTENT_SUBMIT = "content.submit-form"
    CONTENT_IMPORT = "content.import-data"
    CONTENT_REMOTE = "content.remote-document"
    CONTENT_REMOTE_EMBEDDED = "content.embedded-document"
    CONTENT_MEDIA = "content.media"
    CONTENT_XFA = "content.xfa"
    CONTENT_EMBEDDED = "content.embedded-file"
    CONTENT_HIDDEN = "content.hidden-layer"
    CONTENT_OPENING = "content.open-action"
    CONTENT_EXTERNAL = "content.external-stream"
    CONTENT_FIELDS = "content.fields-changed"
    CONTENT_ENCRYPTED = "content.encrypted"
    LIMIT_SIZE = "limit.size"
    LIMIT_SIGNATURES = "limit.signatures"
    LIMIT_REVISIONS = "limit.revisions"
    LIMIT_OBJECTS = "limit.objects"
    LIMIT_PAGES = "limit.pages"
    LIMIT_CPU = "limit.cpu"
    LIMIT_MEMORY = "limit.memory"
    LIMIT_DECODED = "limit.decoded-size"
    LIMIT_NESTING = "limit.nesting"
    KEY_USAGE = "signature.key-usage"
    REVOKED = "signature.certificate-revoked"

    # S: who must have signed which file.
    PERSON_MISSING = "signers.person-missing"
    SEAL_MISSING = "signers.seal-missing"
    SIGNERS_ORDER = "signers.order"

    # A: authority to send.
    SENDER_UNKNOWN = "authority.sender-unknown"
    SENDER_INACTIVE = "authority.sender-inactive"
    SENDER_NOT_OF_CONNECTION = "authority.sender-not-of-connection"
    RECIPIENT_UNKNOWN = "authority.recipient-unknown"
    RECIPIENT_INACTIVE = "authority.recipient-inactive"
    RECIPIENT_NOT_CONNECTED = "authority.recipient-not-connected"
    SEAL_NOT_OF_SENDER = "authority.seal-not-of-sender"
    SIGNER_UNREGISTERED = "authority.signer-unregistered"
    SIGNER_NOT_OF_SENDER = "authority.signer-not-of-sender"
    MANDATE_NOT_IN_FORCE = "authority.mandate-not-in-force"
    KIND_NOT_GRANTED = "authority.kind-not-granted"
    COMPETENCE_NOT_GRANTED = "authority.competence-not-granted"
    FILLED_BETWEEN = "authority.fields-filled"
    SIGNED_AFTER_CLOSURE = "authority.signed-after-closure"
    MANDATE_INCOMPLETE = "authority.mandate-incomplete"
    COMPETENCE_PASSED_ON = "authority.competence-passed-on"
    COLLECTIVE_NEEDS_TM = "authority.collective-needs-tm"
    COMPETENCE_ORDER = "authority.competence-order"

    # D: one document, one identity.
    DOCUMENT_ID_TAKEN = "identity.document-id-taken"

    # W: waiting, and the end of waiting.
    REVOCATION_UNAVAILABLE = "waiting.revocation-unavailable"
    GATE_UNDETERMINED = "waiting.gate-undetermined"
    TRUST_NOT_GIVEN = "waiting.trust-not-given"
    NOT_JUDGED_IN_TIME = "waiting.not-judged-in-time"

    # K: handling statuses.
    STATUS_NO_DELIVERY = "status.no-such-delivery"
    STATUS_NOT_RECIPIENT = "status.not-the-recipient"
    STATUS_REASON_MISSING = "status.reason-missing"
    STATUS_MALFORMED = "status.malformed"

    # N: findings. They are shown and never refuse.
    FINDING_LENGTH = "finding.too-long"
    FINDING_VALUE = "finding.value-unusual"
    FINDING_MISSING = "finding.recommended-missing"
    FINDING_UNSIGNED = "finding.unsigned-for-reference"
    FINDING_SIGNER_NAME = "finding.signer-name-differs"
    FINDING_XML_SIGNATURE = "finding.xml-signature"
    FINDING_STATUS_ORDER = "finding.status-out-of-order"
    FINDING_STATUS_CODE = "finding.status-code-not-handled"
    FINDING_BEFORE_CLOSURE = "finding.signed-before-closure"
    FINDING_CERTIFICATE_NAME = "finding.certificate-name-differs"
    FINDING_POSITION = "finding.position-differs"
    FINDING_ANY_PERSON = "finding.any-person-policy"
    FINDING_FILLED = "finding.fields-filled"

    # V: advice on the appearance. It is shown and never blocks.
    ADVICE_NO_TEXT = "advice.no-text-layer"
    ADVICE_NOT_RECOGNISED = "advice.not-recognised"
    ADVICE_PAPER = "advice.paper"
    ADVICE_MARGINS = "advice.margins"
    ADVICE_TYPEFACE = "advice.typeface"
    ADVICE_COLOUR = "advice.colour"
    ADVICE_PAGE_NUMBER = "advice.page-number"
    ADVICE_NATIONAL_NAME = "advice.national-name"
    ADVICE_MOTTO = "advice.motto"
    ADVICE_AGENCY = "advice.agency"
    ADVICE_NUMBER_LINE = "advice.number-line"
    ADVICE_NUMBER_DIFFERS = "advice.number-differs"
    ADVICE_PLACE_DATE = "advice.place-date"
    ADVICE_DATE_DIFFERS = "advice.date-differs"
    ADVICE_KIND_SUBJECT = "advice.kind-subject"
    ADVICE_LETTER_SUBJECT = "advice.letter-subject"
    ADVICE_BODY_SIZE = "advice.body-size"
    ADVICE_LEGAL_BASES = "advice.legal-bases"
    ADVICE_ADDRESSEE = "advice.addressee"
    ADVICE_SIGNATURE_BLOCK = "advice.signature-block"
    ADVICE_SIGNER_NAME = "advice.signer-name"
    ADVICE_RECIPIENTS = "advice.recipients"
    ADVICE_PERSON_MARK = "advice.person-mark"
    ADVICE_SEAL_MARK = "advice.seal-mark"
    ADVICE_ATTACHMENT_MARK = "advice.attachment-mark"
    ADVICE_URGENCY = "advice.urgency"

    # Q: quarantine reasons: our own trouble with bytes we could not handle.
    QUARANTINE_UNREADABLE = "quarantine.record-unreadable"
    QUARANTINE_SCHEMA = "quarantine.schema-unknown"
    QUARANTINE_ORPHAN = "quarantine.no-such-intake"
    QUARANTINE_CONTENT = "quarantine.content-altered"
    QUARANTINE_BUG = "quarantine.axis-bug"


class Reason(msgspec.Struct, frozen=True):
    """What is published about one code."""

    rule: str
    """Number of the rule in RULES.md, e.g. ``"G3"``."""

    vi: str
    """One sentence for the clerk, Vietnamese."""

    en: str
    """The same in English."""


_R = Reason
REASONS: Final[dict[Code, Reason]] = {
    Code.TAKE_TOO_LARGE: _R("T1", "Gói tin lớn hơn giới hạn của kết nối.", "The packet is larger than the connection may send."),
    Code.TAKE_RATE: _R("T2", "Kết nối gửi quá nhanh; hãy gửi lại sau.", "The connection sends too fast; try again later."),
    Code.TAKE_DIGEST: _R("T3", "Nội dung nhận được không khớp mã băm đã khai.", "The content does not match the declared digest."),
    Code.TAKE_KEY_REUSED: _R("T4", "Khóa chống gửi lặp đã dùng cho nội dung khác.", "The idempotency key was used for other content."),
    Code.TAKE_UNAUTHENTICATED: _R("T5", "Chưa xác thực hoặc thông tin xác thực sai.", "Not authenticated, or wrong credentials."),
    Code.TAKE_FORBIDDEN: _R("T6", "Kết nối không có quyền với đối tượng này.", "The connection may not touch this object."),
    Code.TAKE_MALFORMED: _R("T7", "Yêu cầu thiếu hoặc sai phần bắt buộc.", "The request lacks a required part or has a broken one."),
    Code.TAKE_NO_ROOM: _R("T8", "Trục tạm thời không còn chỗ; hãy gửi lại sau.", "The axis has no room at the moment; try again later."),
    Code.TAKE_NOT_FOUND: _R("T9", "Không có đối tượng này.", "There is no such object."),
    Code.TAKE_UNAVAILABLE: _R("T11", "Trục tạm thời không phục vụ được; hãy gửi lại sau.", "The axis cannot serve at the moment; try again later."),
    Code.TAKE_TOO_MANY_OPEN: _R("T13", "Kết nối có quá nhiều gói tin hoặc trạng thái chờ xử lý; hãy gửi lại sau.", "Too many packets or statuses of the connection wait for their turn; try again later."),
    Code.CONTENT_REMOVED: _R("T12", "Nội dung đã được xóa theo thời hạn lưu giữ; dữ liệu mô tả và biên nhận vẫn còn.", "The content was removed when its time was over; metadata and receipts are still there."),
    Code.SECRECY_MARKED: _R("T10", "Văn bản mang dấu độ mật: không được gửi qua trục.", "The document bears a state-secret mark: it may not travel here."),
    Code.XML_MALFORMED: _R("F1", "Gói tin không phải XML đúng cú pháp.", "The packet is not well-formed XML."),
    Code.XML_FORBIDDEN: _R("F2", "XML có phần bị cấm (DOCTYPE, thực thể, chỉ thị xử lý).", "The XML holds a forbidden construct (DOCTYPE, entity, processing instruction)."),
    Code.XML_ENCODING: _R("F3", "Gói tin không dùng mã UTF-8.", "The packet is not encoded in UTF-8."),
    Code.XML_LIMIT: _R("F4", "Gói tin vượt một giới hạn cấu trúc.", "The packet exceeds a structural limit."),
    Code.XML_NAMESPACE: _R("F5", "Phần tử không thuộc không gian tên của QCVN 102:2016.", "An element is outside the QCVN 102:2016 namespace."),
    Code.ELEMENT_MISSING: _R("F6", "Thiếu phần tử bắt buộc.", "A mandatory element is missing."),
    Code.ELEMENT_REPEATED: _R("F7", "Phần tử chỉ được có một lần lại lặp lại.", "An element that may stand once is repeated."),
    Code.VALUE_INVALID: _R("F8", "Giá trị bắt buộc sai kiểu hoặc sai khuôn dạng.", "A mandatory value has the wrong type or form."),
    Code.DATE_FUTURE: _R("F9", "Ngày ban hành ở tương lai.", "The date of issue lies in the future."),
    Code.RECIPIENT_REPEATED: _R("F10", "Một nơi nhận được ghi hai lần.", "A recipient is named twice."),
    Code.ATTACHMENT_UNMATCHED: _R("F11", "Tệp đính kèm và bản kê không khớp một-một.", "Attachments and manifest do not match one to one."),
    Code.ATTACHMENT_ENCODING: _R("F12", "Tệp đính kèm không phải base64 đúng chuẩn.", "An attachment is not strict base64."),
    Code.ATTACHMENT_MISSING: _R("F13", "Văn bản không có tệp nào.", "The document has no file."),
    Code.ARCHIVE_REFUSED: _R("F14", "Tệp nén hỏng, lồng nhau hoặc có mật khẩu.", "An archive is broken, nested or encrypted."),
    Code.MAIN_DOCUMENT_MISSING: _R("F15", "Không có tệp PDF làm văn bản chính.", "There is no PDF to be the main document."),
    Code.UNSIGNED_FILE: _R("F16", "Chính sách không cho gửi tệp không ký số.", "Policy does not let unsigned files travel."),
    Code.BUSINESS_TYPE: _R("F17", "Loại nghiệp vụ này chưa được hỗ trợ.", "This business type is not supported yet."),
    Code.DATE_INVALID: _R("F18", "Ngày tháng bắt buộc sai khuôn dạng hoặc không có thật.", "A mandatory date has the wrong form or does not exist."),
    Code.ARCHIVE_LIMIT: _R("F19", "Tệp nén vượt giới hạn về số mục, tỷ lệ nén hoặc dung lượng.", "An archive exceeds the caps on entries, ratio or size."),
    Code.PDF_UNREADABLE: _R("G1", "Không đọc được tệp PDF theo đúng chuẩn.", "The PDF cannot be read strictly."),
    Code.PDF_HEADER: _R("G1", "Tệp không bắt đầu như một tệp PDF (%PDF-, phiên bản).", "The file does not begin as a PDF does (%PDF-, version)."),
    Code.PDF_END: _R("G1", "Tệp PDF không kết thúc đúng (thiếu startxref hoặc %%EOF): có thể bị cắt cụt.", "The PDF does not end as one does (startxref, %%EOF): it may be cut off."),
    Code.PDF_STARTXREF: _R("G1", "Không có bảng tham chiếu chéo ở chỗ startxref hoặc /Prev chỉ tới.", "No cross-references begin where startxref or /Prev points."),
    Code.PDF_CROSS_REFERENCES: _R("G1", "Bảng tham chiếu chéo của tệp PDF hỏng hoặc tự mâu thuẫn.", "The PDF's cross-references are broken or contradict themselves."),
    Code.PDF_SIZE: _R("G1", "Số đối tượng khai báo (/Size) không khớp bảng tham chiếu chéo.", "The declared number of objects (/Size) does not fit the cross-references."),
    Code.PDF_TRAILER: _R("G1", "Phần cuối (trailer) của tệp PDF thiếu hoặc viết sai mục bắt buộc.", "The PDF's trailer lacks a required entry or spells it wrongly."),
    Code.PDF_CATALOG: _R("G1", "Tệp PDF không có danh mục gốc (/Root).", "The PDF has no catalog (/Root)."),
    Code.PDF_PAGES: _R("G1", "Cây trang của tệp PDF thiếu hoặc hỏng.", "The PDF's tree of pages is missing or broken."),
    Code.PDF_LOOP: _R("G1", "Các phần của tệp PDF trỏ vòng quanh về chính nó.", "Parts of the PDF point round in a circle."),
    Code.PDF_FORM: _R("G1", "Biểu mẫu của tệp PDF hỏng: trường viết sai hoặc lặp lại.", "The PDF's form is broken: a field is wrong or repeated."),
    Code.PDF_OBJECT: _R("G1", "Một đối tượng của tệp PDF viết sai cú pháp.", "An object of the PDF is spelled wrongly."),
    Code.PDF_OBJECT_MISPLACED: _R("G1", "Một đối tượng không nằm ở chỗ bảng tham chiếu chéo chỉ.", "An object is not where the cross-references say."),
    Code.PDF_OBJECT_MISSING: _R("G1", "Tệp PDF trỏ tới một đối tượng không có trong tệp.", "The PDF refers to an object that is not in the file."),
    Code.PDF_STREAM_LENGTH: _R("G1", "Một luồng dữ liệu không kết thúc ở chỗ /Length nói: sai độ dài hoặc bị cắt.", "A stream does not end where its /Length says: a wrong length, or cut off."),
    Code.PDF_STREAM_DATA: _R("G1", "Một luồng dữ liệu không giải nén được.", "The data of a stream cannot be decoded."),
    Code.PDF_FILTER: _R("G1", "Một luồng dữ liệu dùng bộ lọc lạ hoặc không được hỗ trợ.", "A stream uses a filter that is unknown or not supported."),
    Code.HYBRID_REFERENCES: _R("G1", "Tệp PDF có hai bảng tham chiếu chéo không thống nhất (hybrid).", "The PDF's two cross-reference tables (hybrid) could show two documents."),
    Code.SIGNATURE_NONE: _R("G2", "Tệp PDF không có chữ ký số.", "The PDF bears no signature."),
    Code.SIGNATURE_COUNT: _R("G2", "Số trường chữ ký và số chữ ký kiểm được không bằng nhau.", "Signature fields and judged signatures differ in number."),
    Code.SIGNATURE_SUBFILTER: _R("G2", "Kiểu chữ ký không được chấp nhận.", "The signature's sub-filter is not accepted."),
    Code.BYTE_RANGE: _R("G3", "Vùng byte được ký không hợp lệ.", "The signed byte range is not valid."),
    Code.CONTENTS: _R("G3", "Nội dung chữ ký không nằm đúng chỗ trống của vùng byte.", "The signature value is not exactly what the byte range leaves out."),
    Code.NOT_COVERING: _R("G4", "Chữ ký mới nhất không phủ đến cuối tệp.", "The newest signature does not reach the end of the file."),
    Code.CHANGED_AFTER: _R("G5", "Văn bản bị thay đổi sau khi ký.", "The document was changed after signing."),
    Code.OBJECTS_FREED: _R("G5", "Một lần cập nhật sau khi ký xóa đối tượng đang dùng.", "An update after signing frees objects in use."),
    Code.LONG_TERM_MISSING: _R("G5", "Dữ liệu xác minh dài hạn trỏ tới đối tượng không có trong tệp.", "Long-term data refers to objects that are not in the file."),
    Code.DIGEST_MISMATCH: _R("G6", "Nội dung không khớp giá trị băm đã ký.", "The content does not match the signed digest."),
    Code.CRYPTO_FAILURE: _R("G6", "Chữ ký không đúng với khóa của chứng thư.", "The signature does not verify with the certificate's key."),
    Code.TIMESTAMP_INVALID: _R("G6", "Dấu thời gian không hợp lệ.", "A time-stamp is not valid."),
    Code.TIMESTAMP_MISSING: _R("G6", "Chữ ký không có dấu thời gian.", "The signature has no time-stamp."),
    Code.CHAIN_UNTRUSTED: _R("G6", "Chứng thư không dẫn tới gốc tin cậy.", "The certificate does not lead to a trusted root."),
    Code.CERTIFICATE_EXPIRED: _R("G6", "Chứng thư không có hiệu lực lúc ký.", "The certificate was not in force at signing time."),
    Code.AUTHORITY_NOT_IN_FORCE: _R("G6", "Danh sách tin cậy không tin cơ quan chứng thực này vào lúc ký.", "The trust list does not trust this authority at signing time."),
    Code.TRUST_EMPTY: _R("G6", "Danh sách tin cậy rỗng.", "The trust list is empty."),
    Code.CMS_STRUCTURE: _R("G7", "Cấu trúc CMS của chữ ký không đạt.", "The signature's CMS structure does not meet the rules."),
    Code.CERTIFICATE_UNBOUND: _R("G7", "Chữ ký không ghi chứng thư của người ký trong phần được ký.", "Nothing that was signed names the signer's certificate."),
    Code.ALGORITHM_WEAK: _R("G7", "Thuật toán hoặc khóa quá yếu.", "An algorithm or key is too weak."),
    Code.CONTENT_JAVASCRIPT: _R("G8", "Tệp PDF chứa JavaScript.", "The PDF holds JavaScript."),
    Code.CONTENT_LAUNCH: _R("G8", "Tệp PDF chứa lệnh chạy chương trình.", "The PDF holds a launch action."),
    Code.CONTENT_SUBMIT: _R("G8", "Tệp PDF chứa lệnh gửi dữ liệu biểu mẫu ra ngoài.", "The PDF holds an action that sends form data."),
    Code.CONTENT_IMPORT: _R("G8", "Tệp PDF chứa lệnh nạp dữ liệu biểu mẫu.", "The PDF holds an action that brings form data in."),
    Code.CONTENT_REMOTE: _R("G8", "Tệp PDF chứa lệnh mở tài liệu khác (GoToR).", "The PDF holds an action that opens another document (GoToR)."),
    Code.CONTENT_REMOTE_EMBEDDED: _R("G8", "Tệp PDF chứa lệnh mở tài liệu nhúng (GoToE).", "The PDF holds an action that opens an embedded document (GoToE)."),
    Code.CONTENT_MEDIA: _R("G8", "Tệp PDF chứa âm thanh, phim hoặc nội dung ba chiều.", "The PDF holds sound, film or three-dimensional content."),
    Code.CONTENT_XFA: _R("G8", "Tệp PDF chứa biểu mẫu XFA.", "The PDF holds an XFA form."),
    Code.CONTENT_EMBEDDED: _R("G8", "Tệp PDF chứa tệp nhúng.", "The PDF holds an embedded file."),
    Code.CONTENT_HIDDEN: _R("G8", "Tệp PDF có nội dung mặc định bị ẩn, hoặc lệnh ẩn, hiện nội dung.", "The PDF holds content that is hidden by default, or an action that hides or shows it."),
    Code.CONTENT_OPENING: _R("G8", "Lệnh khi mở tệp PDF không phải chỉ là vị trí xem.", "The PDF's opening action is no plain destination."),
    Code.CONTENT_EXTERNAL: _R("G8", "Một phần nội dung của tệp PDF nằm ở tệp khác.", "A part of the PDF's content lies in another file."),
    Code.CONTENT_FIELDS: _R("G8", "Giá trị trường biểu mẫu bị thay đổi ngoài mức cho phép sau khi ký.", "Form-field values were changed after signing beyond what is allowed."),
    Code.CONTENT_ENCRYPTED: _R("G8", "Tệp PDF bị mã hóa.", "The PDF is encrypted."),
    Code.LIMIT_SIZE: _R("G9", "Tệp lớn hơn giới hạn.", "The file is larger than the limit."),
    Code.LIMIT_SIGNATURES: _R("G9", "Quá nhiều chữ ký.", "Too many signatures."),
    Code.LIMIT_REVISIONS: _R("G9", "Quá nhiều lần lưu.", "Too many revisions."),
    Code.LIMIT_OBJECTS: _R("G9", "Quá nhiều đối tượng, hoặc bảng tham chiếu lớn hơn tệp.", "Too many objects, or a cross-reference table larger than the file."),
    Code.LIMIT_PAGES: _R("G9", "Quá nhiều trang.", "Too many pages."),
    Code.LIMIT_CPU: _R("G9", "Việc đọc tệp vượt giới hạn tính toán.", "Reading the file exceeded the CPU limit."),
    Code.LIMIT_MEMORY: _R("G9", "Việc đọc tệp vượt giới hạn bộ nhớ.", "Reading the file exceeded the memory limit."),
    Code.LIMIT_DECODED: _R("G9", "Một luồng dữ liệu giải nén ra quá lớn.", "A stream's data grow too large when they are decoded."),
    Code.LIMIT_NESTING: _R("G9", "Các phần của tệp lồng nhau quá sâu.", "Parts of the file are nested too deeply."),
    Code.KEY_USAGE: _R("G10", "Chứng thư không được dùng để ký văn bản.", "The certificate's key usage does not allow signing documents."),
    Code.REVOKED: _R("G11", "Chứng thư đã bị thu hồi lúc ký.", "The certificate was revoked at signing time."),
    Code.PERSON_MISSING: _R("S1", "Văn bản chính thiếu chữ ký của người có thẩm quyền.", "The main document lacks a person's signature."),
    Code.SEAL_MISSING: _R("S2", "Tệp thiếu chữ ký số của cơ quan.", "A file lacks the agency's seal."),
    Code.SIGNERS_ORDER: _R("S3", "Người có thẩm quyền phải ký trước chữ ký cơ quan.", "The person must sign before the agency's seal."),
    Code.SENDER_UNKNOWN: _R("A1", "Cơ quan gửi không có trong danh bạ.", "The sending agency is not in the directory."),
    Code.SENDER_INACTIVE: _R("A1", "Cơ quan gửi không còn hoạt động.", "The sending agency is not active."),
    Code.SENDER_NOT_OF_CONNECTION: _R("A2", "Kết nối không đại diện cho cơ quan gửi.", "The connection does not speak for the sending agency."),
    Code.RECIPIENT_UNKNOWN: _R("A3", "Nơi nhận không có trong danh bạ.", "A recipient is not in the directory."),
    Code.RECIPIENT_INACTIVE: _R("A3", "Nơi nhận đã khóa hoặc hết hiệu lực.", "A recipient is locked or no longer in force."),
    Code.RECIPIENT_NOT_CONNECTED: _R("A3", "Nơi nhận chưa kết nối với trục.", "A recipient is not connected to the axis."),
    Code.SEAL_NOT_OF_SENDER: _R("A4", "Chữ ký cơ quan không phải của cơ quan ban hành.", "The seal is not the issuing agency's."),
    Code.SIGNER_UNREGISTERED: _R("A5", "Người ký không có trong danh sách người ký.", "The signer is not a registered signer."),
    Code.SIGNER_NOT_OF_SENDER: _R("A5", "Người ký không thuộc cơ quan ban hành.", "The signer is not of the issuing agency."),
    Code.MANDATE_NOT_IN_FORCE: _R("A6", "Người ký không có thẩm quyền có hiệu lực lúc ký.", "The signer had no mandate in force at signing time."),
    Code.KIND_NOT_GRANTED: _R("A7", "Thẩm quyền của người ký không gồm loại văn bản này.", "The signer's mandate does not cover this kind of document."),
    Code.COMPETENCE_NOT_GRANTED: _R("A8", "Quyền hạn ghi trên văn bản (TM., KT., TL., TUQ., Q.) không được giao.", "The competence on the document (TM, KT, TL, TUQ, Q) was not granted."),
    Code.FILLED_BETWEEN: _R("A9", "Trường biểu mẫu được điền giữa hai chữ ký mà chính sách không cho phép.", "Form fields were filled between two signatures where policy does not accept it."),
    Code.SIGNED_AFTER_CLOSURE: _R("A14", "Ký sau khi cơ quan đã chấm dứt hoạt động.", "Signed after the agency was closed."),
    Code.MANDATE_INCOMPLETE: _R("A10", "Thẩm quyền ký thiếu điều luật đòi: thời hạn, nội dung, lĩnh vực, loại văn bản hoặc quyết định.", "The mandate lacks what the law asks: time limit, content, field, kinds or appointment."),
    Code.COMPETENCE_PASSED_ON: _R("A11", "Thừa ủy quyền không được ủy quyền lại; thừa lệnh chỉ giao cho cấp phó của mình.", "TUQ is not passed on, and TL only to the own deputy."),
    Code.COLLECTIVE_NEEDS_TM: _R("A12", "Cơ quan làm việc theo chế độ tập thể phải ký thay mặt (TM.).", "A body that decides collectively signs TM."),
    Code.COMPETENCE_ORDER: _R("A13", "Các quyền hạn ký không được ghi cùng nhau hoặc theo thứ tự này.", "These competences do not stand together, or not in this order."),
    Code.DOCUMENT_ID_TAKEN: _R("D1", "Mã định danh văn bản đã dùng cho văn bản khác đã được nhận.", "The document id belongs to another accepted document."),
    Code.REVOCATION_UNAVAILABLE: _R("W1", "Chưa lấy được thông tin thu hồi chứng thư; văn bản đang chờ.", "Revocation data is not to be had yet; the document waits."),
    Code.GATE_UNDETERMINED: _R("W2", "Bộ kiểm tra chưa trả lời được; văn bản đang chờ.", "The gate has not come to an answer yet; the document waits."),
    Code.TRUST_NOT_GIVEN: _R("W3", "Chưa có danh sách tin cậy để xét.", "No trust list was given to judge by."),
    Code.NOT_JUDGED_IN_TIME: _R("W4", "Không kiểm tra xong trong thời hạn; số văn bản chưa bị dùng, có thể gửi lại.", "Not judged in time; the document id is free and it may be sent again."),
    Code.STATUS_NO_DELIVERY: _R("K1", "Không có văn bản đã gửi tới cơ quan này.", "No such document was delivered to this agency."),
    Code.STATUS_NOT_RECIPIENT: _R("K2", "Kết nối không đại diện cho nơi nhận này.", "The connection does not speak for this recipient."),
    Code.STATUS_REASON_MISSING: _R("K3", "Từ chối (02) phải có lý do.", "A refusal (02) must give its reason."),
    Code.STATUS_MALFORMED: _R("K4", "Gói tin trạng thái sai khuôn dạng.", "The status packet is malformed."),
    Code.FINDING_LENGTH: _R("N1", "Giá trị dài hơn quy định.", "A value is longer than the standard says."),
    Code.FINDING_VALUE: _R("N2", "Giá trị ngoài danh mục thường dùng.", "A value is outside the usual code list."),
    Code.FINDING_MISSING: _R("N3", "Thiếu phần tử nên có.", "A recommended element is missing."),
    Code.FINDING_UNSIGNED: _R("N4", "Tệp không ký số, chỉ để biết, tham khảo.", "An unsigned file, for reference only."),
    Code.FINDING_SIGNER_NAME: _R("N5", "Tên người ký trên văn bản khác tên trong danh sách.", "The signer's name differs from the register."),
    Code.FINDING_XML_SIGNATURE: _R("N6", "Chữ ký XML của gói tin không dùng làm chứng cứ.", "The packet's XML signature is not relied upon."),
    Code.FINDING_STATUS_ORDER: _R("N7", "Trạng thái đến không theo thứ tự thường.", "The status came out of the usual order."),
    Code.FINDING_STATUS_CODE: _R("N8", "Mã trạng thái được lưu và chuyển tiếp, chưa được xử lý.", "The status code is stored and passed on, not yet acted upon."),
    Code.FINDING_BEFORE_CLOSURE: _R("N9", "Cơ quan đã chấm dứt hoạt động; văn bản được ký trước đó.", "The agency is closed; the document was signed before that."),
    Code.FINDING_CERTIFICATE_NAME: _R("N10", "Tên trong chứng thư khác tên người ký trên văn bản.", "The name in the certificate differs from the signer's on the document."),
    Code.FINDING_POSITION: _R("N11", "Chức vụ trên văn bản khác chức vụ trong danh sách.", "The position on the document differs from the register."),
    Code.FINDING_ANY_PERSON: _R("N12", "Chính sách của cơ quan: mọi người của cơ quan được ký, không cần đăng ký.", "The agency's policy: any person of it may sign, unregistered."),
    Code.FINDING_FILLED: _R("N13", "Có trường biểu mẫu được điền sau chữ ký này, trước chữ ký tiếp theo.", "Form fields were filled after this signature and before the next one."),
    Code.ADVICE_NO_TEXT: _R("V1", "Tệp không có lớp chữ (bản quét): không xét được thể thức.", "The file has no text layer (a scan): its appearance cannot be judged."),
    Code.ADVICE_NOT_RECOGNISED: _R("V2", "Không nhận ra các thành phần thể thức của văn bản hành chính.", "The components of an administrative document were not recognised."),
    Code.ADVICE_PAPER: _R("V3", "Khổ giấy hoặc chiều giấy khác quy định.", "Paper size or orientation differs from the decree."),
    Code.ADVICE_MARGINS: _R("V4", "Lề trang khác quy định.", "A margin differs from the decree."),
    Code.ADVICE_TYPEFACE: _R("V5", "Phông chữ khác Times New Roman.", "The typeface is not Times New Roman."),
    Code.ADVICE_COLOUR: _R("V6", "Chữ không phải màu đen.", "Text is not black."),
    Code.ADVICE_PAGE_NUMBER: _R("V7", "Số trang khác quy định.", "Page numbers differ from the decree."),
    Code.ADVICE_NATIONAL_NAME: _R("V8", "Quốc hiệu khác quy định.", "The country's name differs from the decree."),
    Code.ADVICE_MOTTO: _R("V9", "Tiêu ngữ khác quy định.", "The motto differs from the decree."),
    Code.ADVICE_AGENCY: _R("V10", "Tên cơ quan ban hành trình bày khác quy định.", "The issuing agency's name is not set as the decree says."),
    Code.ADVICE_NUMBER_LINE: _R("V11", "Số, ký hiệu trình bày khác quy định.", "The number line is not set as the decree says."),
    Code.ADVICE_NUMBER_DIFFERS: _R("V12", "Số, ký hiệu trên trang khác thông tin kèm theo hoặc không hợp với loại văn bản.", "Number or notation on the page differs from the metadata, or does not fit the kind."),
    Code.ADVICE_PLACE_DATE: _R("V13", "Địa danh và thời gian ban hành trình bày khác quy định.", "Place and date are not set as the decree says."),
    Code.ADVICE_DATE_DIFFERS: _R("V14", "Ngày trên trang ở tương lai hoặc khác ngày ban hành kèm theo.", "The date on the page lies in the future or differs from the metadata."),
    Code.ADVICE_KIND_SUBJECT: _R("V15", "Tên loại và trích yếu trình bày khác quy định.", "Kind and subject are not set as the decree says."),
    Code.ADVICE_LETTER_SUBJECT: _R("V16", "Trích yếu công văn (V/v) trình bày khác quy định.", "The subject of a letter (V/v) is not set as the decree says."),
    Code.ADVICE_BODY_SIZE: _R("V17", "Cỡ chữ nội dung khác quy định.", "The body's type size differs from the decree."),
    Code.ADVICE_LEGAL_BASES: _R("V18", "Căn cứ ban hành trình bày khác quy định.", "Legal bases are not set as the decree says."),
    Code.ADVICE_ADDRESSEE: _R("V19", "Phần “Kính gửi” khác quy định.", "The addressee (Kính gửi) differs from the decree."),
    Code.ADVICE_SIGNATURE_BLOCK: _R("V20", "Quyền hạn, chức vụ của người ký trình bày khác quy định.", "The signature block is not set as the decree says."),
    Code.ADVICE_SIGNER_NAME: _R("V21", "Họ tên người ký khác quy định hoặc khác thông tin kèm theo.", "The signer's name differs from the decree or from the metadata."),
    Code.ADVICE_RECIPIENTS: _R("V22", "Phần “Nơi nhận” khác quy định.", "The list of recipients (Nơi nhận) differs from the decree."),
    Code.ADVICE_PERSON_MARK: _R("V23", "Hình chữ ký của người có thẩm quyền khác quy định.", "The picture of the person's signature differs from the decree."),
    Code.ADVICE_SEAL_MARK: _R("V24", "Hình dấu của cơ quan khác quy định.", "The picture of the agency's seal differs from the decree."),
    Code.ADVICE_ATTACHMENT_MARK: _R("V25", "Chữ ký cơ quan trên tệp kèm theo trình bày khác quy định.", "The agency's signature on an attached file is not shown as the decree says."),
    Code.ADVICE_URGENCY: _R("V26", "Dấu mức độ khẩn khác quy định hoặc khác thông tin kèm theo.", "The urgency stamp differs from the decree or from the metadata."),
    Code.QUARANTINE_UNREADABLE: _R("Q1", "Bản ghi không giải mã được.", "The record cannot be decoded."),
    Code.QUARANTINE_SCHEMA: _R("Q2", "Bản ghi mang lược đồ lạ.", "The record carries an unknown schema."),
    Code.QUARANTINE_ORPHAN: _R("Q3", "Bản ghi nói về gói tin không có.", "The record speaks of a packet that does not exist."),
    Code.QUARANTINE_CONTENT: _R("Q4", "Nội dung đã lưu không khớp mã băm.", "Stored content does not match its digest."),
    Code.QUARANTINE_BUG: _R("Q5", "Lỗi của chính trục.", "A fault of the axis itself."),
}


class Violation(msgspec.Struct, frozen=True):
    """One broken rule, or one finding."""

    code: Code
    """Machine-readable reason; the only part other systems may branch on."""

    field: str
    """Where: dotted path into the envelope (``"From.OrganId"``), or
    ``"files[0].signatures[1]"``; empty for the whole."""

    detail: str
    """For a human reader. Never parsed, never holds document content."""

    @property
    def rule(self) -> str:
        """Number of the broken rule in RULES.md."""
        return REASONS[self.code].rule
