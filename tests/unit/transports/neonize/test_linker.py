"""What the engine's side makes of an errand that behaves, and of one that does not."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from engine.transports.contract import CodeShown, Paired, PairingRefused, PairingStep, PasskeyAsked, QrShown
from engine.transports.neonize import linker as linker_module
from engine.transports.neonize.linker import NeonizeLinker
from engine.transports.neonize.pairing_refusals import WORDS, Refusal, no_code
from engine.transports.neonize.session_store import durable_copy
from tests.unit.transports.neonize.stores import make_store

UNTIL = datetime(2026, 1, 5, tzinfo=UTC)
PHONE = "+60123456789"
CRASHED = PairingRefused("crashed", WORDS[Refusal.CRASHED])


def linker(home: Path, script: str) -> NeonizeLinker:
    command = (sys.executable, "-m", "tests.unit.transports.neonize.fake_errand", script)
    return NeonizeLinker(home, proxy="", command=command)


@pytest.fixture(autouse=True)
def _leaves_nothing(tmp_path: Path) -> Iterator[None]:
    yield
    assert psutil.Process().children() == []
    assert [path for path in (tmp_path / "errands").rglob("*") if path.is_file()] == []


async def steps_of(steps: AsyncIterator[PairingStep]) -> list[PairingStep]:
    return [step async for step in steps]


async def test_every_step_arrives_and_the_last_one_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linker_module, "ENDS_WITHIN", 0.1)
    steps = await steps_of(linker(tmp_path, "qr passkey qr paired qr stays").pair_by_qr())
    assert steps == [
        QrShown("picture", UNTIL),
        PasskeyAsked("touch it"),
        QrShown("picture", UNTIL),
        Paired(PHONE, "77", b"\0session"),
    ]


async def test_a_code_is_for_the_number_that_was_asked_for(tmp_path: Path) -> None:
    steps = await steps_of(linker(tmp_path, "code panics").pair_by_code(PHONE))
    assert steps == [CodeShown(f"for {PHONE}", UNTIL), CRASHED]


@pytest.mark.parametrize("phone", ["", "60123456789", "+60 12", "+0123456789", "+6012345678901234567", "abc"])
async def test_what_is_no_number_is_refused_without_asking_anybody(tmp_path: Path, phone: str) -> None:
    (step,) = await steps_of(linker(tmp_path, "panics").pair_by_code(phone))
    assert isinstance(step, PairingRefused)
    assert step.code == Refusal.INVALID_NUMBER
    assert not (tmp_path / "errands").exists()


@pytest.mark.parametrize("script", ["", "panics", "garbage stays", "nonsense stays"])
async def test_a_process_that_breaks_down_is_a_refusal_in_words(
    tmp_path: Path, script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linker_module, "ENDS_WITHIN", 0.1)
    assert await steps_of(linker(tmp_path, f"qr {script}").pair_by_qr()) == [QrShown("picture", UNTIL), CRASHED]


async def test_a_process_that_says_nothing_more_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linker_module, "SILENT_FOR", 1.0)
    monkeypatch.setattr(linker_module, "ENDS_WITHIN", 0.1)
    assert await steps_of(linker(tmp_path, "stays").pair_by_qr()) == [CRASHED]


async def test_giving_up_lets_the_process_end_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linker_module, "ENDS_WITHIN", 60)
    async with asyncio.timeout(30), aclosing(linker(tmp_path, "qr listens").pair_by_qr()) as steps:
        await anext(steps)


@pytest.mark.parametrize("script", ["qr stays", "qr qr qr stays"])
async def test_giving_up_ends_a_process_that_does_not_listen(
    tmp_path: Path, script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linker_module, "ENDS_WITHIN", 0.1)
    async with aclosing(linker(tmp_path, script).pair_by_qr()) as steps:
        await anext(steps)


async def test_a_cancelled_wait_for_the_next_step_leaves_nothing(tmp_path: Path) -> None:
    steps = linker(tmp_path, "qr listens").pair_by_qr()
    await anext(steps)
    waiting = asyncio.ensure_future(anext(steps))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert psutil.Process().children() == [], "the iterator has ended with it"


async def test_unlinking_is_confirmed_only_by_the_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linker_module, "ENDS_WITHIN", 0.1)
    make_store(tmp_path / "store" / "session.sqlite")
    session = durable_copy(tmp_path / "store" / "session.sqlite")
    assert await linker(tmp_path, "unlinked").unlink(session)
    for script in ("", "panics", "garbage stays", "nonsense"):
        assert not await linker(tmp_path, script).unlink(session)
    monkeypatch.setattr(linker_module, "UNLINKS_WITHIN", 0.5)
    assert not await linker(tmp_path, "stays").unlink(session)
    assert not await linker(tmp_path, "unlinked").unlink(b"no session")


async def test_a_breakdown_is_in_the_log_with_its_cause_and_without_phones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await steps_of(linker(tmp_path, "panics").pair_by_qr())
    logged = capsys.readouterr().out
    assert "panic: nil map" in logged
    assert "60198765432" not in logged
    assert len(logged) < 6000


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("phone number too short", Refusal.INVALID_NUMBER),
        ("international phone number required (must not start with 0)", Refusal.INVALID_NUMBER),
        ("info query returned status 429: rate-overlimit", Refusal.TOO_MANY_ATTEMPTS),
        ("info query returned status 404: item-not-found", Refusal.NOT_ON_WHATSAPP),
        ("info query returned status 400: bad-request", Refusal.NO_CODE),
    ],
)
def test_why_there_is_no_code(error: str, code: Refusal) -> None:
    assert no_code(error).code == code
