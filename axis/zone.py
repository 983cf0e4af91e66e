"""The one time zone of the exchange (QĐ 28/2018 Điều 14.4)."""

from typing import Final
from zoneinfo import ZoneInfo

VIETNAM: Final = ZoneInfo("Asia/Ho_Chi_Minh")
