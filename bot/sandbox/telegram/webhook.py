"""Delivers updates to the bot's webhook, one after the other, each until it is taken."""

import asyncio
import time

import aiohttp

from bot.sandbox.telegram.state import Webhook
from bot.sandbox.telegram.store import Json, Store
from bot.sandbox.telegram.updates import UpdateQueue

RETRY_SECONDS = 1.0
_TIMEOUT = aiohttp.ClientTimeout(total=60)


class WebhookDelivery:
    def __init__(self, store: Store, updates: UpdateQueue) -> None:
        self._store = store
        self._updates = updates
        self.last_error: tuple[int, str] | None = None  # Unix seconds, what went wrong

    async def run(self) -> None:
        """Runs until cancelled."""
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
            while True:
                await self._updates.webhook_news.wait()
                self._updates.webhook_news.clear()
                while (webhook := self._updates.webhook) and (pending := self._store.pending_updates(1)):
                    if await self._deliver(session, webhook, pending[0]):
                        self._store.forget_updates(before=pending[0]["update_id"] + 1)
                    else:
                        await asyncio.sleep(RETRY_SECONDS)

    async def _deliver(self, session: aiohttp.ClientSession, webhook: Webhook, update: Json) -> bool:
        headers = {"X-Telegram-Bot-Api-Secret-Token": webhook.secret_token} if webhook.secret_token else {}
        try:
            async with session.post(webhook.url, json=update, headers=headers) as response:
                if response.ok:
                    return True
                problem = f"Wrong response from the webhook: {response.status} {response.reason}"
        except (aiohttp.ClientError, TimeoutError) as error:
            problem = str(error) or type(error).__name__
        self.last_error = (int(time.time()), problem)
        return False
