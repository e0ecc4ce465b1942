"""`python -m engine`: jobs and device workers without Telegram, for a second machine on the same database."""

import asyncio
import sys

import structlog

from engine.errors import StartError
from engine.logs import set_up_logging
from engine.runtime import Runtime, foundation, running, stop_signal
from engine.settings import Settings, load_settings
from engine.transports.factory import Transports

log = structlog.get_logger()


async def serve(settings: Settings) -> None:
    """Work devices until SIGTERM or Ctrl-C. Raises StartError when it cannot start."""
    stopped = stop_signal()
    async with foundation(settings) as base, Transports(settings, base.database) as transports:
        started = asyncio.Event()
        async with running(Runtime(base, transports.of, transports.hosts).run(started)):
            await stopped.wait()
            log.info("stopping: sends in flight finish first")
    log.info("stopped")


if __name__ == "__main__":
    try:
        settings = load_settings()
        set_up_logging(settings)
        asyncio.run(serve(settings))
    except StartError as error:
        print(f"dripdesk: {error}", file=sys.stderr)  # noqa: T201
        raise SystemExit(2) from None
