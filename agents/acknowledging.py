"""Handling statuses in; new states and word to the sender out. Every rule is behind the edge."""

import faust
from faust.types import AgentT, StreamT, TopicT

from agents.serving import Settle, serve


def bind(app: faust.App, topic: TopicT, edge: Settle) -> AgentT[bytes]:
    """Register the agent that acknowledges on ``app``."""

    @app.agent(topic, name="axis.acknowledging")
    async def acknowledging(stream: StreamT[bytes]) -> None:
        await serve(stream, edge)

    return acknowledging
