"""Submissions in; decisions out. Every rule is behind the edge."""

import faust
from faust.types import AgentT, StreamT, TopicT

from agents.serving import Settle, serve


def bind(app: faust.App, topic: TopicT, edge: Settle) -> AgentT[bytes]:
    """Register the agent that admits on ``app``."""

    @app.agent(topic, name="axis.admission")
    async def admission(stream: StreamT[bytes]) -> None:
        await serve(stream, edge)

    return admission
