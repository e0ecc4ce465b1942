"""Updates on their way to the bot: kept until the bot confirms them, fetched by one poller at a time."""

import asyncio
from collections.abc import Sequence

from bot.sandbox.telegram.errors import BotApiError, conflict
from bot.sandbox.telegram.state import Webhook
from bot.sandbox.telegram.store import Json, Store

_ALLOWED = "allowed_updates"
_WEBHOOK = "webhook"


class UpdateQueue:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._poller: asyncio.Future[None] | None = None
        self._closed = False
        self.webhook_news = asyncio.Event()  # something to deliver, or somewhere new to deliver it to

    @property
    def webhook(self) -> Webhook | None:
        saved = self._store.setting(_WEBHOOK)
        return Webhook(**saved) if saved else None

    @property
    def allowed(self) -> list[str]:
        """The kinds the bot asked for; empty: all."""
        allowed: list[str] = self._store.setting(_ALLOWED) or []
        return allowed

    def put(self, kind: str, body: Json) -> None:
        if self.allowed and kind not in self.allowed:
            return
        self._store.add_update(kind, body)
        self.webhook_news.set()
        if self._poller and not self._poller.done():
            self._poller.set_result(None)

    async def poll(
        self, offset: int, limit: int, timeout_seconds: float, allowed: Sequence[str] | None
    ) -> list[Json]:
        """Confirm what is older than `offset`; wait for something newer at most `timeout_seconds`.

        As on the real server the newer of two pollers wins: the older one gets the 409.
        """
        if self.webhook:
            raise conflict(
                "can't use getUpdates method while webhook is active;"
                " use deleteWebhook to delete the webhook first"
            )
        self._end_poll(
            conflict("terminated by other getUpdates request; make sure that only one bot instance is running")
        )
        if allowed is not None:
            self._store.save_setting(_ALLOWED, list(allowed))
        if offset < 0:
            self._store.keep_newest_updates(-offset)
        elif offset > 0:
            self._store.forget_updates(before=offset)
        pending = self._store.pending_updates(limit)
        if pending or timeout_seconds <= 0 or self._closed:
            return pending
        poller = self._poller = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(timeout_seconds):
                await poller
        except TimeoutError:
            return []
        finally:
            if self._poller is poller:
                self._poller = None
        return [] if self._closed else self._store.pending_updates(limit)

    def set_webhook(self, webhook: Webhook | None, allowed: Sequence[str] | None, *, drop_pending: bool) -> None:
        with self._store.transaction():
            if webhook:
                self._end_poll(conflict("terminated by setWebhook request"))
                self._store.save_setting(_WEBHOOK, {"url": webhook.url, "secret_token": webhook.secret_token})
            else:
                self._store.delete_setting(_WEBHOOK)
            if allowed is not None:
                self._store.save_setting(_ALLOWED, list(allowed))
            if drop_pending:
                self._store.keep_newest_updates(0)
        self.webhook_news.set()

    def close(self) -> None:
        """Send the poller home with nothing; later polls do not wait."""
        self._closed = True
        if self._poller and not self._poller.done():
            self._poller.set_result(None)

    def _end_poll(self, error: BotApiError) -> None:
        if self._poller and not self._poller.done():
            self._poller.set_exception(error)
