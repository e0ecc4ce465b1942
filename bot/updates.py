"""How Telegram's updates reach the dispatcher: polled by one process at a time, or pushed by webhook."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import structlog
from aiogram import Bot, Dispatcher
from aiogram.exceptions import TelegramNetworkError, TelegramUnauthorizedError
from sqlalchemy.engine import URL
from tenacity import AsyncRetrying, retry_if_exception_type, wait_random_exponential

from bot.rest.webhook import PATH, webhook_secret
from bot.telegram import COMMANDS
from engine.connections import BROKEN, connect
from engine.database import AdvisoryLock
from engine.errors import StartError

log = structlog.get_logger()

ASK_AGAIN = 2.0  # machine seconds between the attempts of a standby


@asynccontextmanager
async def _polling_lease(url: URL) -> AsyncIterator[asyncpg.Connection]:
    """Wait until this process may poll; the lease is the connection, and goes with it."""
    connection = await connect(url)
    try:
        # Asked again and again: waiting inside the server would hold a snapshot open, which slows the queue.
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", AdvisoryLock.POLL_TELEGRAM):  # noqa: ASYNC110
            await asyncio.sleep(ASK_AGAIN)
        yield connection
    finally:
        connection.terminate()


async def poll(bot: Bot, dispatcher: Dispatcher, url: URL, started: asyncio.Event) -> None:
    """Poll until cancelled; a second process stands by and takes over when the first is gone.

    `started` is set when Telegram was reached, or when another process is found to be polling.
    """
    while True:
        try:
            standby = asyncio.create_task(_set_later(started))
            try:
                async with _polling_lease(url) as lease:
                    await introduce(bot)
                    await bot.delete_webhook()
                    started.set()
                    await _poll_while_leased(bot, dispatcher, lease)
            finally:
                standby.cancel()
        except BROKEN as error:
            log.debug("polling interrupted, the database does not answer", error=repr(error))
            await asyncio.sleep(ASK_AGAIN)


async def _set_later(started: asyncio.Event) -> None:
    """A standby is ready too: it serves REST and works devices while another process polls."""
    await asyncio.sleep(2 * ASK_AGAIN)
    started.set()


async def _poll_while_leased(bot: Bot, dispatcher: Dispatcher, lease: asyncpg.Connection) -> None:
    lost = asyncio.Event()
    lease.add_termination_listener(lambda _: lost.set())
    polling = asyncio.create_task(
        dispatcher.start_polling(
            bot,
            handle_signals=False,
            close_bot_session=False,
            allowed_updates=dispatcher.resolve_used_update_types(),
        )
    )
    losing = asyncio.create_task(lost.wait())
    try:
        await asyncio.wait({polling, losing}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        losing.cancel()
        if not polling.done():
            await dispatcher.stop_polling()
        await asyncio.gather(polling, losing, return_exceptions=True)


async def receive_by_webhook(bot: Bot, address: str, dispatcher: Dispatcher, started: asyncio.Event) -> None:
    """Tell Telegram where to push updates."""
    await introduce(bot)
    await bot.set_webhook(
        f"{address}{PATH}",
        secret_token=webhook_secret(bot.token),
        allowed_updates=dispatcher.resolve_used_update_types(),
    )
    await dispatcher.emit_startup(bot=bot)
    started.set()


async def introduce(bot: Bot) -> None:
    """Reach Telegram, however long it takes, and set the command menu. Raises StartError."""
    async for attempt in AsyncRetrying(
        retry=retry_if_exception_type(TelegramNetworkError), wait=wait_random_exponential(0.5, max=30)
    ):
        with attempt:
            try:
                await bot.set_my_commands(COMMANDS)
            except TelegramNetworkError:
                log.warning("Telegram cannot be reached, trying again")
                raise
            except TelegramUnauthorizedError:
                raise StartError(
                    "TELEGRAM_BOT_TOKEN: Telegram does not know this token; copy it again from @BotFather"
                ) from None
