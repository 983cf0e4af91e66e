"""The words of the pages: states, kinds of receipts, and what to do about a reason. Vietnamese, English."""

from datetime import datetime
from typing import Final

from axis.violations import REASONS, Code, Violation
from axis.zone import VIETNAM

STATES: Final[dict[str, tuple[str, str, str]]] = {
    "taken": ("Trục đã nhận, chờ kiểm tra", "taken", "open"),
    "waiting": ("Đang chờ", "waiting", "wait"),
    "accepted": ("Trục đã chấp nhận", "accepted", "good"),
    "refused": ("Trục từ chối", "refused", "bad"),
    "expired": ("Không kiểm tra kịp", "not judged in time", "bad"),
    "quarantined": ("Bị cách ly", "set aside", "bad"),
    "consigned": ("Trong hộp thư nơi nhận", "in the mailbox", "open"),
    "fetched": ("Nơi nhận đã lấy về", "fetched", "open"),
    "01": ("Đã đến", "arrived", "open"),
    "02": ("Từ chối tiếp nhận", "rejected", "bad"),
    "03": ("Đã tiếp nhận", "received", "good"),
    "04": ("Đã phân công", "assigned", "good"),
    "05": ("Đang xử lý", "processing", "good"),
    "06": ("Hoàn thành", "finished", "done"),
    "13": ("Bên gửi yêu cầu lấy lại", "recall asked for", "wait"),
    "15": ("Đồng ý yêu cầu", "request agreed to", "good"),
    "16": ("Từ chối yêu cầu", "request declined", "bad"),
}
"""State or status code → Vietnamese, English, tone of its badge."""

OWN: Final[dict[str, str]] = {
    "consigned": "Chờ tiếp nhận",
    "fetched": "Đã lấy về, chờ tiếp nhận",
}
"""The same for whoever is the recipient: what it means to her, where it is another thing to the sender."""

ACTIONS: Final[dict[str, tuple[str, str, str]]] = {
    "03": ("Tiếp nhận", "receive", "Văn bản được vào sổ văn bản đến của cơ quan bạn."),
    "02": ("Từ chối", "refuse", "Bên gửi nhận được lý do; văn bản trả lại, không xử lý."),
    "04": ("Phân công", "assign", "Văn bản đã giao cho đơn vị, người xử lý."),
    "05": ("Đang xử lý", "process", "Đơn vị đã bắt đầu xử lý."),
    "06": ("Hoàn thành", "finish", "Việc xử lý văn bản đã xong."),
    "13": ("Yêu cầu lấy lại", "ask back", "Nơi nhận được yêu cầu hủy bản của mình; họ đồng ý hoặc từ chối."),
    "15": ("Đồng ý yêu cầu", "agree", "Bấm sau khi đã hủy văn bản ở hệ thống của cơ quan bạn."),
    "16": ("Từ chối yêu cầu", "decline", "Văn bản vẫn ở cơ quan bạn; bên gửi nhận được lý do."),
}
"""What a clerk may do: name, English, what it means. 13 is the sender's, all others the recipient's."""

GROUNDS: Final[tuple[str, ...]] = (
    "Gửi sai nơi nhận",
    "Không bảo đảm tính toàn vẹn, xác thực",
    "Sai thể thức, kỹ thuật trình bày",
    "Thiếu tệp hoặc tệp không đọc được",
    "Trùng văn bản đã nhận",
    "Lý do khác",
)
"""Grounds of a refusal (NĐ 30/2020 Điều 21; QĐ 28/2018 Điều 5.4 and 9.1)."""

KINDS: Final[dict[str, tuple[str, str]]] = {
    "SubmissionAcceptance": ("Trục chấp nhận văn bản", "submission accepted"),
    "SubmissionRejection": ("Trục từ chối văn bản", "submission rejected"),
    "SubmissionExpiry": ("Không kiểm tra kịp thời hạn", "not judged in time"),
    "ContentConsignment": ("Đã vào hộp thư nơi nhận", "consigned"),
    "ContentConsignmentFailure": ("Không giao được tới nơi nhận", "not consigned"),
    "ContentHandover": ("Nơi nhận đã lấy về", "handed over"),
    "HandlingStatus": ("Trạng thái xử lý của nơi nhận", "handling status"),
    "HandlingStatusRejection": ("Trạng thái bị từ chối", "status rejected"),
}

LEVELS: Final = {
    "central": ("Trung ương", "central"),
    "province": ("Tỉnh", "province"),
    "district": ("Huyện", "district"),
    "commune": ("Xã", "commune"),
}

