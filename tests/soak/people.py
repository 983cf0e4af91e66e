"""Faults that come from outside: what clients and strangers do (faults 19 to 23, 25, 28, 30 to 32)."""

import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
from confluent_kafka import Producer

from axis.client import AxisRefusedError, DamagedError, UnreachableError
from axis.kafka.connect import confluent_options
from axis.sandbox.directory import demo_agency
from axis.topics import TOPICS
from tests.lab.ammunition import Packet, hostile
from tests.lab.scene import Scene
from tests.lab.witnesses import read_road
from tests.soak.fault import Fault, Heal, nothing

BURST = 60
FLIPPED = 20


def burst(scene: Scene, _lot: random.Random) -> Heal:
    """Ten times the usual load at once."""
    scene.traffic.release(BURST)
    return nothing


def poison(scene: Scene, _lot: random.Random) -> Heal:
    """Records that no process of ours would write, into every inner topic."""
    scene.poison()
    return nothing


def tampered(scene: Scene, lot: random.Random) -> Heal:
    """Real records come again with a bit changed, or under another's key."""
    records = [one for one in read_road(scene.settings, scene.schemas).records if one.value and one.about]
    producer = Producer(confluent_options(scene.settings))
    for record in lot.sample(records, min(FLIPPED, len(records))):
        value = bytearray(record.value or b"")
        place = lot.randrange(5, len(value))
        value[place] ^= 1 << lot.randrange(8)
        producer.produce(record.topic, value=bytes(value), key=record.key, partition=record.partition)
    assert producer.flush(15) == 0, "the broker did not take the tampered records"
    return nothing


def hostile_files(packets: list[Packet]):
    """Return the strike that sends a file which attacks its reader."""

    def strike(scene: Scene, lot: random.Random) -> Heal:
        if packets:
            packet = packets.pop(lot.randrange(len(packets)))
            scene.traffic.submit(packet)
        return nothing

    return strike


def replayed(scene: Scene, lot: random.Random) -> Heal:
    """Another connection sends what it overheard: refused, whoever it was addressed to."""
    sent = [one for one in scene.traffic.sent_packets() if one.verdict == "accepted"]
    if not sent:
        return nothing
    packet = lot.choice(sent)
    thieves = sorted(set(scene.traffic.profiles) - {demo_agency(packet.sender).connection})
    scene.traffic.steal(packet, lot.choice(thieves))
    return nothing


def impatient(scene: Scene, _lot: random.Random) -> Heal:
    """Clients hang up before they hear the answer, and send again."""
    end = threading.Event()

    def work() -> None:
        while not end.is_set():
            scene.traffic.hang_up()
            time.sleep(0.1)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()

    def heal() -> None:
        end.set()
        thread.join()

    return heal


def early_status(scene: Scene, lot: random.Random) -> Heal:
    """A recipient answers a document that has not come yet, and one that never will."""
    scene.traffic.answer_early(lot)
    return nothing


def strangers(scene: Scene, lot: random.Random) -> Heal:
    """Wrong secrets at the door, no or wrong credentials at the broker: refused, nothing taken."""
    profile = lot.choice(list(scene.traffic.profiles.values()))
    answer = _post_token(profile.rest_url, profile.ca_file, profile.client_id, "wrong")
    assert answer in {401, 429, 503, 0}, f"a wrong secret got {answer}"
    options = {**confluent_options(scene.settings), "sasl.password": "wrong", "message.timeout.ms": 1500}
    taken: list[object] = []
    producer = Producer({**options, "log_level": 0})
    producer.produce(TOPICS[0].name, b"stranger", on_delivery=lambda error, _: taken.append(error))
    producer.flush(3)
    assert all(taken), "the broker took a record from a stranger"
    return nothing


def rotated(scene: Scene, lot: random.Random) -> Heal:
    """Give a connection new credentials while it works with the old ones."""
    name = lot.choice(sorted(scene.traffic.profiles))
    axis = Path(sys.executable).with_name("axis")
    done = subprocess.run(
        (axis, "connection", "rotate", name, "--json"), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return nothing


def _post_token(url: str, ca: str, client_id: str, secret: str) -> int:
    import ssl  # noqa: PLC0415 - here alone

    try:
        with httpx.Client(verify=ssl.create_default_context(cafile=ca), timeout=5) as client:
            form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
            return client.post(f"{url}/v1/token", data=form).status_code
    except httpx.HTTPError:
        return 0


def swapped_content(scene: Scene, lot: random.Random) -> Heal:
    """A stored file is replaced after it was judged: nobody may get its bytes."""
    row = scene.database(
        "SELECT i.sha256 || ' ' || i.packet_id || ' ' || m.connection || ' ' || m.entry_id FROM intake i"
        " JOIN mailbox m USING (packet_id) WHERE m.kind = 'document' ORDER BY random() LIMIT 1"
    )
    if not row:
        return nothing
    sha256, packet_id, connection, entry = str(row).split(" ")
    path = Path(scene.settings.content_dir) / "sha256" / sha256[:2] / sha256[2:4] / sha256
    whole = path.read_bytes()
    spoiled = bytearray(whole)
    spoiled[lot.randrange(len(spoiled))] ^= 0x01
    new = path.with_name(f".{sha256}.soak")

    def put(data: bytes) -> None:
        new.write_bytes(data)
        new.chmod(path.stat().st_mode & 0o777)
        new.replace(path)

    put(bytes(spoiled))
    try:
        got = scene.traffic.download(connection, int(entry))
    except (AxisRefusedError, DamagedError, UnreachableError, TimeoutError):
        got = b""
    # Compared here: the books know only what clients took for whole.
    if got and not scene.traffic.is_whole(packet_id, got):
        scene.breaches.append(f"{packet_id}: {connection} was given bytes that nobody judged")
    return lambda: put(whole)


def faults(scene_folder: Path) -> list[Fault]:
    """Return all faults from outside."""
    return [
        Fault(("19",), "gửi lặp, tranh số / repeats and rivals (mọi lúc / all the time)", lambda _s, _l: nothing,
              hold=(0.0, 0.1), weight=0.2),
        Fault(("20",), "phát lại của người khác / replay by another", replayed, hold=(0.1, 0.5)),
        Fault(("21",), "tệp độc hại / hostile file", hostile_files(hostile(scene_folder) * 2), frozenset({"judges"}),
              (0.1, 0.5), weight=0.5, within=60.0),
        Fault(("22", "26"), "bản ghi độc hại / poison records", poison, frozenset({"topics", "kafka"}), (0.1, 0.5)),
        Fault(("23",), "tải gấp mười / burst", burst, hold=(0.5, 2.0)),
        Fault(("25",), "trạng thái đến trước / status before its document", early_status, hold=(0.1, 0.5)),
        Fault(("28",), "khách bỏ ngang / clients hang up", impatient, hold=(1.0, 3.0)),
        Fault(("30",), "người lạ / strangers", strangers, hold=(0.1, 0.5)),
        Fault(("30",), "đổi bí mật khi đang gửi / credentials rotated", rotated,
              frozenset({"postgres", "kafka"}), (0.5, 2.0)),
        Fault(("31",), "bản ghi bị sửa / tampered records", tampered, frozenset({"topics", "kafka"}), (0.1, 0.5)),
        Fault(("32",), "tráo tệp đã kiểm / stored file swapped", swapped_content, frozenset({"disk", "postgres"}), (0.2, 0.5)),
    ]  # fmt: skip
