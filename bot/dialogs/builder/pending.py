"""A change between its typing and its saving. A draft's is saved at once; others wait until they were seen."""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from aiogram_dialog import DialogManager
from pydantic import TypeAdapter

from bot.dialogs.builder.states import Builder
from bot.dialogs.context import actor_of
from bot.dialogs.sequences.context import sequence_of
from engine.errors import NotFoundError
from engine.sequences.changes import PlanEdit
from engine.sequences.pastes import Paste, Pastes
from engine.sequences.revisions import ChangedMeanwhileError
from engine.sequences.step_editor import Saved, StepEditor
from models.enums import SequenceStatus

NEARLY_CUT = 3900  # characters; Telegram's apps cut a paste at 4096, at the last space before


@dataclass(frozen=True, slots=True)
class Pending:
    """`since`: the revision at which it was begun. `pastes`: the chat messages that it was read from.

    `whole`: they are the whole plan, not an addition to it. `retyped`: the step whose text they are now.
    `rereads`: they are in the sequence already, and were edited.
    `to_step`: go on at this step afterwards; 0: at the one that is added.
    """

    edit: PlanEdit
    since: int | None = None
    pastes: tuple[Paste, ...] = ()
    whole: bool = False
    retyped: int | None = None
    rereads: bool = False
    to_step: int | None = None
    notice: str = ""

    def goes_on_in(self, message_id: int) -> bool:
        """Whether this chat message is the next part of a long paste that Telegram cut."""
        if not self.pastes or self.rereads or self.retyped is not None:
            return False
        last = self.pastes[-1]
        return last.message_id == message_id - 1 and len(last.text) >= NEARLY_CUT


_JSON = TypeAdapter(Pending)


def to_json(pending: Pending) -> Any:
    return _JSON.dump_python(pending, mode="json")


def pending_of(manager: DialogManager) -> Pending | None:
    kept = manager.dialog_data.get("pending")
    return None if kept is None else _JSON.validate_python(kept)


def wait(manager: DialogManager, pending: Pending | None) -> None:
    manager.dialog_data["pending"] = None if pending is None else to_json(pending)


async def propose(manager: DialogManager, editor: StepEditor, pastes: Pastes, pending: Pending) -> Saved | None:
    """Save a change of a draft at once. Any other, and one that crosses somebody else's, is shown before.

    Returns what became of it, or None if it waits. Raises what saving it would raise.
    """
    try:
        preview = await editor.preview(actor_of(manager), sequence_of(manager), pending.edit)
    except NotFoundError:
        if pending.since is None:
            raise
        await _look(manager, pending)  # somebody has removed it since: who, is told there
        return None
    pending = replace(pending, since=pending.since or preview.revision)
    crossed = pending.since != preview.revision
    if not crossed and (preview.status is SequenceStatus.DRAFT or not preview.touched):
        with suppress(ChangedMeanwhileError):  # just now: it is shown
            return await save(manager, editor, pastes, pending, preview.revision)
    await _look(manager, pending)
    return None


async def _look(manager: DialogManager, pending: Pending) -> None:
    wait(manager, pending)
    await manager.switch_to(Builder.review)


async def save(
    manager: DialogManager, editor: StepEditor, pastes: Pastes, pending: Pending, revision: int
) -> Saved:
    """Save it if this is still the revision, and go on where it was begun. Raises ChangedMeanwhileError."""
    actor, sequence_id = actor_of(manager), sequence_of(manager)
    saved = await editor.save(actor, sequence_id, pending.edit, revision=revision)
    if pending.whole:
        await pastes.keep_whole(actor, sequence_id, pending.pastes)
    else:
        await pastes.keep(actor, sequence_id, pending.pastes, added=saved.ids, replaced=pending.retyped)
    manager.dialog_data.update(notice=pending.notice, revision=saved.revision, pending=None)
    if pending.to_step is None:
        await manager.switch_to(Builder.plan)
    else:
        manager.dialog_data["step_id"] = pending.to_step or saved.ids[0]
        await manager.switch_to(Builder.step)
    return saved
