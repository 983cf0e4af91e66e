"""A database restored behind the Kafka door: what came and went by topics of connections, and by uploads.

The topics of a connection, and what it has read of them, are not in the backup. After the restore nothing
of it is lost or doubled: for the axis because a packet has one id, for the connection because an entry has.
"""

import asyncio

import pytest

from axis.client import Axis
from axis.client.kafka import AxisKafkaClient
from axis.sandbox.directory import demo_agency
from axis.sandbox.packet import build_sandbox_packet
from axis.stack.life import up
from tests.acceptance.test_restore import axis, house, settle  # noqa: F401 - fixtures

OURS, OTHER, SENDER = "H49", "H37", "G12"


class Neighbour:
    """A connection that speaks Kafka: what it sends, and what it keeps of what came."""

    def __init__(self, there, told, store):
        self.house, self.told, self.store = there, told, store

    def speak(self):
        return Axis.over(AxisKafkaClient(self.told, store=self.store))

    def packet(self, size=None):
        return build_sandbox_packet(
            self.house.authority, demo_agency(OURS), [demo_agency(OTHER)], size=size
        )

    def send(self, data):
        with self.speak() as us:
            name = us.send_packet(data).packet_id
            assert us.wait_for_receipt(name, timeout=60).kind == "SubmissionAcceptance"
        return name

    def wait_for(self, packet):
        """Wait until a document is in the inbox topic."""
        with self.speak() as us:
            assert us.inbox("document", packet_id=packet, wait=30), packet

    def documents(self):
        """Return every document that ever came, by the connection's own books."""
        with self.speak() as us:
            return [one.packet_id for one in us.inbox("document", limit=1000)]

    def state(self, packet):
        """Ask where a packet is, by HTTP: the credentials are the same connection's."""
        told = self.told
        with Axis(
            told["rest_url"], told["rest_client_id"], told["rest_client_secret"], ca=told["rest_ca"]
        ) as us:
            return us.status(packet).state

    def upload(self, data):
        """Bring bytes and hand nothing in."""

        async def bring():
            client = AxisKafkaClient(self.told, store=":memory:")
            try:
                return await client.upload(data)
            finally:
                await client.close()

        return asyncio.run(bring())


@pytest.fixture
def neighbour(house, axis, tmp_path):  # noqa: F811
    code, told = axis("connection", "add", "kafka-doi", "--agency", OURS, "--take-over", "--kafka")
    assert code == 0, told
    return Neighbour(house, told, tmp_path / "came.sqlite")


def to_neighbour(house):  # noqa: F811
    """Send one document by REST to the connection that speaks Kafka."""
    data = build_sandbox_packet(house.authority, demo_agency(SENDER), [demo_agency(OURS)])
    with house.speak(SENDER) as axis:  # noqa: F811
        name = axis.send_packet(data).packet_id
        axis.wait_for_receipt(name, timeout=60)
    return name


def test_what_came_and_went_by_kafka_outlives_a_restore(house, axis, neighbour, tmp_path):  # noqa: F811
    """Sent small and large, received and answered after the backup: all there again, each once."""
    before, came_before = neighbour.send(neighbour.packet()), to_neighbour(house)
    neighbour.wait_for(came_before)
    code, _ = axis("backup", str(tmp_path / "backup"))
    assert code == 0
    small, large = neighbour.send(neighbour.packet()), neighbour.send(neighbour.packet(size=600_000))
    came = to_neighbour(house)
    neighbour.wait_for(came)
    with neighbour.speak() as us:
        us.answer(came, OURS, "03", "Đã tiếp nhận")
    house.until(lambda: house.recipient_state(came) == "03", 30)
    waiting = neighbour.packet(size=700_000)
    neighbour.upload(waiting)

    code, said = axis("restore", str(tmp_path / "backup"), "--yes")
    assert code == 0, said
    known = {row[0] for row in house.database("SELECT packet_id FROM intake")}
    assert {before, came_before} <= known
    assert not known & {small, large, came}, "the restore forgot them"
    code, said = settle(axis)
    assert code == 0, said
    up(house.root)

    for one in (before, small, large):
        house.until(lambda p=one: neighbour.state(p) == "accepted", 60)
    house.until(lambda: house.recipient_state(came) == "03", 60)
    twice = house.database("SELECT packet_id FROM delivery GROUP BY packet_id, recipient HAVING count(*) > 1")
    assert not twice
    # The connection goes on with its own books: every document once, however often its topic has it.
    after = to_neighbour(house)
    neighbour.wait_for(after)
    books = neighbour.documents()
    assert sorted(books) == sorted({came_before, came, after})
    # An upload that the memory forgot is brought again by the library, and counts.
    assert neighbour.send(waiting)
    # Nothing of what had been handed in is handed in a second time by what lies in the topics.
    counts = house.database("SELECT packet_id FROM event WHERE kind = 'SubmissionAcceptance'")
    accepted = [row[0] for row in counts]
    assert len(accepted) == len(set(accepted))
