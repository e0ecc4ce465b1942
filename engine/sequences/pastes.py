"""What operators type, paste and edit in the chat, as changes of a sequence; which chat message became what."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert

from engine.actor import Actor
from engine.clock import Clock
from engine.database import Database
from engine.errors import InvalidInputError
from engine.sequences import store
from engine.sequences.changes import Addition, Place, PlanEdit, place_of
from engine.sequences.pasting import StepDraft, read_plan, starts_with_header
from engine.sequences.step_editor import StepEditor
from engine.sequences.steps import Attachment, NewStep
from engine.transactions import Session
from models import Paste as PasteRow
from models import SequenceStep
from models.enums import Role

FORGET_STEP = "UPDATE pastes SET step_ids = array_replace(step_ids, :id, 0) WHERE sequence_id = :sequence_id"
LEFT_OUT = 0  # in the place of an id: this part of a text is no message of the sequence


@dataclass(frozen=True, slots=True)
class Paste:
    """A chat message as it was read last. `step_ids`: what its parts became, in order.

    In a change that is not saved yet, -1, -2 … are the first, second … of its additions.
    """

    chat_id: int
    message_id: int
    text: str
    next_day: int  # of what stands before its first header
    step_ids: tuple[int, ...]
    file: str | None = None  # which file it carries, by the chat's own lasting name


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as a change, and what its parts become as in `Paste`.

    `without_file` is left out of it: the file is still to be sent. `overrides`: a text that it changes has been
    changed elsewhere meanwhile, so the two are to be compared. `gone`: it is about a message that is not there.
    """

    edit: PlanEdit
    step_ids: tuple[int, ...]
    next_day: int
    without_file: tuple[StepDraft, ...] = ()
    overrides: bool = False
    gone: bool = False


