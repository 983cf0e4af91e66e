"""The one list of commands: where each lives and what it does. Nothing is imported to show it."""

from typing import Final, NamedTuple


class Place(NamedTuple):
    """One command of `axis`."""

    module: str
    """Module of `axis.cli` with a typer ``app``."""
    vi: str
    en: str


GROUPS: Final[tuple[tuple[str, dict[str, Place]], ...]] = (
    (
        "Xem thử / Try it",
        {
            "demo": Place("demo", "Câu chuyện một văn bản đi hết đường", "one document's whole journey"),
            "check": Place("check", "Kiểm tra PDF, gói tin mà không gửi", "judge files, send nothing"),
            "sandbox": Place("sandbox", "Văn bản ký thử, gói tin thử", "test documents and packets"),
        },
    ),
    (
        "Gửi và nhận / Send and receive",
        {
            "send": Place("mail", "Gửi một gói tin, hoặc PDF kèm thông tin", "send a packet, or PDFs"),
            "inbox": Place("mail", "Hộp thư đến của kết nối", "what has come for a connection"),
            "fetch": Place("mailbox", "Tải văn bản về và đánh dấu đã nhận", "download a document"),
            "mark": Place("mailbox", "Đánh dấu nhiều mục là đã xử lý", "mark entries as done"),
            "overdue": Place("mailbox", "Những gì quá hạn trả lời", "answers due and missing"),
            "answer": Place("mail", "Báo trạng thái xử lý 01–06", "report a handling status"),
            "status": Place("mail", "Văn bản đã gửi đang ở đâu", "where a document is"),
            "receipt": Place("mail", "Lấy biên nhận có niêm phong", "get sealed receipts"),
            "verify": Place("verify", "Kiểm chứng biên nhận, không cần mạng", "verify a receipt offline"),
        },
    ),
    (
        "Vận hành / Operate",
        {
            "up": Place("stack", "Khởi động trục trên máy này", "start the local stack"),
            "down": Place("stack", "Dừng trục", "stop it"),
            "ps": Place("stack", "Các tiến trình và địa chỉ", "processes and addresses"),
            "logs": Place("stack", "Nhật ký", "logs"),
            "directory": Place("directory", "Danh bạ cơ quan, người ký, con dấu", "agencies, signers, seals"),
            "trust": Place("trust", "Danh sách tin cậy: ai được chứng thực", "whom to trust, in versions"),
            "connection": Place("connection", "Kết nối của các hệ thống QLVB", "connections of systems"),
            "user": Place("user", "Tài khoản trên trang văn thư", "people's accounts on the page"),
            "quarantine": Place("quarantine", "Bản ghi bị cách ly", "records set aside"),
            "backup": Place("recovery", "Sao lưu, trục vẫn chạy", "back up while running"),
            "restore": Place("recovery", "Khôi phục bản sao lưu", "restore a backup"),
            "reconcile": Place("recovery", "So cơ sở dữ liệu, Kafka, nội dung", "compare after a restore"),
            "content": Place("removal", "Xóa nội dung theo chính sách, sự cố", "retention, incidents"),
            "trace": Place("trace", "Đường đi của một gói tin", "the way of one packet"),
            "migrate": Place("stack", "Nâng cấp lược đồ cơ sở dữ liệu", "bring the schema up to date"),
            "topics": Place("topics", "Tạo và kiểm tra các topic Kafka", "create and check topics"),
            "bench": Place("bench", "Đo tốc độ", "measure"),
        },
    ),
)

COMMANDS: Final[dict[str, Place]] = {name: place for _, group in GROUPS for name, place in group.items()}