FACTS: Final[dict[str, str]] = {
    "packet_id": "Mã gói tin",
    "connection": "Kết nối",
    "agency": "Cơ quan gửi",
    "document_id": "Mã văn bản",
    "recipient": "Mã nơi nhận",
    "recipient_name": "Nơi nhận",
    "level": "Cấp",
    "status_code": "Trạng thái",
    "said_by": "Cơ quan trả lời",
    "said_through": "Qua kết nối",
    "reported_at": "Báo lúc",
    "delivery_id": "Mã lần giao",
    "ack_id": "Mã trạng thái",
    "fetched_by": "Kết nối lấy về",
    "fetched_through": "Lấy qua",
    "reason": "Lý do",
    "take": "Lần gửi",
    "size": "Số byte của gói",
    "sha256": "SHA-256 gói đã gửi",
    "delivered_sha256": "SHA-256 gói đã giao",
    "evidence": "SHA-256 dữ liệu thu hồi đã xét",
}
"""What a receipt says beside its kind: name in the event → what it is called on the page."""
TOLD_APART: Final = frozenset(
    {"event_id", "kind", "at", "reasons", "findings", "not_proven", "files", "versions"}
)
"""Facts of a receipt that have a place of their own on its page, or none."""

PRIORITIES: Final = {1: "Khẩn", 2: "Thượng khẩn", 3: "Hỏa tốc", 4: "Hỏa tốc hẹn giờ"}

_ADVICE: Final[dict[Code, str]] = {
    Code.SECRECY_MARKED: "Không gửi văn bản mật qua trục. Xử lý theo quy định bảo vệ bí mật nhà nước.",
    Code.DATE_FUTURE: "Sửa ngày ban hành, hoặc gửi lại vào đúng ngày đó.",
    Code.RECIPIENT_REPEATED: "Bỏ nơi nhận bị ghi lặp rồi gửi lại.",
    Code.ATTACHMENT_MISSING: "Đính kèm tệp văn bản đã ký số rồi gửi lại.",
    Code.MAIN_DOCUMENT_MISSING: "Đính kèm văn bản chính dạng PDF đã ký số rồi gửi lại.",
    Code.UNSIGNED_FILE: "Ký số tệp này, hoặc bỏ nó ra khỏi gói rồi gửi lại.",
    Code.BUSINESS_TYPE: "Hiện chỉ gửi được văn bản mới. Liên hệ trực tiếp nơi nhận để thu hồi hoặc sửa đổi.",
    Code.SIGNATURE_NONE: "Trình người có thẩm quyền ký số, rồi ký số cơ quan, rồi gửi lại.",
    Code.PERSON_MISSING: "Trình người có thẩm quyền ký số trước, sau đó ký số cơ quan, rồi gửi lại.",
    Code.SEAL_MISSING: "Văn thư ký số của cơ quan lên tệp rồi gửi lại.",
    Code.SIGNERS_ORDER: "Ký lại từ bản chưa ký: người có thẩm quyền ký trước, cơ quan ký sau.",
    Code.CHANGED_AFTER: "Không sửa tệp sau khi ký. Lấy bản gốc vừa ký, hoặc ký lại, rồi gửi lại.",
    Code.NOT_COVERING: "Lấy đúng bản vừa ký xong, không lưu thêm lần nào, rồi gửi lại.",
    Code.DIGEST_MISMATCH: "Tệp đã bị thay đổi. Lấy bản gốc vừa ký, hoặc ký lại, rồi gửi lại.",
    Code.TIMESTAMP_MISSING: "Bật dấu thời gian trong phần mềm ký số, ký lại rồi gửi lại.",
    Code.CERTIFICATE_EXPIRED: "Gia hạn hoặc thay chứng thư số, ký lại rồi gửi lại.",
    Code.REVOKED: "Không dùng chứng thư này nữa. Xin cấp chứng thư mới, ký lại rồi gửi lại.",
    Code.CONTENT_ENCRYPTED: "Bỏ mật khẩu của tệp trước khi ký, ký lại rồi gửi lại.",
    Code.SENDER_UNKNOWN: "Kiểm tra mã định danh cơ quan; nếu đúng, báo vận hành trục cập nhật danh bạ.",
    Code.SENDER_INACTIVE: "Dùng mã của cơ quan đang hoạt động; hoặc báo vận hành trục cập nhật danh bạ.",
    Code.SENDER_NOT_OF_CONNECTION: "Báo người quản trị phần mềm: hệ thống chưa được giao gửi thay cơ quan.",
    Code.RECIPIENT_UNKNOWN: "Kiểm tra mã nơi nhận trong danh bạ, sửa rồi gửi lại.",
    Code.RECIPIENT_INACTIVE: "Chọn cơ quan kế thừa của nơi nhận trong danh bạ rồi gửi lại.",
    Code.RECIPIENT_NOT_CONNECTED: "Nơi nhận chưa nối trục: gửi bản giấy, hoặc bỏ nơi nhận này rồi gửi lại.",
    Code.SEAL_NOT_OF_SENDER: "Ký lại bằng chứng thư của chính cơ quan ban hành rồi gửi lại.",
    Code.SIGNER_UNREGISTERED: "Đề nghị vận hành trục đăng ký người ký, hoặc trình người đã đăng ký ký lại.",
    Code.SIGNER_NOT_OF_SENDER: "Trình người có thẩm quyền của cơ quan ban hành ký lại rồi gửi lại.",
    Code.MANDATE_NOT_IN_FORCE: "Kiểm tra thời hạn ủy quyền; trình người còn thẩm quyền ký lại rồi gửi lại.",
    Code.KIND_NOT_GRANTED: "Trình người được ký loại văn bản này, hoặc bổ sung thẩm quyền, rồi gửi lại.",
    Code.COMPETENCE_NOT_GRANTED: "Sửa đề ký (TM., KT., TL., TUQ., Q.) cho đúng thẩm quyền rồi gửi lại.",
    Code.DOCUMENT_ID_TAKEN: "Số và ngày này đã dùng cho văn bản khác. Kiểm tra sổ, cấp số mới rồi gửi lại.",
    Code.REVOCATION_UNAVAILABLE: "Chưa cần làm gì: trục tự kiểm tra lại; quá hạn sẽ có biên nhận.",
    Code.GATE_UNDETERMINED: "Chưa cần làm gì: trục tự kiểm tra lại; quá hạn sẽ có biên nhận.",
    Code.TRUST_NOT_GIVEN: "Chưa cần làm gì: vận hành trục phải nạp danh sách tin cậy.",
    Code.NOT_JUDGED_IN_TIME: "Gửi lại nguyên văn bản này; số văn bản chưa bị dùng.",
    Code.STATUS_REASON_MISSING: "Ghi lý do rồi từ chối lại.",
    Code.STATUS_NOT_RECIPIENT: "Cơ quan vừa đổi kết nối. Tải lại trang rồi làm lại.",
}
_BY_GROUP: Final = {
    "take": "Thử lại sau; nếu vẫn vậy, báo người quản trị phần mềm.",
    "format": "Báo người quản trị phần mềm sửa gói tin theo QCVN 102:2016 rồi gửi lại.",
    "signature": "Kiểm tra chứng thư và phần mềm ký số, ký lại văn bản rồi gửi lại.",
    "content": "Xuất lại tệp PDF từ bản soạn thảo (PDF/A), ký lại rồi gửi lại.",
    "limit": "Giảm kích thước hoặc xuất lại tệp PDF cho đơn giản hơn, ký lại rồi gửi lại.",
    "trust": "Vận hành trục phải nạp danh sách tin cậy; sau đó gửi lại.",
    "signers": "Ký đủ và đúng thứ tự rồi gửi lại.",
    "authority": "Kiểm tra danh bạ và thẩm quyền ký, sửa rồi gửi lại.",
    "identity": "Cấp số mới rồi gửi lại.",
    "waiting": "Chưa cần làm gì: trục tự kiểm tra lại.",
    "status": "Tải lại trang rồi làm lại; nếu vẫn vậy, báo vận hành trục.",
    "advice": "Nên sửa trình bày theo Nghị định 30/2020 ở văn bản sau; văn bản này vẫn được gửi.",
    "finding": "Chỉ để biết; không cần làm gì.",
    "quarantine": "Vận hành tìm nguyên nhân, sửa, rồi gửi lại bản ghi.",
}
_ELSE: Final = "Hỏi bộ phận vận hành trục, kèm mã lý do này."
"""A page never fails over a reason that is newer than its advice."""


