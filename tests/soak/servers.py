"""Faults of what we stand on: database, broker, authority, network, disk, clock (faults 7 to 16, 18, 26)."""

import asyncio
import os
import random
import shutil
import threading
import time
from pathlib import Path

import asyncpg
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient

from axis.kafka.connect import confluent_options
from axis.stack import single
from axis.topics import TOPICS, WORKER_GROUP
from tests.lab.leftovers import IPTABLES, drop, let_pass
from tests.lab.scene import Scene
from tests.lab.witnesses import read_road
from tests.soak.fault import Fault, Heal
from tests.soak.killing import started

FAKETIME = str(next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), ""))
AS_ROOT = os.geteuid() == 0
STORM = 60
LEAST_BYTES = 4096


def stopped(name: str):
    """Return the strike that stops a server in good order until the heal."""

    def strike(scene: Scene, _lot: random.Random) -> Heal:
        single.halt(scene.home.root, name)
        return lambda: started(scene, name)

    return strike


# --- database --------------------------------------------------------------


def superuser_url(scene: Scene) -> str:
    """Return the address for the database's owner; it may end others' sessions."""
    return scene.settings.database_url


def sessions_cut(scene: Scene, lot: random.Random) -> Heal:
    """End the sessions of the axis again and again, some in the middle of a commit."""
    end = threading.Event()

    async def cut() -> None:
        while not end.is_set():
            try:
                line = await asyncpg.connect(superuser_url(scene), timeout=5)
            except (OSError, asyncpg.PostgresError, TimeoutError):
                await asyncio.sleep(0.2)
                continue
            try:
                await line.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name LIKE 'axis-%' AND pid <> pg_backend_pid() AND random() < 0.5"
                )
            except (OSError, asyncpg.PostgresError):
                pass
            finally:
                await line.close()
            await asyncio.sleep(lot.uniform(0.02, 0.3))

    thread = threading.Thread(target=lambda: asyncio.run(cut()), daemon=True)
    thread.start()

    def heal() -> None:
        end.set()
        thread.join()

    return heal


def connection_storm(scene: Scene, _lot: random.Random) -> Heal:
    """Take up as many sessions as the database gives."""
    loop = asyncio.new_event_loop()
    lines: list[asyncpg.Connection] = []

    async def open_all() -> None:
        for _ in range(STORM):
            try:
                lines.append(await asyncpg.connect(superuser_url(scene), timeout=5))
            except (OSError, asyncpg.PostgresError, TimeoutError):
                return

    loop.run_until_complete(open_all())

    def heal() -> None:
        for line in lines:
            line.terminate()
        loop.run_until_complete(asyncio.sleep(0.1))
        loop.close()

    return heal


def rows_locked(scene: Scene, _lot: random.Random) -> Heal:
    """Hold locks that every move needs, until the server's own limits end somebody's patience."""
    loop = asyncio.new_event_loop()

    async def lock() -> asyncpg.Connection:
        line = await asyncpg.connect(superuser_url(scene), timeout=10)
        await line.execute("BEGIN")
        await line.execute("LOCK TABLE intake, event IN EXCLUSIVE MODE")
        return line

    line = loop.run_until_complete(lock())

    def heal() -> None:
        loop.run_until_complete(line.execute("ROLLBACK"))
        loop.run_until_complete(line.close())
        loop.close()

    return heal


# --- broker ----------------------------------------------------------------


def offsets_lost(scene: Scene, _lot: random.Random) -> Heal:
    """Forget how far the workers were: all records of every topic come again."""
    single.halt(scene.home.root, "worker")
    admin = AdminClient(confluent_options(scene.settings))
    back = [TopicPartition(topic.name, number, 0) for topic in TOPICS for number in range(topic.partitions)]
    deadline = time.monotonic() + 30
    while True:
        try:
            request = [ConsumerGroupTopicPartitions(WORKER_GROUP, back)]
            for future in admin.alter_consumer_group_offsets(request).values():
                future.result(timeout=10)
            break
        except Exception:  # the group must have noticed that its member has left
            if time.monotonic() > deadline:
                raise
            time.sleep(1)
    return lambda: started(scene, "worker")


def truncated(scene: Scene, _lot: random.Random) -> Heal:
    """Delete every record of a topic's partitions while nobody reads; what was in them is kept in a book."""
    single.halt(scene.home.root, "worker")
    road = read_road(scene.settings, scene.schemas)
    scene.kept.update({(one.topic, one.partition, one.offset): one for one in road.records})
    admin = AdminClient(confluent_options(scene.settings))
    ends = [TopicPartition(topic.name, number, -1) for topic in TOPICS for number in range(topic.partitions)]
    for future in admin.delete_records(ends).values():
        future.result(timeout=15)
    return lambda: started(scene, "worker")


# --- network ---------------------------------------------------------------


def cut_off(port_of: str, *, one_way: bool = False):
    """Return the strike that drops the packets to (or, one way, from) a server's port."""

    def strike(scene: Scene, _lot: random.Random) -> Heal:
        port = str(scene.port(port_of))
        flag = "--sport" if one_way else "--dport"
        rule = ("INPUT", "-i", "lo", "-p", "tcp", flag, port, "-j", "DROP")
        drop(scene.home.root, rule)
        return lambda: let_pass(scene.home.root, rule)

    return strike


# --- disk ------------------------------------------------------------------


def disk_full(scene: Scene, _lot: random.Random) -> Heal:
    """Fill the disk of the whole home: database, broker's log, content, scratch, logs."""
    ballast = scene.home.root / "ballast"
    size, filled = shutil.disk_usage(scene.home.root).free, 0
    with ballast.open("wb") as file:
        while size >= LEAST_BYTES:  # others write at the same time
            try:
                os.posix_fallocate(file.fileno(), filled, size)
            except OSError:
                size //= 2
            else:
                filled += size
    return lambda: ballast.unlink(missing_ok=True)


