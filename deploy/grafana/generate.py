"""The Grafana dashboard of the axis, as code: ``python deploy/grafana/generate.py`` writes axis.json.

No Grafana rendered it on the machine it was made on: the tests hold that the
JSON is what this file makes, and that Prometheus understands every expression
and knows every metric. What it looks like is for the first operator to see.
"""

import itertools
import json
import string
from pathlib import Path
from typing import Any, Final, NamedTuple

from grafana_foundation_sdk.builders import dashboard, prometheus, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DataSourceRef

OUTPUT: Final = Path(__file__).with_name("axis.json")
SOURCE: Final = DataSourceRef(type_val="prometheus", uid="${datasource}")
WIDTH, HEIGHT = 8, 8


class Panel(NamedTuple):
    """One graph."""

    title: str
    unit: str
    about: str
    """What a high value means, and what to do."""
    queries: tuple[tuple[str, str], ...]
    """Expression and legend."""


def _rate(metric: str, by: str = "") -> str:
    return f"sum by ({by}) (rate({metric}[5m]))" if by else f"sum(rate({metric}[5m]))"


def _quantile(share: float, metric: str, by: str = "") -> str:
    group = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, sum by ({group}) (rate({metric}_bucket[5m])))"


ROWS: Final[tuple[tuple[str, tuple[Panel, ...]], ...]] = (
    (
        "Văn bản / Documents",
        (
            Panel(
                "Vào và ra / in and out",
                "ops",
                "Nhận, chấp nhận, từ chối, chuyển đến, mỗi giây. Taken without accepted or refused: the workers stand still.",
                (
                    (_rate("axis_taken_total"), "nhận / taken"),
                    (_rate("axis_accepted_total"), "chấp nhận / accepted"),
                    (_rate("axis_refused_total"), "từ chối, theo mã / refusal reasons"),
                    (_rate("axis_delivered_total"), "chuyển đến / delivered"),
                ),
            ),
            Panel(
                "Lý do từ chối / refusal reasons",
                "ops",
                "One code that rises alone points at one sender's software.",
                ((_rate("axis_refused_total", "code"), "{{code}}"),),
            ),
            Panel(
                "Bị cửa từ chối / turned away at the door",
                "ops",
                "Before anything became content: quotas, wrong credentials, no room.",
                ((_rate("axis_turned_away_total", "code"), "{{code}}"),),
            ),
            Panel(
                "Tải về và trả lời / fetched and answered",
                "ops",
                "What recipients do.",
                (
                    (_rate("axis_fetched_total"), "tải về / fetched"),
                    (_rate("axis_answered_total", "code"), "{{code}}"),
                ),
            ),
            Panel(
                "Câu trả lời quá hạn / overdue answers",
                "short",
                "Deliveries whose answer is due and missing: for the agencies, not for operations.",
                (("max(axis_overdue_answers)", "quá hạn / overdue"),),
            ),
            Panel(
                "Không kiểm tra kịp / not judged in time",
                "short",
                "Any is a reason to look at the dependency that was away.",
                (("sum(increase(axis_expired_total[1h]))", "trong một giờ / within the hour"),),
            ),
        ),
    ),
    (
        "Hàng chờ / Queues",
        (
            Panel(
                "Tuổi hàng chờ / age of the oldest",
                "s",
                "Alerts at 60 s (answers), 30 s (seals, messages).",
                (
                    ("max(axis_oldest_undelivered_seconds)", "câu trả lời / answer"),
                    ("max(axis_oldest_unsealed_seconds)", "niêm phong / seal"),
                    ("max(axis_oldest_outbox_seconds)", "bản tin / message"),
                ),
            ),
            Panel(
                "Độ dài hàng chờ / length",
                "short",
                "What is under way.",
                (
                    ("max(axis_unanswered)", "chưa trả lời / unanswered"),
                    ("max(axis_unsealed_events)", "chưa niêm phong / unsealed"),
                    ("max(axis_outbox_messages)", "chưa gửi / outbox"),
                ),
            ),
            Panel(
                "Đang chờ bên ngoài / waiting on a dependency",
                "short",
                "By what they wait for. They are taken up again by themselves.",
                (("max by (code) (axis_waiting)", "{{code}}"),),
            ),
            Panel(
                "Chờ lâu nhất / longest wait",
                "s",
                "Ticket at 15 minutes, page at 18 hours, end at 24 hours.",
                (("max by (code) (axis_oldest_waiting_seconds)", "{{code}}"),),
            ),
            Panel(
                "Cách ly / quarantine",
                "short",
                "Open records; an axis-bug pages.",
                (("max by (code) (axis_quarantine_open)", "{{code}}"),),
            ),
            Panel(
                "Đứng chờ và quét bù / standing still, swept",
                "ops",
                "Our own database or broker away; messages that a crash left behind.",
                (
                    (_rate("axis_dependency_retries_total", "what"), "đứng chờ / stands still: {{what}}"),
                    (_rate("axis_swept_total", "topic"), "quét / swept: {{topic}}"),
                    (_rate("axis_published_total", "topic"), "gửi / published: {{topic}}"),
                ),
            ),
        ),
    ),
    (
        "Tốc độ / Speed",
        (
            Panel(
                "Kiểm tra một gói / judging one packet",
                "s",
                "",
                (
                    (_quantile(0.5, "axis_judge_seconds"), "trung vị / median"),
                    (_quantile(0.99, "axis_judge_seconds"), "99 %"),
                ),
            ),
            Panel(
                "Đến khi niêm phong / until sealed",
                "s",
                "",
                (
                    (_quantile(0.5, "axis_seal_delay_seconds"), "trung vị / median"),
                    (_quantile(0.99, "axis_seal_delay_seconds"), "99 %"),
                    (_rate("axis_sealed_total"), "biên nhận mỗi giây / receipts a second"),
                ),
            ),
            Panel(
                "Một lô / one batch",
                "s",
                "99th percentile by step.",
                ((_quantile(0.99, "axis_step_seconds", "step"), "{{step}}"),),
            ),
        ),
    ),
    (
        "Phụ thuộc / Dependencies",
        (
            Panel(
                "Danh sách thu hồi còn / revocation lists hold for",
                "s",
                "Below zero documents wait.",
                (("min by (source) (axis_revocation_ends_at_seconds) - time()", "{{source}}"),),
            ),
            Panel(
                "Tải lần cuối / last fetched ago",
                "s",
                "Fetched every 30 s (policy).",
                (("time() - max by (source) (axis_revocation_fetched_at_seconds)", "{{source}}"),),
            ),
            Panel(
                "Chứng thư còn / certificates hold for",
                "s",
                "Ticket at 30 days, page at 3.",
                (("min by (what) (axis_certificate_ends_at_seconds) - time()", "{{what}}"),),
            ),
            Panel(
                "Đĩa nội dung / content disk",
                "bytes",
                "Doors answer 507 below 256 MiB.",
                (
                    ("min(axis_content_free_bytes and axis_content_size_bytes > 0)", "trống / free"),
                    ("max(axis_content_size_bytes)", "tổng / size"),
                ),
            ),
            Panel(
                "Xóa nội dung, sự cố / content removed, incidents",
                "short",
                "Retention, and state secrets found after taking; any incident pages.",
                (
                    ("sum(increase(axis_content_removed_total[1h]))", "xóa trong một giờ / removed"),
                    ("sum(increase(axis_state_secrets_total[1h]))", "bí mật / secrets found"),
                    ("max(axis_incidents_open)", "sự cố mở / open incidents"),
                ),
            ),
            Panel(
                "Tiến trình / processes",
                "short",
                "1: answers.",
                (('min by (process) (up{job="axis"})', "{{process}}"),),
            ),
            Panel(
                "Tiến trình kiểm tra bị dừng / judging processes ended by force",
                "ops",
                "Hostile files, or limits too low.",
                ((_rate("axis_gate_deaths_total", "cause"), "{{cause}}"), (_rate("axis_parked_total", "code"), "chờ / parked: {{code}}")),
            ),
        ),
    ),
    (
        "Kết nối / Connections",
        (
            Panel(
                "Bị từ chối trong một giờ / refused within the hour",
                "short",
                "The ten highest.",
                (
                    (
                        'topk(10, max by (connection) (axis_connection_decided_last_hour{verdict="refused"}))',
                        "{{connection}}",
                    ),
                ),
            ),
            Panel(
                "Chưa tải về / documents not fetched",
                "short",
                "The ten fullest mailboxes.",
                (("topk(10, max by (connection) (axis_connection_unfetched_documents))", "{{connection}}"),),
            ),
            Panel(
                "Im lặng / silent for",
                "s",
                "The ten longest; a ticket only where documents wait.",
                (
                    (
                        "topk(10, time() - max by (connection) (axis_connection_last_contact_at_seconds))",
                        "{{connection}}",
                    ),
                ),
            ),
        ),
    ),
)


