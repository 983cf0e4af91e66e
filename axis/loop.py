"""The event loop of processes through which every document goes."""

import asyncio

import uvloop


def new_loop() -> asyncio.AbstractEventLoop:
    """Make the fast event loop."""
    return uvloop.new_event_loop()
