"""`dripdesk doctor`: the engine's checks, and those of the faces: Telegram and the port."""

import asyncio
import errno
import socket
import sys
from collections.abc import Sequence
from typing import Any

import aiohttp

from engine.doctor.database import examine_database
from engine.doctor.findings import Check, Finding, Ok, Problem, Result, Warn, examine
from engine.doctor.machine import machine_checks
from engine.logs import redact
from engine.settings import Settings

TELEGRAM = "https://api.telegram.org"
ANSWERS_WITHIN = aiohttp.ClientTimeout(total=4)  # below the time of a check, so that its own words are heard
MARKS: dict[type[Finding], str] = {Ok: "✓", Warn: "!", Problem: "✗"}


async def examine_all(settings: Settings) -> list[Result]:
    """Run every check; nothing is started or changed."""
    checks = [*_face_checks(settings), *machine_checks(settings)]
    database, others = await asyncio.gather(examine_database(settings), examine(checks))
    return [*database, *others]


def is_healthy(results: Sequence[Result]) -> bool:
    return not any(isinstance(result.finding, Problem) for result in results)


def lines_of(results: Sequence[Result]) -> list[str]:
    width = max(len(result.check) for result in results)
    lines = []
    for result in results:
        finding = result.finding
        lines.append(redact(f"{MARKS[type(finding)]} {result.check:<{width}}  {finding.text}"))
        if not isinstance(finding, Ok):
            lines.append(redact(f"  {'':<{width}}  → {finding.mend}"))
    return lines


def print_results(results: Sequence[Result]) -> None:
    if "utf" not in (sys.stdout.encoding or "").lower():
        sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    sys.stdout.write("\n".join(lines_of(results)) + "\n")


def _face_checks(settings: Settings) -> list[Check]:
    async def port() -> Finding:
        return await look_at_port(settings.host, settings.port)

    async def telegram() -> Finding:
        api_url = settings.telegram_api_url or TELEGRAM
        return await look_at_telegram(api_url, settings.telegram_bot_token.get_secret_value())

    checks = [Check("port", port, "choose another PORT or HOST")]
    if settings.has_telegram_token:
        checks.insert(0, Check("Telegram", telegram, "see whether this machine reaches TELEGRAM_API_URL"))
    return checks


async def look_at_telegram(api_url: str, token: str) -> Finding:
    """Ask who the bot is. The token is a part of the address: no error's own words are told."""
    try:
        async with (
            aiohttp.ClientSession(timeout=ANSWERS_WITHIN) as session,
            session.get(f"{api_url}/bot{token}/getMe") as response,
        ):
            return judge_telegram(api_url, response.status, await response.json(content_type=None))
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        mend = "see whether this machine reaches it (proxy, firewall), or set TELEGRAM_API_URL to one that it does"
        return Problem(f"{api_url} does not answer ({type(error).__name__})", mend)


def judge_telegram(api_url: str, status: int, answer: Any) -> Finding:
    match answer:
        case {"ok": True, "result": {"username": str() as username}}:
            return Ok(f"@{username} answers")
    if status in {401, 404}:  # a token that never was is "not found"
        return Problem("the bot's token is refused", "copy TELEGRAM_BOT_TOKEN anew from @BotFather")
    return Problem(f"{api_url} answers with {status}", "see that TELEGRAM_API_URL is a Bot API server")


async def look_at_port(host: str, port: int) -> Finding:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family, kind, protocol) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                mend = "choose another PORT or HOST"
                return Problem(f"cannot listen on {host}:{port}: {error.strerror}", mend)
        else:
            return Ok("any that is free" if port == 0 else f"{port} is free")
    return judge_port(port, *await _who_serves(host, port))


async def _who_serves(host: str, port: int) -> tuple[str | None, int]:
    """The title of the API that is served there, and the answer of its /healthz."""
    here = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    try:
        async with aiohttp.ClientSession(f"http://{here}:{port}", timeout=ANSWERS_WITHIN) as session:
            async with session.get("/openapi.json") as response:
                description = await response.json(content_type=None)
            async with session.get("/healthz") as response:
                return description["info"]["title"], response.status
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError):
        return None, 0


def judge_port(port: int, title: str | None, health: int) -> Finding:
    if title != "dripdesk":
        return Problem(f"{port} is taken by another program", "end it, or choose another PORT")
    if health != 200:
        mend = f"it may be starting; otherwise open /healthz on port {port}, and see its log"
        return Warn(f"{port}: dripdesk runs, and is not ready", mend)
    return Ok(f"{port}: dripdesk runs, and is ready")
