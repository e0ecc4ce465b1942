"""When a live card is drawn again. The manager is played; in the menus, see tests/dialogs/importing."""

from types import SimpleNamespace

import pytest
from aiogram.types import Chat, User
from aiogram_dialog.api.entities import DialogAction, DialogUpdateEvent

from bot.limiter import _unasked
from bot.live import LIVES, PATIENCE, LiveCards
from engine.errors import NotFoundError

CHAT = Chat(id=7, type="private")
ASKED = DialogUpdateEvent(
    from_user=User(id=7, is_bot=False, first_name="A"), chat=CHAT, action=DialogAction.UPDATE, data={},
    intent_id="i", stack_id="", thread_id=None, business_connection_id=None,
)  # fmt: skip


class Screen:
    """A window whose getter keeps its card alive, and what it shows."""

    def __init__(self) -> None:
        self.now = 0.0
        self.cards = LiveCards(lambda: self.now)
        self.fact: object = "0 of 10"
        self.drawn: list[bool] = []  # whether each was unasked
        self.lives: bool | None = None

    def draw(self, event: object) -> None:
        manager = SimpleNamespace(
            event=event,
            middleware_data={"event_chat": CHAT},
            bg=lambda stack_id: self,
            current_stack=lambda: SimpleNamespace(id=""),
        )
        self.lives = self.cards.keep(manager, self.fact, self.look)

    async def look(self) -> object:
        if isinstance(self.fact, Exception):
            raise self.fact
        return self.fact

    async def update(self, _data: object) -> None:
        self.drawn.append(_unasked.get())


@pytest.fixture
def screen() -> Screen:
    screen = Screen()
    screen.draw("a press")
    return screen


async def test_it_is_drawn_again_only_if_something_has_changed(screen):
    assert await screen.cards.run_once() == 0
    screen.fact = "1 of 10"
    assert await screen.cards.run_once() == 1
    screen.draw(ASKED)
    assert screen.lives
    assert await screen.cards.run_once() == 0
    assert screen.drawn == [True]  # as what nobody asked for


async def test_while_one_drawing_is_under_way_no_other_is_asked_for(screen):
    for screen.fact in range(5):
        await screen.cards.run_once()
    assert len(screen.drawn) == 1
    screen.draw(ASKED)
    screen.fact = 9
    assert await screen.cards.run_once() == 1


async def test_ten_minutes_after_the_last_tap_it_is_drawn_once_more_and_rests(screen):
    screen.now = LIVES - 1
    screen.fact = 1
    await screen.cards.run_once()
    screen.draw(ASKED)
    assert screen.lives
    screen.now = LIVES
    assert await screen.cards.run_once() == 1
    screen.draw(ASKED)
    assert screen.lives is False
    screen.fact = 2
    assert await screen.cards.run_once() == 0


async def test_a_tap_gives_it_ten_more_minutes(screen):
    screen.now = LIVES - 1
    screen.draw("a press")
    screen.now = LIVES + 1
    assert await screen.cards.run_once() == 0
    screen.fact = 1
    assert await screen.cards.run_once() == 1


async def test_a_card_that_is_not_on_the_screen_any_more_is_forgotten(screen):
    screen.fact = 1
    assert await screen.cards.run_once() == 1  # it is drawn by nobody
    screen.now = PATIENCE
    await screen.cards.run_once()
    screen.fact = 2
    assert await screen.cards.run_once() == 0


async def test_what_is_gone_is_not_looked_at_again(screen):
    screen.fact = NotFoundError("gone")
    assert await screen.cards.run_once() == 0
    screen.fact = 2
    assert await screen.cards.run_once() == 0


async def test_a_look_that_fails_is_repeated(screen):
    screen.fact = OSError("the database is away")
    assert await screen.cards.run_once() == 0
    screen.fact = 2
    assert await screen.cards.run_once() == 1
