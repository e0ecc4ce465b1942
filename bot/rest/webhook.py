"""Telegram's updates by webhook, where polling is not wanted (TELEGRAM_WEBHOOK_URL)."""

import hashlib
import secrets
from typing import Annotated

from aiogram import Bot, Dispatcher
from aiogram.types import Update
from fastapi import APIRouter, Header, HTTPException, Request

PATH = "/telegram/webhook"


def webhook_secret(token: str) -> str:
    """Derive the secret that Telegram sends along, so that there is nothing more to configure."""
    return hashlib.sha256(f"webhook:{token}".encode()).hexdigest()


def webhook_routes(bot: Bot, dispatcher: Dispatcher) -> APIRouter:
    router = APIRouter()
    expected = webhook_secret(bot.token)

    @router.post(PATH, include_in_schema=False)
    async def receive(
        request: Request, x_telegram_bot_api_secret_token: Annotated[str, Header()] = ""
    ) -> dict[str, bool]:
        if not secrets.compare_digest(x_telegram_bot_api_secret_token, expected):
            raise HTTPException(403)
        update = Update.model_validate(await request.json(), context={"bot": bot})
        await dispatcher.feed_update(bot, update)
        return {"ok": True}

    return router
