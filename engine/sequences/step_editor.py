"""Changing the messages of a sequence, also while thousands of people are in it. One way for every change."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import select, text

from engine.actor import Actor
from engine.broadcast.media import store_media
from engine.clock import Clock
from engine.database import Database
from engine.errors import NotFoundError
from engine.sequences import store
from engine.sequences.changes import Addition, Place, PlanEdit, checked, place_of
from engine.sequences.enrolment import calendar_of
from engine.sequences.foresight import Touched, foresee
from engine.sequences.plan import PlannedStep, compare
from engine.sequences.replanning import replan
from engine.sequences.revisions import changes_since, open_for_change, record_change
from engine.sequences.standings import standings_of
from engine.sequences.steps import NewStep, check_step
from engine.transactions import Session
from models import Media, SequenceStep, Workspace
from models import Sequence as SequenceRow
from models.enums import Role, SequenceStatus


@dataclass(frozen=True, slots=True)
class Saved:
    """`changed`: how many people now wait for something else, or for another time. `ids`: of the new steps."""

    changed: int
    ids: list[int]
    revision: int


@dataclass(frozen=True, slots=True)
class EditPreview:
    """What a change would do, at the revision that the sequence has now.

    `meanwhile`: what was done since the revision that was asked about, a sentence each.
    """

    name: str
    status: SequenceStatus
    revision: int
    meanwhile: tuple[str, ...]
    touched: tuple[Touched, ...]
    changed: int
    now: datetime


class StepEditor:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def preview(
        self, actor: Actor, sequence_id: int, edit: PlanEdit, *, since: int | None = None
    ) -> EditPreview:
        """Tell what saving this would do, and to whom; nothing is changed, and nobody is held up.

        Raises what saving it would raise.
        """
        now = self._clock.now()
        async with self._database.transaction() as session:
            sequence = await store.find(session, actor, sequence_id, role=Role.OPERATOR)
            workspace = await session.get_one(Workspace, actor.workspace_id)
            there = await store.steps_of(session, sequence_id)
            edit = checked(edit, there, sequence.default_time)
            places = (*map(place_of, there), *edit.places.values(), *(one.place for one in edit.added))
            by_joining = any(place.after_join_minutes is not None for place in places)
            standings = await standings_of(session, sequence_id, now, by_joining=by_joining)
            meanwhile = await changes_since(session, actor, sequence, since, now) if since is not None else []
        begun = sequence.status is not SequenceStatus.DRAFT
        days = calendar_of(sequence, workspace)
        foresight = await asyncio.to_thread(foresee, edit, there, standings, days, now, begun=begun)
        return EditPreview(
            sequence.name,
            sequence.status,
            sequence.revision,
            tuple(meanwhile),
            foresight.touched,
            foresight.changed,
            now,
        )

    async def save(self, actor: Actor, sequence_id: int, edit: PlanEdit, *, revision: int | None = None) -> Saved:
        """Make a change, all of it or nothing; who waits is planned anew in the same transaction.

        With a `revision`, only if nobody has changed the sequence since. Raises ChangedMeanwhileError.
        """
        now = self._clock.now()
        async with self._database.transaction() as session:
            sequence = await open_for_change(session, actor, sequence_id, now=now, revision=revision)
            edit = checked(edit, await store.steps_of(session, sequence_id), sequence.default_time)
            return await self._make(session, actor, sequence, edit, "sequence.steps", now)

    async def changes(self, actor: Actor, sequence_id: int, *, since: int) -> list[str]:
        """Tell who did what to a sequence after this revision, a sentence each."""
        async with self._database.transaction() as session:
            sequence = await store.find(session, actor, sequence_id)
            return await changes_since(session, actor, sequence, since, self._clock.now())

    async def difference(self, actor: Actor, sequence_id: int, plan: Sequence[PlannedStep]) -> PlanEdit:
        """Say how to get from the messages that there are to this plan."""
        async with self._database.transaction() as session:
            sequence = await store.find(session, actor, sequence_id, role=Role.OPERATOR)
            there = await store.steps_of(session, sequence_id)
        return checked(compare(there, plan, sequence.default_time), there, sequence.default_time)

    async def add_steps(self, actor: Actor, sequence_id: int, steps: Sequence[NewStep]) -> list[int]:
        """Add messages, all or none. Who is past their place does not get them. Returns their ids."""
        return (await self.save(actor, sequence_id, await self.additions(actor, steps))).ids

    async def additions(self, actor: Actor, steps: Sequence[NewStep]) -> PlanEdit:
        """Check these messages and store their files: a change that adds them."""
        actor.must_be(Role.OPERATOR)
        for step in steps:
            check_step(step)
        return PlanEdit(added=tuple([await self._stored(actor, step) for step in steps]))

    async def _stored(self, actor: Actor, step: NewStep) -> Addition:
        place, file = Place(step.day, step.send_time, step.after_join_minutes), step.attachment
        if file is None:
            return Addition(place, step.body)
        media_id = await store_media(
            self._database, actor.workspace_id, file.content, file.mime_type, file.file_name
        )
        return Addition(place, step.body, file.kind, media_id)

    async def set_text(self, actor: Actor, step_id: int, body: str) -> None:
        """Change what a step says, for everybody who has not had it yet."""
        await self._save_one(actor, step_id, PlanEdit(texts={step_id: body}))

    async def set_time(
        self, actor: Actor, step_id: int, *, day: int, send_time: time | None, after_join_minutes: int | None
    ) -> int:
        """Move a step; who waits for it now waits for its new time. Returns how many people that touches."""
        place = Place(day, send_time, after_join_minutes)
        return (await self._save_one(actor, step_id, PlanEdit(places={step_id: place}))).changed

    async def remove_step(self, actor: Actor, step_id: int) -> int:
        """Retire a step: who waits for it waits for the next one instead. Returns how many did."""
        return (await self._save_one(actor, step_id, PlanEdit(removed=frozenset({step_id})))).changed

    async def _save_one(self, actor: Actor, step_id: int, edit: PlanEdit) -> Saved:
        actor.must_be(Role.OPERATOR)
        query = select(SequenceStep.sequence_id).where(
            SequenceStep.id == step_id, SequenceStep.workspace_id == actor.workspace_id
        )
        async with self._database.transaction() as session:
            sequence_id = await session.scalar(query)
        if sequence_id is None:
            raise NotFoundError("This message does not exist any more.")
        return await self.save(actor, sequence_id, edit)

    async def _make(  # noqa: PLR0917
        self,
        session: Session,
        actor: Actor,
        sequence: SequenceRow,
        edit: PlanEdit,
        action: str,
        now: datetime,
        *,
        other_days: bool = False,
        **detail: object,
    ) -> Saved:
        """Bring the messages in line with a change that has been checked, and plan everybody anew who waits.

        `other_days`: the sequence counts other days than before, so that every message has another date.
        """
        there = {step.id: step for step in await store.steps_of(session, sequence.id)}
        headers = {id_: place_of(step).header for id_, step in there.items()}
        await session.execute(text(store.LET_STEPS_SWAP))
        for id_, body in edit.texts.items():
            there[id_].body = body
        for id_, place in edit.places.items():
            row = there[id_]
            row.day_number, row.send_time, row.after_join_minutes = (
                place.day, place.send_time, place.after_join_minutes,
            )  # fmt: skip
        for id_ in edit.removed:
            there[id_].retired_at = now
        rows = [_row(sequence, addition) for addition in edit.added]
        await _check_files(session, actor, [row.media_id for row in rows if row.media_id is not None])
        session.add_all(rows)
        await session.flush()
        await session.execute(text(store.CHECK_STEPS))
        begun, ids = sequence.status is not SequenceStatus.DRAFT, [row.id for row in rows]
        changed = await replan(
            session, sequence.id, there if other_days else edit.replanned, now, inserted=ids if begun else []
        )
        deeds = {
            "moved": [(headers[id_], place.header) for id_, place in edit.places.items()],
            "texts": [headers[id_] for id_ in edit.texts],
            "added": [addition.place.header for addition in edit.added],
            "removed": [headers[id_] for id_ in edit.removed],
        }
        record_change(
            session, actor, sequence, action, now, **{key: told for key, told in deeds.items() if told}, **detail
        )
        return Saved(changed, ids, sequence.revision)


def _row(sequence: SequenceRow, addition: Addition) -> SequenceStep:
    return SequenceStep(
        workspace_id=sequence.workspace_id,
        sequence_id=sequence.id,
        day_number=addition.place.day,
        send_time=addition.place.send_time,
        after_join_minutes=addition.place.after_join_minutes,
        kind=addition.kind,
        body=addition.body,
        media_id=addition.media_id,
    )


async def _check_files(session: Session, actor: Actor, media_ids: Collection[int]) -> None:
    if not media_ids:
        return
    ours = select(Media.id).where(Media.id.in_(media_ids), Media.workspace_id == actor.workspace_id)
    if set(await session.scalars(ours)) != set(media_ids):
        raise NotFoundError("This file does not exist any more; send it again.")
