"""Accepted documents in; deliveries out. Every rule is behind the edge."""

import faust
from faust.types import AgentT, StreamT, TopicT

from agents.serving import Settle, serve


def bind(app: faust.App, topic: TopicT, edge: Settle) -> AgentT[bytes]:
    """Register the agent that routes on ``app``."""

    @app.agent(topic, name="axis.routing")
    async def routing(stream: StreamT[bytes]) -> None:
        await serve(stream, edge)

    return routing
