"""What the exit code of `axis` means, and the one exception that carries one."""

from typing import Final

from axis.errors import AxisError

OK: Final = 0
REFUSED: Final = 1
"""The answer is no: a document refused, a receipt that proves nothing, files with problems."""
WAITING: Final = 2
"""No answer yet: something waits, and will be taken up again."""
ABSENT: Final = 3
"""No stack runs where this command looked for one."""
USAGE: Final = 64
"""Called in a wrong way: option, file, name."""
UNAVAILABLE: Final = 69
"""Something that is needed does not answer or is missing. Later may be better."""
SOFTWARE: Final = 70
"""A fault of the axis itself; the details are in a file."""
NO_ROOM: Final = 73
"""No room on the disk."""
CREDENTIALS: Final = 77
"""Wrong password, secret or rights."""
INTERRUPTED: Final = 130
"""Ctrl-C."""
UNHEARD: Final = 141
"""Whoever read the output went away before its end: what would have been the answer is not known."""

MEANING: Final = (
    (OK, "tốt, đã kiểm tra", "all well, and checked"),
    (REFUSED, "bị từ chối, không đạt", "refused"),
    (WAITING, "đang chờ, chưa có câu trả lời", "waiting"),
    (ABSENT, "trục chưa chạy (axis up)", "no stack is running"),
    (USAGE, "gọi sai: lệnh, tùy chọn, tệp, tên", "wrong use"),
    (UNAVAILABLE, "thứ cần dùng không trả lời hoặc thiếu", "unavailable"),
    (SOFTWARE, "lỗi của chính phần mềm", "a fault of the software"),
    (NO_ROOM, "đĩa đầy", "no room on the disk"),
    (CREDENTIALS, "sai mật khẩu, bí mật hoặc quyền", "wrong credentials"),
    (INTERRUPTED, "dừng bằng Ctrl-C", "interrupted"),
    (UNHEARD, "nơi đọc đầu ra đã thôi (| head)", "the reader went away"),
)


class StopError(AxisError):
    """Ends a command with one line for the person and a code for the program."""

    def __init__(self, code: int, vi: str, en: str) -> None:
        """Keep both languages.

        Args:
            code: one of this module's.
            vi: what happened and what to do, Vietnamese.
            en: the same, English.
        """
        super().__init__(f"{vi} ({en})")
        self.code = code
        self.vi = vi
        self.en = en
