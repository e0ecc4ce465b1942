"""The composition root: makes everything, starts it in order, and ends it in the reverse order."""

import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial

import structlog
from aiogram import Bot
from fastapi import Depends, FastAPI
from fastapi_offline import FastAPIOffline
from starlette.middleware.trustedhost import TrustedHostMiddleware

from bot.access import CLAIM
from bot.alerts.poster import AlertPoster
from bot.container import make_container
from bot.limiter import TelegramLimiter
from bot.live import LiveCards
from bot.readiness import Readiness
from bot.rest.api import add_api
from bot.rest.health import health_routes
from bot.rest.webhook import webhook_routes
from bot.sandbox.devices import devices_in_service
from bot.sandbox.routes import clock_routes, only_from_this_machine
from bot.sandbox.sandbox import Sandbox
from bot.telegram import make_alerts_bot, make_bot, make_dispatcher
from bot.updates import poll, receive_by_webhook
from engine.database import Database
from engine.devices.pairing import Pairings
from engine.devices.unlinking import Unlinking
from engine.errors import StartError
from engine.runtime import Foundation, Runtime, foundation, running, stop_signal
from engine.serving import HttpServer
from engine.settings import Settings
from engine.transports.factory import Transports
from engine.transports.simulator.routes import control_routes
from engine.workspaces import Workspaces

log = structlog.get_logger()

ENGINE, TELEGRAM = "the engine", "Telegram"


async def serve(
    settings: Settings, make_transports: Callable[[Settings, Database], Transports] = Transports
) -> None:
    """Run the whole product until SIGTERM or Ctrl-C. Raises StartError when it cannot start."""
    stopped = stop_signal()
    async with AsyncExitStack() as ending:
        base = await ending.enter_async_context(foundation(settings))
        transports = await ending.enter_async_context(make_transports(settings, base.database))
        container = make_container(base.database, base.clock, settings, linker=transports.linker)
        ending.push_async_callback(container.close)
        workspaces = await container.get(Workspaces)
        claim = await workspaces.new_claim()
        sandbox = Sandbox(settings, workspaces, claim) if settings.sandbox else None

        readiness = Readiness(ENGINE, TELEGRAM)
        app = _web_app(base, transports, workspaces, readiness, sandbox)
        await add_api(app, container)
        web = HttpServer(app, settings.host, settings.port)
        if sandbox is not None:
            await sandbox.start()
            ending.push_async_callback(sandbox.close)
        await _start(web)
        ending.push_async_callback(web.close)
        if sandbox is not None:
            ending.callback(sandbox.release)

        token = sandbox.token if sandbox else settings.telegram_bot_token.get_secret_value()
        api_url = web.url if sandbox else settings.telegram_api_url
        limiter = TelegramLimiter()
        bot = make_bot(token, api_url, limiter)
        ending.push_async_callback(bot.session.close)
        dispatcher = await make_dispatcher(container)
        alerts_bot = await ending.enter_async_context(make_alerts_bot(token, api_url, limiter))
        poster = AlertPoster(base.database, alerts_bot, base.notifications, workspaces)

        await ending.enter_async_context(running(poster.run()))
        await ending.enter_async_context(running((await container.get(LiveCards)).run()))
        await ending.enter_async_context(running((await container.get(Pairings)).run()))
        await ending.enter_async_context(running((await container.get(Unlinking)).run()))
        await ending.enter_async_context(
            running(Runtime(base, transports.of, transports.hosts).run(readiness[ENGINE]))
        )
        if settings.telegram_webhook_url and sandbox is None:
            app.include_router(webhook_routes(bot, dispatcher))
            await receive_by_webhook(bot, settings.telegram_webhook_url, dispatcher, readiness[TELEGRAM])
        else:
            polling = poll(bot, dispatcher, base.database.url, readiness[TELEGRAM])
            await ending.enter_async_context(running(polling))
        await ending.enter_async_context(running(_announce(web, bot, sandbox, claim, readiness)))
        await stopped.wait()
        log.info("stopping: sends in flight finish first")
    log.info("stopped")


def _web_app(
    base: Foundation,
    transports: Transports,
    workspaces: Workspaces,
    readiness: Readiness,
    sandbox: Sandbox | None,
) -> FastAPI:
    app = FastAPIOffline(  # /docs works without a network
        redoc_url=None,
        title="dripdesk",
        version="0.1.0",
        description="What the menus do to sequences, under /api, for scripts and CRMs. Errors are problem details "
        "(RFC 9457): `detail` says in words what is wrong and what to do.",
    )
    app.include_router(health_routes(base.database, readiness))
    if base.settings.simulated_phones:
        here_only = [Depends(only_from_this_machine)]
        app.include_router(clock_routes(base.timekeeper, workspaces), dependencies=here_only)
        if transports.network is not None:
            phones = control_routes(transports.network, partial(devices_in_service, base.database))
            app.include_router(phones, dependencies=here_only)
    if sandbox is not None:
        hosts = ["127.0.0.1", "localhost", "[::1]", base.settings.host]
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts)
        app.include_router(sandbox.routes(base.timekeeper, transports.network), dependencies=here_only)
    return app


async def _start(web: HttpServer) -> None:
    try:
        await web.start()
    except OSError as error:
        reason = error.strerror or error
        raise StartError(f"PORT: cannot listen on {web.url}: {reason}; choose another PORT or HOST") from None


async def _announce(
    web: HttpServer, bot: Bot, sandbox: Sandbox | None, claim: str | None, readiness: Readiness
) -> None:
    """Say on the terminal where to go now."""
    await readiness.wait()
    if sandbox is not None:
        told = f"Open {web.url}/"
    elif claim is not None:
        me = await bot.me()
        link = f"https://t.me/{me.username}?start={CLAIM}{claim}"
        told = f"To become its owner, open\n  {link}\n  or send @{me.username}: /start {CLAIM}{claim}"
    else:
        told = f"Health at {web.url}/healthz"
    sys.stdout.write(f"\n  dripdesk is ready. {told}\n\n")
    sys.stdout.flush()
