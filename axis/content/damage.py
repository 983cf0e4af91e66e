"""What is said of stored bytes that are not those that were judged: everywhere one line and one count."""

import logging

from axis import metrics
from axis.errors import DamagedContentError

_log = logging.getLogger(__name__)


def tell_damage(packet_id: str, sha256: str) -> DamagedContentError:
    """Log and count stored content that is altered or lost; nobody is given it.

    Args:
        packet_id: what was asked for.
        sha256: the name of its file in the store, by which a backup has it.

    Returns:
        The error that ends the giving; whoever answers it needs not log it again.
    """
    metrics.CONTENT_DAMAGED.inc()
    _log.critical(
        "nội dung đã lưu bị thay đổi hoặc mất / stored content is altered or lost",
        extra={"packet_id": packet_id, "sha256": sha256},
    )
    return DamagedContentError(f"the stored content of {packet_id} is not what was judged")
