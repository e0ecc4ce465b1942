"""An operator edits a message of theirs in the chat: what it had become in a sequence is read anew."""

from dataclasses import dataclass, replace

from aiogram import F, Router
from aiogram.types import Message
from aiogram_dialog import DialogManager, ShowMode
from dishka import FromDishka
from dishka.integrations.aiogram import inject

from bot.dialogs.builder import wording
from bot.dialogs.builder.attachments import file_name_of
from bot.dialogs.builder.pending import Pending, pending_of, to_json, wait
from bot.dialogs.builder.states import Builder
from bot.dialogs.builder.texts import look_again, text_of
from bot.dialogs.home.states import Home
from bot.dialogs.navigation import show_below
from bot.dialogs.sequences.context import about, sequence_of
from engine.actor import Actor
from engine.errors import DripdeskError, InvalidInputError
from engine.sequences.changes import PlanEdit
from engine.sequences.editor import SequenceEditor
from engine.sequences.pastes import Paste, Pastes
from engine.sequences.pasting import unclear_headers
from engine.sequences.revisions import ChangedMeanwhileError
from models.enums import SequenceStatus

NEW_FILE = (
    "⚠️ The file itself stays as it was: I see only the new caption. To send another file, remove the message and "
    "send the file anew."
)

GONE = "⚠️ What you edited is not among the messages of the sequence any more: your edit changes nothing there."

router = Router(name="edited messages")
router.edited_message.filter(F.chat.type == "private")


@router.edited_message()
@inject
async def take_edit(
    message: Message,
    dialog_manager: DialogManager,
    actor: Actor,
    editor: FromDishka[SequenceEditor],
    pastes: FromDishka[Pastes],
) -> None:
    try:
        if await _edit_unsaved(message, dialog_manager, editor, pastes):
            return
        found = await pastes.find(actor, message.chat.id, message.message_id)
        if found is not None:
            await _Edit(message, dialog_manager, actor, editor, pastes, *found).take()
    except DripdeskError as error:
        await message.answer(str(error), parse_mode=None)
        if dialog_manager.has_context():
            await show_below(dialog_manager)


async def _edit_unsaved(message: Message, manager: DialogManager, editor: SequenceEditor, pastes: Pastes) -> bool:
    """Read a change that waits to be saved anew, if it was read from this chat message. Whether it was."""
    if not manager.has_context() or manager.current_context().state != Builder.review:
        return False
    pending = pending_of(manager)
    parts = {paste.message_id: paste.text for paste in pending.pastes} if pending else {}
    if pending is None or message.message_id not in parts or pending.rereads:
        return False
    parts[message.message_id] = text_of(message)
    if pending.retyped is not None:
        pasted = replace(pending.pastes[0], text=text_of(message))
        edit = PlanEdit(texts={pending.retyped: pasted.text.strip()})
        wait(manager, replace(pending, edit=edit, pastes=(pasted,)))
    elif pending.pastes[0].file:
        raise InvalidInputError("Save this change first, or leave it. Then edit the caption again.")
    else:
        await look_again(manager, editor, pastes, pending, list(parts.items()))
    await manager.show(ShowMode.DELETE_AND_SEND)
    return True


@dataclass(frozen=True, slots=True)
class _Edit:
    """An edit of a chat message that became messages of a sequence."""

    message: Message
    manager: DialogManager
    actor: Actor
    editor: SequenceEditor
    pastes: Pastes
    sequence_id: int
    paste: Paste

    async def take(self) -> None:
        """Change a draft at once. Any other, and a text that was changed elsewhere too, is shown before."""
        text, file = text_of(self.message), file_name_of(self.message)
        reading = await self.pastes.reread(self.actor, self.sequence_id, self.paste, text)
        notices = wording.unclear(unclear_headers(text))
        if file != self.paste.file:
            notices.insert(0, NEW_FILE)
        if reading.gone:
            notices.insert(0, GONE)
        if not reading.edit and not notices:
            return
        preview = await self.editor.preview(self.actor, self.sequence_id, reading.edit)
        updated = replace(self.paste, text=text, step_ids=reading.step_ids, file=file)
        at_once = preview.status is SequenceStatus.DRAFT and not reading.overrides
        pending = Pending(
            reading.edit, since=preview.revision, pastes=(updated,), rereads=True, notice="\n".join(notices)
        )
        ids: list[int] = []
        if preview.touched:
            if not at_once:
                await self._look(pending)
                return
            try:
                saved = await self.editor.save(
                    self.actor, self.sequence_id, reading.edit, revision=preview.revision
                )
            except ChangedMeanwhileError:
                await self._look(pending)
                return
            ids = saved.ids
            notices.insert(0, wording.changed(preview.touched))
            self._has_seen(preview.revision, saved.revision)
        await self.pastes.keep(self.actor, self.sequence_id, [updated], added=ids)
        if notices:
            await self._tell(preview.name, "\n".join(notices))

    @property
    def _is_open(self) -> bool:
        """Whether the builder is open at the messages of this sequence."""
        if not self.manager.has_context() or self.manager.current_context().state.group is not Builder:
            return False
        return sequence_of(self.manager) == self.sequence_id

    async def _look(self, pending: Pending) -> None:
        if self._is_open:
            wait(self.manager, pending)
            await self.manager.switch_to(Builder.review)
            await self.manager.show(ShowMode.DELETE_AND_SEND)
            return
        if not self.manager.has_context():  # Back needs somewhere to go
            await self.manager.start(Home.main, show_mode=ShowMode.NO_UPDATE)
        data = {**about(self.sequence_id), "pending": to_json(pending)}
        await self.manager.start(Builder.review, data=data, show_mode=ShowMode.DELETE_AND_SEND)

    def _has_seen(self, before: int, after: int) -> None:
        """What is being changed in the menu at the revision before this edit is not crossed by the edit."""
        if self._is_open and self.manager.dialog_data.get("revision") == before:
            self.manager.dialog_data["revision"] = after

    async def _tell(self, name: str, notice: str) -> None:
        """In the plan, if that is open; a question that is open stays open, and so does any other menu."""
        if self._is_open and self.manager.current_context().state in {Builder.plan, Builder.step}:
            self.manager.dialog_data["notice"] = notice
            await self.manager.switch_to(Builder.plan)
            await self.manager.show(ShowMode.EDIT)
            return
        await self.message.answer(f"“{name}”: {notice}", parse_mode=None)
        if self.manager.has_context():
            await show_below(self.manager)
