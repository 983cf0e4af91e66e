"""The words of a report: verdicts in plain sentences, and what to do about each reason."""

from typing import Final

from axis.reports import Outcome
from axis.violations import REASONS, Code

Pair = tuple[str, str]
"""Vietnamese, English."""

VERDICTS: Final[dict[Outcome, Pair]] = {
    Outcome.ACCEPTED: ("Đạt", "Accepted"),
    Outcome.REFUSED: ("Bị từ chối", "Refused"),
    Outcome.WAITING: ("Chưa kết luận, còn chờ", "Not decided yet, waiting"),
    Outcome.NOT_JUDGED: ("Không xét", "Not judged"),
}
PARTS: Final[dict[str, Pair]] = {
    "integrity": ("Toàn vẹn", "Integrity"),
    "content": ("Nội dung", "Content"),
    "trust": ("Tin cậy", "Trust"),
    "authority": ("Thẩm quyền", "Authority"),
}
MEANING: Final[dict[tuple[str, Outcome], Pair]] = {
    ("integrity", Outcome.ACCEPTED): (
        "Tệp đọc được đúng chuẩn; chữ ký khớp với nội dung và không có gì bị đổi sau khi ký.",
        "The file reads strictly; the signatures match the content and nothing was changed after signing.",
    ),
    ("content", Outcome.ACCEPTED): (
        "Không có phần tự chạy, biểu mẫu động hay dữ liệu sai quy định.",
        "Nothing active, no dynamic form, no data against the rules.",
    ),
    ("trust", Outcome.ACCEPTED): (
        "Mọi chứng thư dẫn tới gốc tin cậy đã cho và có hiệu lực lúc ký.",
        "Every certificate leads to a given anchor and was in force at signing time.",
    ),
    ("authority", Outcome.NOT_JUDGED): (
        "Không xét ở đây: đủ chữ ký, thứ tự ký và thẩm quyền thì trục xét, theo danh bạ của nó.",
        "Not judged here: whether all who must have signed, in order, by right; the axis' directory knows.",
    ),
}
NOT_POSSIBLE: Final = ("Không xét được.", "Could not be judged.")
"""Where there was nothing to judge: the file could not be read so far."""
NOT_GIVEN: Final = (
    "Không xét: chưa cho danh sách gốc tin cậy (--trust).",
    "Not judged: no trust anchors were given (--trust).",
)

_RESIGN: Final = (
    "Không sửa tệp đã ký. Xuất lại PDF, ký lại từ đầu: người có thẩm quyền trước, cơ quan sau.",
    "Do not mend a signed file. Export the PDF again and sign anew: the person first, then the agency.",
)
_ORIGINAL: Final = (
    "Không dùng tệp này. Xin nơi ban hành gửi lại bản gốc đã ký.",
    "Do not use this file. Ask the issuing agency for the signed original.",
)
_PACKET: Final = (
    "Sửa dữ liệu này trong hệ thống quản lý văn bản rồi tạo lại gói tin.",
    "Mend this in the document-management system and build the packet again.",
)
_EXPORT: Final = (
    "Xuất lại PDF không có phần này (in ra PDF/A), rồi ký lại.",
    "Export the PDF without it (as PDF/A) and sign anew.",
)
_CERTIFICATE: Final = (
    "Liên hệ đơn vị cấp chứng thư số của người ký.",
    "Ask whoever issued the signer's certificate.",
)
_TIME: Final = (
    "Bật dấu thời gian (TSA) trong phần mềm ký, rồi ký lại.",
    "Turn on time-stamping (TSA) in the signing program and sign anew.",
)
_SPLIT: Final = ("Gửi tệp nhỏ hơn, hoặc chia thành nhiều tệp.", "Send a smaller file, or several.")
_SECRET: Final = (
    "Không gửi qua trục này. Văn bản mật đi theo đường riêng của cơ yếu.",
    "Never send it here. Secret documents travel by the cipher service's own channels.",
)
_AGAIN: Final = (
    "Kiểm tra lại sau; nếu vẫn vậy, báo người quản trị.",
    "Check again later; else tell operations.",
)
_ANCHORS: Final = ("Cho gốc tin cậy: --trust goc-ca.pem", "Give anchors: --trust root.pem")

_BY_CODE: Final[dict[Code, Pair]] = {
    Code.SECRECY_MARKED: _SECRET,
    Code.SIGNATURE_NONE: ("Ký số văn bản rồi gửi lại.", "Sign the document and send it again."),
    Code.CHANGED_AFTER: _ORIGINAL,
    Code.DIGEST_MISMATCH: _ORIGINAL,
    Code.CRYPTO_FAILURE: _ORIGINAL,
    Code.NOT_COVERING: _ORIGINAL,
    Code.BYTE_RANGE: _ORIGINAL,
    Code.CONTENTS: _ORIGINAL,
    Code.TIMESTAMP_MISSING: _TIME,
    Code.TIMESTAMP_INVALID: _TIME,
    Code.CERTIFICATE_EXPIRED: _CERTIFICATE,
    Code.CHAIN_UNTRUSTED: _CERTIFICATE,
    Code.REVOKED: _CERTIFICATE,
    Code.KEY_USAGE: _CERTIFICATE,
    Code.TRUST_NOT_GIVEN: _ANCHORS,
    Code.TRUST_EMPTY: _ANCHORS,
    Code.GATE_UNDETERMINED: _AGAIN,
    Code.REVOCATION_UNAVAILABLE: _AGAIN,
}
_BY_RULE: Final[dict[str, Pair]] = {"G8": _EXPORT, "G9": _SPLIT, "G1": _RESIGN}
_BY_SERIES: Final[dict[str, Pair]] = {"F": _PACKET, "G": _RESIGN, "S": _RESIGN, "W": _AGAIN}


def what_to_do(code: Code) -> Pair:
    """Return what a person can do about a reason, in both languages; empty where there is nothing."""
    rule = REASONS[code].rule
    return _BY_CODE.get(code) or _BY_RULE.get(rule) or _BY_SERIES.get(rule[0], ("", ""))