class Pastes:
    """Nothing is changed by reading; StepEditor saves what was read."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._editor = StepEditor(database, clock)

    async def read(
        self,
        actor: Actor,
        sequence_id: int,
        typed: str,
        *,
        attachment: Attachment | None = None,
        next_day: int | None = None,
        continues: int | None = None,
    ) -> Reading:
        """Read a text as a change that adds it; its file is stored already.

        What stands before the first header is for `next_day`, by default that after the last. `attachment` goes
        with the first message of the text, its caption. `continues` is the step that a long paste was cut off in:
        what stands before the first header belongs to it.
        """
        async with self._database.transaction() as session:
            await store.find(session, actor, sequence_id, role=Role.OPERATOR)
            there = await store.steps_of(session, sequence_id)
        day = next_day or max((step.day_number for step in there), default=0) + 1
        drafts = read_plan(typed, next_day=day)
        if attachment is not None and not drafts:
            drafts = [StepDraft(day, None, None, "")]
        if not drafts:
            raise InvalidInputError("There is no text in this message. Write what it is to say.")
        cut = next((step for step in there if step.id == continues), None)
        if cut is None or starts_with_header(typed):
            texts, ids = {}, []
        else:
            texts, ids = {cut.id: f"{cut.body}\n{drafts[0].body}"}, [cut.id]
        steps, without_file = [], []
        for number, draft in enumerate(drafts[len(ids) :], start=len(ids)):
            carried = attachment if number == 0 else None
            if draft.file and not carried:
                without_file.append(draft)
                ids.append(LEFT_OUT)
            else:
                steps.append(NewStep(draft.day, draft.send_time, draft.after_join_minutes, draft.body, carried))
                ids.append(-len(steps))
        additions = await self._editor.additions(actor, steps)
        return Reading(dataclasses.replace(additions, texts=texts), tuple(ids), day, tuple(without_file))

    async def keep(
        self,
        actor: Actor,
        sequence_id: int,
        pastes: Sequence[Paste],
        *,
        added: Sequence[int] = (),
        replaced: int | None = None,
    ) -> None:
        """Remember what was read from these chat messages, once it is saved.

        `added`: the ids of the additions. `replaced`: a step whose text came from elsewhere until now.
        """
        about = {"sequence_id": sequence_id, "id": replaced}
        async with self._database.transaction() as session:
            await store.find(session, actor, sequence_id, role=Role.OPERATOR)
            if replaced is not None:
                await session.execute(text(FORGET_STEP), about)
            saved = [tuple(added[-id_ - 1] if id_ < 0 else id_ for id_ in paste.step_ids) for paste in pastes]
            for paste, ids in zip(pastes, saved, strict=True):
                await _keep(session, actor, sequence_id, dataclasses.replace(paste, step_ids=ids))

    async def keep_whole(self, actor: Actor, sequence_id: int, pastes: Sequence[Paste]) -> None:
        """Remember that these chat messages, together, are the whole plan, once it is saved; no others are."""
        async with self._database.transaction() as session:
            sequence = await store.find(session, actor, sequence_id, role=Role.OPERATOR)
            there = {place_of(step): step.id for step in await store.steps_of(session, sequence_id)}
            await session.execute(delete(PasteRow).where(PasteRow.sequence_id == sequence_id))
            last = LEFT_OUT
            for number, paste in enumerate(pastes):
                found = [there.get(_place(part).at(sequence.default_time), LEFT_OUT) for part in _parts(paste)]
                if number and not starts_with_header(paste.text):
                    found[0] = last  # it goes on with the message that was cut
                last = found[-1]
                await _keep(session, actor, sequence_id, dataclasses.replace(paste, step_ids=tuple(found)))

    async def find(self, actor: Actor, chat_id: int, message_id: int) -> tuple[int, Paste] | None:
        """Which sequence a chat message belongs to, and what it became; None if it is no part of any."""
        query = select(PasteRow).where(
            PasteRow.chat_id == chat_id,
            PasteRow.message_id == message_id,
            PasteRow.workspace_id == actor.workspace_id,
        )
        async with self._database.transaction() as session:
            row = await session.scalar(query)
        return None if row is None else (row.sequence_id, _paste(row))

    async def reread(self, actor: Actor, sequence_id: int, paste: Paste, typed: str) -> Reading:
        """Read a chat message anew after it was edited: what that changes in the messages that it became."""
        query = select(PasteRow).where(
            PasteRow.sequence_id == sequence_id, PasteRow.workspace_id == actor.workspace_id
        )
        async with self._database.transaction() as session:
            await store.find(session, actor, sequence_id, role=Role.OPERATOR)
            there = await store.steps_of(session, sequence_id)
            rows = list(await session.scalars(query.order_by(PasteRow.message_id)))
        return reread(paste, typed, {step.id: step for step in there}, [_paste(row) for row in rows])


async def _keep(session: Session, actor: Actor, sequence_id: int, paste: Paste) -> None:
    keys = {"chat_id": paste.chat_id, "message_id": paste.message_id}
    values = {
        "sequence_id": sequence_id,
        "text": paste.text,
        "next_day": paste.next_day,
        "step_ids": list(paste.step_ids),
        "file": paste.file,
    }
    statement = insert(PasteRow).values({"workspace_id": actor.workspace_id, **keys, **values})
    ours = PasteRow.workspace_id == actor.workspace_id
    await session.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=values, where=ours))


def _paste(row: PasteRow) -> Paste:
    return Paste(row.chat_id, row.message_id, row.text, row.next_day, tuple(row.step_ids), row.file)


def reread(paste: Paste, typed: str, there: Mapping[int, SequenceStep], pastes: Sequence[Paste]) -> Reading:
    """Compare what a chat message says now with what it said, part by part. Pure.

    `pastes`: all of the sequence, in the order of the chat: a message of it may stand in two of them, where
    Telegram cut a long paste.
    """
    old, new = _parts(paste), read_plan(typed, next_day=paste.next_day)
    if not new and paste.file:
        new = [StepDraft(paste.next_day, None, None, "")]
    if not new:
        raise InvalidInputError(
            "There is no text left in this message; to remove it from the sequence, tap Remove."
        )
    texts: dict[int, str] = {}
    places: dict[int, Place] = {}
    removed: set[int] = set()
    added: list[Addition] = []
    ids: list[int] = []
    overrides = gone = False
    for number, draft in _paired(old, new):
        id_ = LEFT_OUT if number is None else paste.step_ids[number]
        step = there.get(id_)
        if number is None and draft is not None:
            if draft.file is None:
                added.append(Addition(_place(draft), draft.body))
            ids.append(LEFT_OUT if draft.file else -len(added))
        elif number is not None and draft is None:
            rest = _body(id_, pastes, {(paste.message_id, number): ""}).strip()
            if step is not None and rest:
                texts[id_] = rest
            elif step is not None:
                removed.add(id_)
        elif number is not None and draft is not None:
            ids.append(id_)
            was = old[number]
            gone = gone or (step is None and id_ != LEFT_OUT and draft != was)
            if step is not None and draft.body != was.body:
                texts[id_] = _body(id_, pastes, {(paste.message_id, number): draft.body})
                overrides = overrides or step.body not in {_body(id_, pastes, {}), texts[id_]}
            if step is not None and _place(draft) != _place(was):
                places[id_] = _place(draft)
    edit = PlanEdit(texts, places, frozenset(removed), tuple(added))
    return Reading(edit, tuple(ids), paste.next_day, overrides=overrides, gone=gone)


def _parts(paste: Paste) -> list[StepDraft]:
    """Read what it said; a file may come without a word."""
    return read_plan(paste.text, next_day=paste.next_day) or [StepDraft(paste.next_day, None, None, "")]


def _place(draft: StepDraft) -> Place:
    return Place(draft.day, draft.send_time, draft.after_join_minutes)


def _body(id_: int, pastes: Sequence[Paste], instead: Mapping[tuple[int, int], str]) -> str:
    """Put together what the chat messages say of one message of the sequence."""
    return "\n".join(
        instead.get((paste.message_id, number), draft.body)
        for paste in pastes
        for number, (part, draft) in enumerate(zip(paste.step_ids, _parts(paste), strict=False))
        if part == id_
    )


_Pair = tuple[int | None, StepDraft | None]


def _paired(old: Sequence[StepDraft], new: Sequence[StepDraft]) -> list[_Pair]:
    """Say which part of the old text each of the new is: by its order, or by its day where parts come or go."""
    if len(old) == len(new):
        return list(enumerate(new))
    pairs: list[_Pair] = []
    matcher = SequenceMatcher(
        None, [_place(draft) for draft in old], [_place(draft) for draft in new], autojunk=False
    )
    for _, first, last, start, end in matcher.get_opcodes():
        was: list[int | None] = list(range(first, last))
        now: list[StepDraft | None] = list(new[start:end])
        was += [None] * (len(now) - len(was))
        now += [None] * (len(was) - len(now))
        pairs += zip(was, now, strict=True)
    return pairs
