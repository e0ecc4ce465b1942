"""Cards that edit themselves for ten minutes after the last tap, and then say as of when they are.

A window is made one by its getter, which runs at every drawing:

    progress = await imports.progress(actor, import_id)
    lives = live.keep(dialog_manager, progress, partial(imports.progress, actor, import_id))
    return {"progress": progress, "as_of": None if lives else when(now, now, zone)}

What is compared must not contain the present time, or it differs at every look. A card that has reached its end is
not kept any more: nothing on it will change. Each such window has a button that draws it again (`⟳ Refresh`, a
SwitchTo to its own state): a tap on it gives it ten more minutes, and after a restart nothing else brings it back.

Every second each card is looked at. It is drawn again only if something has changed, never twice at a time, and as
something that nobody asked for: the limiter lets answers go first, and repeats what Telegram had put off. All time
here is machine time.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from aiogram.types import Chat
from aiogram_dialog import BaseDialogManager, DialogManager
from aiogram_dialog.api.entities import DialogAction, DialogUpdateEvent

from bot.limiter import unasked
from engine.clock import machine_time
from engine.errors import DripdeskError

log = structlog.get_logger()

LIVES = 600.0  # seconds after the last tap
EVERY = 1.0  # seconds between two looks
PATIENCE = 30.0  # seconds for a drawing; a card that was not drawn by then is not on the screen any more

Look = Callable[[], Awaitable[object]]


@dataclass(slots=True)
class _Card:
    menu: BaseDialogManager
    look: Look
    shown: object
    ends_at: float
    asked_at: float | None = None  # to be drawn again


class LiveCards:
    """The cards that are on somebody's screen; there is one at most in each chat."""

    def __init__(self, time: Callable[[], float] = machine_time) -> None:
        self._time = time
        self._cards: dict[int, _Card] = {}

    def keep(self, manager: DialogManager, shown: object, look: Look) -> bool:
        """Draw this window again when `look` finds something else than `shown`; whether it lives.

        `look` is called outside of any press: it uses nothing of the manager.
        """
        chat: Chat = manager.middleware_data["event_chat"]
        if not _is_ours(manager.event):
            # By its stack: asked for by its intent, the menu would be loaded before its lock is held, and a press
            # that is just being handled would be undone.
            menu = manager.bg(stack_id=manager.current_stack().id)
            self._cards[chat.id] = _Card(menu, look, shown, self._time() + LIVES)
            return True
        card = self._cards.get(chat.id)
        if card is None:
            return False
        card.shown, card.look, card.asked_at = shown, look, None
        return True

    async def run(self) -> None:
        """Look every second until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            await self.run_once()

    async def run_once(self) -> int:
        """Look at each card once; how many are drawn again."""
        return sum([await self._look_at(chat_id, card) for chat_id, card in list(self._cards.items())])

    async def _look_at(self, chat_id: int, card: _Card) -> bool:
        now = self._time()
        if card.asked_at is not None:
            if now - card.asked_at >= PATIENCE:
                self._forget(chat_id, card)
            return False
        if now >= card.ends_at:
            self._forget(chat_id, card)
        elif not await self._has_changed(chat_id, card) or self._cards.get(chat_id) is not card:
            return False
        card.asked_at = now
        with unasked():
            await card.menu.update({})
        return True

    async def _has_changed(self, chat_id: int, card: _Card) -> bool:
        try:
            return await card.look() != card.shown
        except DripdeskError:  # what it is about is gone
            self._forget(chat_id, card)
        except Exception:  # the database is away, perhaps: the next look may find it
            log.debug("a live card cannot be looked at", exc_info=True)
        return False

    def _forget(self, chat_id: int, card: _Card) -> None:
        if self._cards.get(chat_id) is card:
            del self._cards[chat_id]


def _is_ours(event: object) -> bool:
    """Whether a window is drawn because `run_once` asked for it, and not because of a tap."""
    return isinstance(event, DialogUpdateEvent) and event.action is DialogAction.UPDATE
