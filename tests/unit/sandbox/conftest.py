"""A real server on a free loopback port, and both libraries pointed at it by nothing but its address."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from fastapi import FastAPI
from telegram.ext import ExtBot

from bot.sandbox.telegram.routes import telegram_routes
from bot.sandbox.telegram.server import BotApiServer

TOKEN = "4200:sandbox-token"
OPERATOR = 1001
GROUP = -1001


@dataclass(frozen=True)
class Sandbox:
    server: BotApiServer
    url: str
    people: httpx.AsyncClient  # for the /sandbox routes

    async def act(self, route: str, **body: Any) -> Any:
        response = await self.people.post(f"/sandbox/{route}", json=body)
        response.raise_for_status()
        return response.json()

    async def write(self, text: str, chat_id: int = OPERATOR, **body: Any) -> Any:
        return await self.act("message", chat_id=chat_id, text=text, **body)

    async def messages(self, chat_id: int = OPERATOR) -> Any:
        return (await self.people.get(f"/sandbox/chats/{chat_id}/messages")).json()

    async def call(self, method: str, token: str = TOKEN, **parameters: Any) -> httpx.Response:
        """A Bot API call as any HTTP client would make it."""
        return await self.people.post(f"/bot{token}/{method}", json=parameters, timeout=10)


@asynccontextmanager
async def running(directory: Path, **options: Any) -> AsyncIterator[Sandbox]:
    server = BotApiServer(directory, TOKEN, **options)
    app = FastAPI()
    app.include_router(telegram_routes(server))
    await server.start()
    async with serving(app) as url, httpx.AsyncClient(base_url=url, verify=False) as people:
        yield Sandbox(server, url, people)
        server.release()
    await server.close()


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    # asyncio switches Nagle's algorithm off (40 ms an answer) only where the protocol is named.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
    config.load()
    http = uvicorn.Server(config)
    http.lifespan = config.lifespan_class(config)
    # serve() and shutdown() sleep 0.1 s at a time; with a server for each test that adds up.
    await http.startup(sockets=[listener])
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        for server in http.servers:
            server.close()
        for connection in tuple(http.server_state.connections):
            connection.shutdown()
        await eventually(lambda: not http.server_state.connections)


async def eventually(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  # servers and libraries offer no event for it
            await asyncio.sleep(0.002)


@asynccontextmanager
async def aiogram_bot(url: str) -> AsyncIterator[Bot]:
    session = AiohttpSession(api=TelegramAPIServer.from_base(url))
    yield Bot(TOKEN, session=session, default=DefaultBotProperties(parse_mode="HTML"))
    if session._session:  # session.close() would sleep for connections with TLS, of which there are none
        await session._session.close()


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with running(tmp_path) as sandbox:
        yield sandbox


@pytest.fixture
async def bot(sandbox: Sandbox) -> AsyncIterator[Bot]:
    """aiogram's, in a chat with the operator."""
    async with aiogram_bot(sandbox.url) as bot:
        await sandbox.write("/start")
        await bot.get_updates(offset=-1)
        await bot.get_updates(offset=(await bot.get_updates())[-1].update_id + 1)
        yield bot


@pytest.fixture
async def alerts_bot(sandbox: Sandbox) -> AsyncIterator[ExtBot[None]]:
    """python-telegram-bot's, in the alerts group."""
    bot: ExtBot[None] = ExtBot(TOKEN, base_url=f"{sandbox.url}/bot", base_file_url=f"{sandbox.url}/file/bot")
    await sandbox.act(f"groups/{GROUP}/bot", member=True)
    async with bot:
        yield bot


def png(width: int, height: int, payload: bytes = b"") -> bytes:
    """As much of a PNG as anyone reads who only asks for its size."""
    header = b"IHDR" + width.to_bytes(4) + height.to_bytes(4) + bytes([8, 2, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4) + header + bytes(4) + payload