def advice(code: Code) -> str:
    """Return what to do about a reason."""
    return _ADVICE.get(code) or _BY_GROUP.get(code.partition(".")[0], _ELSE)


def reason(violation: Violation) -> dict[str, str]:
    """Put one reason into plain words: what happened, where, which rule, what to do."""
    words = REASONS[violation.code]
    return {
        "code": str(violation.code),
        "rule": words.rule,
        "vi": words.vi,
        "en": words.en,
        "where": violation.field,
        "detail": violation.detail,
        "advice": advice(violation.code),
    }


def told(code: Code) -> str:
    """Return what is published about a reason, Vietnamese."""
    return REASONS[code].vi


def numbered(document_id: str) -> str:
    """Return number and notation of a document id, ``OrganId,yyyy/MM/dd,number/notation``; else all of it."""
    parts = document_id.split(",", 2)
    return parts[2] if len(parts) == 3 else document_id  # noqa: PLR2004 - its parts


def second(at: datetime | None) -> str:
    """Return a moment with its seconds, for evidence and operations."""
    return f"{at.astimezone(VIETNAM):%d/%m/%Y %H:%M:%S}" if at else "–"


def fact(name: str, value: object) -> tuple[str, str]:
    """Return one fact of a receipt as it is read: its name, its value in words where there are any."""
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    if name == "level" and text in LEVELS:
        text = LEVELS[text][0]
    elif name == "status_code":
        text = f"{text} {state(text)[0]}"
    elif name == "reported_at":
        text = second(datetime.fromisoformat(text))
    return FACTS.get(name, name), text


def own_state(code: str) -> tuple[str, str, str]:
    """Return a state's words and tone as its recipient reads them."""
    vi, en, tone = state(code)
    return OWN.get(code, vi), en, tone


def state(code: str) -> tuple[str, str, str]:
    """Return a state's words and tone; an unknown code is shown as it is."""
    return STATES.get(code, (f"Mã {code}", f"code {code}", "open"))
