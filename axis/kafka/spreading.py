"""How several bridges share the topics of connections: each kind of topic evenly.

The library's own round robin goes by name. Each connection has two topics that are read, so of two
bridges one would get every submission and the other every ack.
"""

from collections import defaultdict
from collections.abc import Mapping
from itertools import cycle
from typing import Final

from aiokafka.cluster import ClusterMetadata
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata

from axis.topics import connection_of

VERSION: Final = 0


class EvenByKind(RoundRobinPartitionAssignor):  # type: ignore[misc] # theirs has no types
    """Round robin over the submissions of all connections, then over their acks."""

    name = "axis-even-by-kind"

    @classmethod
    def assign(
        cls, cluster: ClusterMetadata, members: Mapping[str, ConsumerProtocolMemberMetadata]
    ) -> dict[str, ConsumerProtocolMemberAssignment]:
        """Return what each member reads."""
        readers = {name: frozenset(metadata.subscription) for name, metadata in members.items()}
        partitions = {
            topic: sorted(cluster.partitions_for_topic(topic) or ())
            for topic in frozenset().union(*readers.values())
        }
        return {
            name: ConsumerProtocolMemberAssignment(VERSION, sorted(topics.items()), b"")
            for name, topics in spread(partitions, readers).items()
        }


def spread(
    partitions: Mapping[str, list[int]], readers: Mapping[str, frozenset[str]]
) -> dict[str, dict[str, list[int]]]:
    """Share partitions out.

    Args:
        partitions: of each topic that somebody reads.
        readers: the topics that each member knows of; a new one is not known to all at once.

    Returns:
        For each member the partitions by topic.
    """
    shares: dict[str, dict[str, list[int]]] = {name: defaultdict(list) for name in readers}
    turns = cycle(sorted(readers))
    for topic in sorted(partitions, key=lambda name: ((connection_of(name) or ("", ""))[1], name)):
        for partition in partitions[topic]:
            member = next(turns)
            while topic not in readers[member]:
                member = next(turns)
            shares[member][topic].append(partition)
    return shares
