"""An installation with real WhatsApp beside the sandbox's phones; WhatsApp's part is played."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from dishka import AsyncContainer
from sqlalchemy import text

from bot.container import make_container
from bot.live import LiveCards
from engine.clock import ManualClock
from engine.database import Database
from engine.devices.pairing import Pairings
from engine.devices.registry import Devices
from engine.runtime import running
from engine.settings import Settings
from tests.integration.engine.world import until
from tests.linking import PlayedLinker, real_settings

Shows = Callable[[str], Awaitable[None]]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return real_settings(dripdesk_home=tmp_path)


@pytest.fixture
def linker() -> PlayedLinker:
    return PlayedLinker()


@pytest.fixture
async def container(
    database: Database, clock: ManualClock, settings: Settings, linker: PlayedLinker
) -> AsyncIterator[AsyncContainer]:
    container = make_container(database, clock, settings, linker=linker)
    pairings = await container.get(Pairings)
    async with running(pairings.run()):
        await until(lambda: pairings._tasks)
        yield container
    await container.close()


@pytest.fixture
async def devices(container: AsyncContainer) -> Devices:
    return await container.get(Devices)


@pytest.fixture
async def shows(container: AsyncContainer, chat) -> Shows:
    """Waits until the card on the screen has drawn itself again and says so."""
    live = await container.get(LiveCards)

    async def wait(words: str) -> None:
        async def is_there() -> bool:
            await live.run_once()
            return words in chat.text

        try:
            await until(is_there, within=5)
        except TimeoutError:
            raise AssertionError(f"{words!r} is not in {chat.text!r}") from None

    return wait


@pytest.fixture
def run(database: Database) -> Callable[..., Awaitable[None]]:
    async def run(statement: str, **values: object) -> None:
        async with database.transaction() as session:
            await session.execute(text(statement), values)

    return run


@pytest.fixture
async def at_method(chat):
    """The owner's chat, where it is to be said how Sales-1 is paired."""
    await chat.press("📱 Devices")
    await chat.press("+ Add a device")
    await chat.press("“Sales-1”")
    return chat


@pytest.fixture
async def at_code(at_method, linker, shows):
    """A code is on the screen."""
    await at_method.press("Code on this phone")
    await at_method.say("012-345 6789")
    linker.show_code("ABCD-1234")
    await shows("ABCD-1234")
    return at_method


@pytest.fixture
async def connected(at_method, linker, shows, run):
    """Sales-1 is paired and online; its age is not yet known."""
    await at_method.press("QR code")
    linker.agree()
    await shows("is paired")
    await run("UPDATE user_devices SET state = 'online'")
    await shows("is connected")
    return at_method
