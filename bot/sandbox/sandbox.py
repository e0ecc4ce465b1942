"""The sandbox: a Bot API server of our own with a chat page, for when there is no Telegram token."""

import secrets
from pathlib import Path

from fastapi import APIRouter

from bot.access import CLAIM
from bot.sandbox.routes import OPERATOR, PageState, Person, page_routes, read_clock
from bot.sandbox.telegram.routes import telegram_routes
from bot.sandbox.telegram.server import BotApiServer
from engine.settings import Settings
from engine.timekeeper import Timekeeper
from engine.transports.simulator.network import SimulatedNetwork
from engine.workspaces import Workspaces

BOT_NAME = "dripdesk"


class Sandbox:
    """`claim` is the token of the first owner, until there is one."""

    def __init__(self, settings: Settings, workspaces: Workspaces, claim: str | None) -> None:
        self.token = _kept_token(settings.home / "bot-token")
        self._server = BotApiServer(settings.home / "telegram", self.token, bot_name=BOT_NAME)
        self._real_whatsapp = settings.real_whatsapp
        self._workspaces = workspaces
        self._claim = claim

    def routes(self, timekeeper: Timekeeper, network: SimulatedNetwork | None) -> APIRouter:
        """The Bot API, the people's side of the chats, and the page."""
        feeds = [self._server.feed, *([network.feed] if network else [])]

        async def state() -> PageState:
            return PageState(
                bot=Person(id=int(self.token.partition(":")[0]), name=BOT_NAME),
                operator=OPERATOR,
                claim_command=await self._claim_command(),
                clock=await read_clock(timekeeper, self._workspaces),
                simulator=network is not None,
                real_whatsapp=self._real_whatsapp,
            )

        router = APIRouter()
        router.include_router(telegram_routes(self._server))
        router.include_router(page_routes(state, feeds))
        return router

    async def start(self) -> None:
        await self._server.start()

    def release(self) -> None:
        """End the streams and long polls, which would hold the web server open."""
        self._server.release()

    async def close(self) -> None:
        await self._server.close()

    async def _claim_command(self) -> str | None:
        unclaimed = self._claim is not None and not await self._workspaces.is_claimed()
        return f"/start {CLAIM}{self._claim}" if unclaimed else None


def _kept_token(file: Path) -> str:
    """The sandbox bot's token: nothing that one could guess from another page in the browser."""
    if not file.exists():
        file.write_text(f"{secrets.randbelow(9 * 10**8) + 10**8}:{secrets.token_urlsafe(24)}")
        file.chmod(0o600)
    return file.read_text()