def expressions() -> list[str]:
    """Return every expression of the dashboard."""
    return [expr for _, panels in ROWS for panel in panels for expr, _ in panel.queries]


def build() -> str:
    """Return the dashboard as JSON."""
    board = (
        dashboard.Dashboard("Trục liên thông văn bản / Document axis")
        .uid("axis")
        .tags(["axis"])
        .timezone("browser")
        .refresh("30s")
        .time("now-6h", "now")
        .with_variable(dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
    )
    number = itertools.count(1)
    for title, panels in ROWS:
        board.with_row(dashboard.Row(title).id(next(number)))
        for panel in panels:
            board.with_panel(_panel(panel).id(next(number)))
    made: dict[str, Any] = json.loads(JSONEncoder(sort_keys=True, indent=1).encode(board.build()))
    return json.dumps(made, ensure_ascii=False, sort_keys=True, indent=1) + "\n"


def _panel(panel: Panel) -> timeseries.Panel:
    made = (
        timeseries.Panel()
        .title(panel.title)
        .description(panel.about)
        .unit(panel.unit)
        .datasource(SOURCE)
        .span(WIDTH)
        .height(HEIGHT)
    )
    for name, (expr, legend) in zip(string.ascii_uppercase, panel.queries, strict=False):
        made.with_target(prometheus.Dataquery().ref_id(name).expr(expr).legend_format(legend))
    return made


if __name__ == "__main__":
    OUTPUT.write_text(build(), encoding="utf-8")
