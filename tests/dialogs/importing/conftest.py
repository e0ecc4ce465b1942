"""A file of three people and two bad rows; the engine works when a test says so."""

from collections.abc import Awaitable, Callable

import pytest

from bot.live import LiveCards
from engine.contacts.book import ContactBook
from engine.contacts.importing import ContactImports
from tests.imports import work as let_an_engine_work
from tests.integration.engine.world import until

FILE = (
    b"Name,Mobile,Interest\nSiti,0123456789,Yoga\nBob,0198765432,\n<b>Eve</b>,0131112222,\nBad,12,\n"
    b"Known,0123456789,\n"
)

Step = Callable[[], Awaitable[None]]


@pytest.fixture
async def book(container) -> ContactBook:
    return await container.get(ContactBook)


@pytest.fixture
async def imports(container) -> ContactImports:
    return await container.get(ContactImports)


@pytest.fixture
async def dropped(chat):
    await chat.drop("customers.csv", FILE)
    return chat


@pytest.fixture
def work(imports) -> Step:
    """Lets an engine do what is to be done."""

    async def run() -> None:
        await let_an_engine_work(imports)

    return run


@pytest.fixture
async def a_second_passes(container, telegram) -> Step:
    """What is on the screen and has changed is drawn again."""
    live = await container.get(LiveCards)

    async def look() -> None:
        shown = len(telegram.texts_shown)
        if await live.run_once():
            await until(lambda: len(telegram.texts_shown) > shown)

    return look


@pytest.fixture
async def imported(dropped, work):
    """The owner's chat, with the card of the import that is through."""
    await dropped.press("Event")
    await work()
    await dropped.press("⟳ Refresh")
    return dropped
