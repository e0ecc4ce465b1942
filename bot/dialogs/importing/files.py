"""A contact file dropped into the chat: fetching it, and waiting for what takes long with it."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from io import BytesIO
from typing import Any, TypeVar

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest

from engine.contacts.tables import MAX_BYTES
from engine.errors import InvalidInputError

TOO_BIG = f"This file is too big: split it, and send parts of at most {MAX_BYTES // 1024 // 1024} MB."
PATIENCE = 1.5  # machine seconds that somebody waits without a word

T = TypeVar("T")


async def fetch(bot: Bot, file_id: str) -> bytes:
    """Raise InvalidInputError when Telegram does not hand the file out."""
    content = BytesIO()
    try:
        await bot.download(file_id, content)
    except TelegramBadRequest as error:
        if "too big" in error.message:
            raise InvalidInputError(TOO_BIG) from None
        raise InvalidInputError("Telegram does not have this file any more. Please send it again.") from None
    return content.getvalue()


async def with_patience(
    work: Coroutine[Any, Any, T], say: Callable[[], Awaitable[object]], patience: float | None = None
) -> T:
    """Do the work; if it takes long, say so meanwhile. Raises what it raises."""
    task = asyncio.create_task(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=PATIENCE if patience is None else patience)
        if not done:
            await say()
        return await task
    finally:
        task.cancel()  # if whoever waits was, or could not say it