# --- clock -----------------------------------------------------------------


def clock_off(name: str, hours: float):
    """Return the strike that lets a process live by a clock that is wrong."""

    def strike(scene: Scene, _lot: random.Random) -> Heal:
        wrong = {
            "LD_PRELOAD": FAKETIME,
            "FAKETIME": f"{hours:+g}h",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        single.arm(scene.home.root, name, wrong)
        single.halt(scene.home.root, name)
        scene.supervisor.begin(name)

        def heal() -> None:
            single.arm(scene.home.root, name, dict.fromkeys(wrong, ""))
            scene.supervisor.halt(name)
            scene.supervisor.begin(name)

        return heal

    return strike


# --- the world outside -----------------------------------------------------


def evidence_away(scene: Scene, _lot: random.Random) -> Heal:
    """Stop the authority and let the evidence at hand run out: documents wait, none is judged."""
    single.halt(scene.home.root, "authority")
    scene.database("DELETE FROM revocation")
    return lambda: started(scene, "authority")


def trust_list_spoiled(scene: Scene, lot: random.Random) -> Heal:
    """Empty or break the trust list, and start a worker anew on it."""
    path = Path(scene.settings.trust_file)
    whole = path.read_bytes()
    broken = lot.choice((b"", b"{}", whole[: len(whole) // 2], b'{"version":"x","authorities":[]}'))
    path.write_bytes(broken)
    scene.supervisor.halt("worker")
    scene.supervisor.begin("worker")

    def heal() -> None:
        path.write_bytes(whole)
        scene.supervisor.halt("worker")
        started(scene, "worker")

    return heal


def faults() -> list[Fault]:
    """Return all faults of what the axis stands on."""
    no_iptables = "" if IPTABLES and AS_ROOT else "cần root và iptables / needs root and iptables"
    no_clock = "" if FAKETIME else "cần faketime / needs faketime"
    postgres, kafka = frozenset({"postgres"}), frozenset({"kafka"})
    return [
        Fault(("11",), "dừng postgres / stopped", stopped("postgres"), postgres, (2.0, 10.0)),
        Fault(("11", "12"), "cắt phiên postgres giữa chừng / sessions cut", sessions_cut, postgres, (2.0, 6.0)),
        Fault(("11",), "bão kết nối postgres / connection storm", connection_storm, postgres, (2.0, 5.0)),
        Fault(("11",), "khóa bảng postgres / tables locked", rows_locked, postgres, (2.0, 8.0)),
        Fault(("7",), "dừng kafka / stopped", stopped("kafka"), kafka, (2.0, 10.0)),
        Fault(("9",), "mất vị trí đọc / committed offsets lost", offsets_lost, frozenset({"worker", "kafka", "group"}),
              (0.0, 0.5)),
        Fault(("10",), "xóa bản ghi của chủ đề / topics truncated", truncated,
              frozenset({"worker", "kafka", "group"}), (0.0, 0.5), weight=0.4),
        Fault(("8",), "mất đường tới kafka / cut off from kafka", cut_off("kafka"), kafka, (2.0, 8.0),
              missing=no_iptables),
        Fault(("8",), "kafka chỉ nghe, không đáp / one way", cut_off("kafka", one_way=True), kafka, (2.0, 8.0),
              missing=no_iptables),
        Fault(("8", "12"), "mất đường tới postgres / cut off from postgres", cut_off("postgres"), postgres,
              (2.0, 8.0), missing=no_iptables),
        Fault(("12",), "postgres ghi rồi, không đáp / one way", cut_off("postgres", one_way=True), postgres,
              (2.0, 8.0), missing=no_iptables),
        Fault(("13",), "đầy đĩa / disk full", disk_full, frozenset({"disk", "postgres", "kafka"}), (2.0, 6.0),
              within=60.0),
        Fault(("15",), "đồng hồ worker nhanh 1 giờ / worker's clock +1 h", clock_off("worker", 1),
              frozenset({"worker", "disk"}), (2.0, 5.0), missing=no_clock),
        Fault(("15",), "đồng hồ worker chậm 1 giờ / worker's clock -1 h", clock_off("worker", -1),
              frozenset({"worker", "disk"}), (2.0, 5.0), missing=no_clock),
        Fault(("15",), "đồng hồ gateway chậm 1 giờ / gateway's clock -1 h", clock_off("gateway", -1),
              frozenset({"gateway", "disk"}), (2.0, 5.0), missing=no_clock),
        Fault(("15",), "đồng hồ keeper nhanh 1 giờ / keeper's clock +1 h", clock_off("keeper", 1),
              frozenset({"keeper", "disk"}), (2.0, 5.0), missing=no_clock),
        Fault(("16",), "mất nguồn thu hồi / revocation source away", evidence_away, frozenset({"authority", "postgres"}),
              (3.0, 8.0), within=60.0),
        Fault(("18",), "danh sách tin cậy hỏng / trust list spoiled", trust_list_spoiled, frozenset({"worker", "disk"}),
              (2.0, 5.0)),
    ]  # fmt: skip


NOT_SHOWN = (
    ("8", "trễ 5 giây, đứt giữa hai broker / latency of 5 s, broker to broker",
     "không có netem trong nhân, một broker; thay bằng SIGSTOP và DROP / no netem, one broker: SIGSTOP and DROP stand in"),
    ("14", "đĩa chậm / slow disk", "không có dm-delay / no dm-delay; a full disk and a frozen server stand in"),
)  # fmt: skip
