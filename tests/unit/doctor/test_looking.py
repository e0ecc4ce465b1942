"""Checks that ask somebody: whoever hangs, refuses or is not there holds nothing up, and no secret is told."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from bot.doctor import examine_all, is_healthy, lines_of, look_at_port, look_at_telegram
from engine.doctor.findings import Check, Finding, Ok, Problem, Result, Warn, examine
from engine.doctor.machine import look_at_phones
from engine.settings import Settings
from tests.processes import free_port

TOKEN = "123456789:AAbbCCddEEff-gg"


@asynccontextmanager
async def serving(answers: dict[str, tuple[int, object]]) -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.Response:
        status, body = answers.get(request.path, (404, {"ok": False}))
        return web.json_response(body, status=status)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def silent() -> AsyncIterator[int]:
    """A server that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def made_in(directory: Path) -> list[Path]:
    return list(directory.iterdir())


async def test_a_check_that_hangs_or_breaks_is_a_problem_and_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine.doctor.findings.WITHIN", 0.05)

    async def hang() -> Finding:
        return await asyncio.get_running_loop().create_future()

    async def refuse() -> Finding:
        raise ConnectionRefusedError("nobody there")

    async def fine() -> Finding:
        return Ok("fine")

    checks = [Check("hangs", hang, "wake it"), Check("breaks", refuse, "glue it"), Check("works", fine, "")]
    assert await examine(checks) == [
        Result("hangs", Problem("no answer within 0.05 s", "wake it")),
        Result("breaks", Problem("nobody there", "glue it")),
        Result("works", Ok("fine")),
    ]


async def test_telegram_answers_refuses_or_is_not_there_and_the_token_is_never_told() -> None:
    known = {f"/bot{TOKEN}/getMe": (200, {"ok": True, "result": {"username": "drip_bot"}})}
    async with serving(known) as url:
        assert await look_at_telegram(url, TOKEN) == Ok("@drip_bot answers")
        refused = await look_at_telegram(url, "987654321:another-token")
    gone = await look_at_telegram(url, TOKEN)
    assert isinstance(refused, Problem)
    assert "refused" in refused.text
    assert isinstance(gone, Problem)
    assert "does not answer" in gone.text
    assert TOKEN not in f"{refused}{gone}"


def test_a_token_in_a_finding_is_not_printed() -> None:
    results = [Result("x", Problem(f"GET /bot{TOKEN}/getMe", f"try {TOKEN}"))]
    assert TOKEN not in "".join(lines_of(results))
    assert "<bot token>" in lines_of(results)[0]


async def test_a_port_is_free_ours_or_anothers() -> None:
    port = free_port()
    assert await look_at_port("127.0.0.1", port) == Ok(f"{port} is free")
    ours = {"/openapi.json": (200, {"info": {"title": "dripdesk"}}), "/healthz": (200, {})}
    for answers, kind in (
        (ours, Ok),
        (ours | {"/healthz": (503, {})}, Warn),
        ({"/openapi.json": (200, {"info": {"title": "their API"}}), "/healthz": (200, {})}, Problem),
        ({"/openapi.json": (200, [])}, Problem),
    ):
        async with serving(answers) as url:
            assert isinstance(await look_at_port("127.0.0.1", int(url.rpartition(":")[2])), kind)


async def test_a_port_whose_owner_says_nothing_is_anothers(monkeypatch: pytest.MonkeyPatch) -> None:
    import aiohttp

    monkeypatch.setattr("bot.doctor.ANSWERS_WITHIN", aiohttp.ClientTimeout(total=0.05))
    async with silent() as port:
        finding = await look_at_port("127.0.0.1", port)
    assert isinstance(finding, Problem)
    assert "another program" in finding.text


async def test_simulated_phones_are_where_they_should_be() -> None:
    async with serving({"/sandbox/devices": (200, [])}) as url:
        assert isinstance(await look_at_phones(url), Ok)
    async with serving({}) as url:
        assert isinstance(await look_at_phones(url), Problem)


async def test_a_silent_database_does_not_hang_the_doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.doctor.findings.WITHIN", 0.2)
    async with silent() as port, asyncio.timeout(20):
        address = f"postgresql://me:hunter2@127.0.0.1:{port}/drip"
        settings = Settings(_env_file=None, dripdesk_home=tmp_path, database_url=address, port=0)
        results = await examine_all(settings)
    assert results[0].check == "database"
    assert isinstance(results[0].finding, Problem)
    assert "no answer within 0.2 s" in results[0].finding.text
    assert "hunter2" not in "".join(lines_of(results))
    assert not is_healthy(results)
    assert {result.check for result in results} == {"database", "port", "disk", "open files"}


async def test_which_checks_there_are_follows_the_settings(tmp_path: Path) -> None:
    async with serving({}) as url:
        settings = Settings(
            _env_file=None,
            dripdesk_home=tmp_path,
            port=0,
            telegram_bot_token=TOKEN,
            telegram_api_url=url,
            simulator_url=url,
        )
        results = {result.check: type(result.finding) for result in await examine_all(settings)}
    assert results["Telegram"] is Problem
    assert results["simulated phones"] is Problem
    assert results["database"] is Warn, "before the first start there is none"
    assert not made_in(tmp_path)
