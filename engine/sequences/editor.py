"""Making and changing sequences and their steps, also while thousands of people are in them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import time

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from engine.actor import Actor
from engine.broadcast.media import store_media
from engine.broadcast.templating import check_template
from engine.clock import Clock
from engine.database import Database
from engine.devices.registry import check_name
from engine.errors import ConflictError, InvalidInputError, NotFoundError
from engine.sequences import store
from engine.sequences.pasting import StepDraft, read_plan, starts_with_header, write_header
from engine.sequences.plan import PlannedStep, compare, time_of
from engine.sequences.progress import live_steps, plan_again
from engine.sequences.steps import Attachment, NewStep, check_length, check_message, check_step, check_time
from engine.sequences.store import Lock
from engine.transactions import Session
from models import Sequence as SequenceRow
from models import SequenceContact, SequenceDevice, SequenceStep, UserDevice, Workspace
from models.enums import ContentKind, Role, SequenceStatus

MOST_STEPS = 100
LONGEST_NICHE = 100


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a text: the ids of its steps, and what was left out since its file is still to be sent."""

    ids: list[int]
    without_file: list[StepDraft]


class SequenceEditor:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def create(
        self,
        actor: Actor,
        *,
        name: str,
        device_ids: Collection[int],
        niche: str | None,
        skip_weekends: bool,
        plan: Sequence[PlannedStep] = (),
    ) -> int:
        """Make a draft, all of it or nothing. It takes the workspace's time zone."""
        actor.must_be(Role.OPERATOR)
        name = check_name(name, "sequence")
        try:
            async with self._database.transaction() as session:
                workspace = await session.get_one(Workspace, actor.workspace_id)
                sequence = SequenceRow(
                    workspace_id=actor.workspace_id,
                    name=name,
                    niche=clean_niche(niche),
                    skip_weekends=skip_weekends,
                    time_zone=workspace.time_zone,
                )
                session.add(sequence)
                await session.flush()
                await session.refresh(sequence)  # the default time
                await _set_devices(session, actor, sequence.id, device_ids)
                await self._set_plan(session, sequence, plan)
                actor.record(
                    session, self._clock.now(), "sequence.create", sequence.id, name=name, steps=len(plan)
                )
        except IntegrityError as error:
            raise _taken(error, [step.day for step in plan], name) from None
        return sequence.id

    async def replace(
        self,
        actor: Actor,
        sequence_id: int,
        *,
        name: str,
        device_ids: Collection[int],
        niche: str | None,
        skip_weekends: bool,
        plan: Sequence[PlannedStep],
    ) -> int:
        """Set all of a sequence anew, or nothing of it. Returns how many people now wait for something else.

        A message that is in the plan stays the same one: who has had it does not get it again.
        """
        name = check_name(name, "sequence")
        try:
            async with self._database.transaction() as session:
                sequence = await store.find(session, actor, sequence_id, role=Role.OPERATOR, lock=Lock.EXCLUSIVE)
                if sequence.status is SequenceStatus.ARCHIVED:
                    raise ConflictError("An archived sequence cannot be changed.")
                begun = sequence.status is not SequenceStatus.DRAFT
                if begun and not plan:
                    raise ConflictError(
                        "This sequence has begun, so it needs a message. You can pause or delete it."
                    )
                other_days = sequence.skip_weekends is not skip_weekends
                sequence.name, sequence.niche, sequence.skip_weekends = name, clean_niche(niche), skip_weekends
                await _set_devices(session, actor, sequence_id, device_ids)
                moved, added = await self._set_plan(session, sequence, plan)
                if other_days:
                    moved += [step.id for step in await store.steps_of(session, sequence_id)]
                touched = await self._replan(session, sequence_id, moved, inserted=added if begun else [])
                actor.record(
                    session, self._clock.now(), "sequence.replace", sequence_id, name=name, steps=len(plan)
                )
        except IntegrityError as error:
            raise _taken(error, [step.day for step in plan], name) from None
        return touched

    async def set_devices(self, actor: Actor, sequence_id: int, device_ids: Collection[int]) -> None:
        """Set the pool for those who join from now on; who is in it already keeps their device."""
        async with self._database.transaction() as session:
            await store.find(session, actor, sequence_id, role=Role.OPERATOR, lock=Lock.EXCLUSIVE)
            await _set_devices(session, actor, sequence_id, device_ids)
            actor.record(session, self._clock.now(), "sequence.devices", sequence_id, devices=sorted(device_ids))

    async def set_skip_weekends(self, actor: Actor, sequence_id: int, skip: bool) -> None:
        """Count only sendable days from now on; who is waiting is planned anew."""
        async with self._database.transaction() as session:
            sequence = await store.find(session, actor, sequence_id, role=Role.OPERATOR, lock=Lock.EXCLUSIVE)
            sequence.skip_weekends = skip
            await session.flush()
            steps = await store.steps_of(session, sequence_id)
            await self._replan(session, sequence_id, [step.id for step in steps])
            actor.record(session, self._clock.now(), "sequence.skip_weekends", sequence_id, skip=skip)

    async def add_steps(self, actor: Actor, sequence_id: int, steps: Sequence[NewStep]) -> list[int]:
        """Add messages, all or none. Who is past their place does not get them. Returns their ids."""
        actor.must_be(Role.OPERATOR)
        for step in steps:
            check_step(step)
        media = [await self._keep(actor, step.attachment) for step in steps]
        try:
            async with self._database.transaction() as session:
                sequence = await store.find(session, actor, sequence_id, role=Role.OPERATOR, lock=Lock.EXCLUSIVE)
                there = await store.steps_of(session, sequence_id)
                if len(there) + len(steps) > MOST_STEPS:
                    raise InvalidInputError(f"A sequence can have at most {MOST_STEPS} messages.")
                rows = [_row(sequence, step, media_id) for step, media_id in zip(steps, media, strict=True)]
                session.add_all(rows)
                await session.flush()
                begun = sequence.status is not SequenceStatus.DRAFT
                await self._replan(session, sequence_id, [], inserted=[row.id for row in rows] if begun else [])
                actor.record(session, self._clock.now(), "sequence.add_steps", sequence_id, steps=len(rows))
        except IntegrityError as error:
            raise _taken(error, [step.day for step in steps]) from None
        return [row.id for row in rows]

    async def _keep(self, actor: Actor, file: Attachment | None) -> int | None:
        if file is None:
            return None
        return await store_media(self._database, actor.workspace_id, file.content, file.mime_type, file.file_name)

    async def add_text(
        self,
        actor: Actor,
        sequence_id: int,
        text: str,
        *,
        attachment: Attachment | None = None,
        continues: int | None = None,
    ) -> Added:
        """Add what somebody typed or pasted in the builder's format; text without a header is the next day's.

        `attachment` goes with the first message of the text, its caption. `continues` is the step that a long
        paste was cut off in: text before the first header belongs to it.
        """
        async with self._database.transaction() as session:
            await store.find(session, actor, sequence_id, role=Role.OPERATOR)
            there = await store.steps_of(session, sequence_id)
        next_day = max((step.day_number for step in there), default=0) + 1
        drafts = read_plan(text, next_day=next_day)
        if attachment is not None and not drafts:
            drafts = [StepDraft(next_day, None, None, "")]
        cut = next((step for step in there if step.id == continues), None)
        ids = []
        if cut is not None and drafts and not starts_with_header(text):
            await self.set_text(actor, cut.id, f"{cut.body}\n{drafts.pop(0).body}")
            ids.append(cut.id)
        carriers = [None if number else attachment for number in range(len(drafts))]
        steps = [
            NewStep(draft.day, draft.send_time, draft.after_join_minutes, draft.body, carried)
            for draft, carried in zip(drafts, carriers, strict=True)
            if carried or not draft.file
        ]
        without_file = [
            draft for draft, carried in zip(drafts, carriers, strict=True) if draft.file and not carried
        ]
        if not ids and not drafts:
            raise InvalidInputError("There is no text in this message. Write what it is to say.")
        return Added(ids + (await self.add_steps(actor, sequence_id, steps) if steps else []), without_file)

    async def set_text(self, actor: Actor, step_id: int, body: str) -> None:
        """Change what a step says, for everybody who has not had it yet."""
        check_template(body)
        async with self._database.transaction() as session:
            step = await self._find_step(session, actor, step_id)
            check_length(step.kind, body)
            step.body = body
            actor.record(session, self._clock.now(), "step.text", step_id)

    async def set_time(
        self, actor: Actor, step_id: int, *, day: int, send_time: time | None, after_join_minutes: int | None
    ) -> int:
        """Move a step; who waits for it now waits for its new time. Returns how many people that touches."""
        try:
            async with self._database.transaction() as session:
                step = await self._find_step(session, actor, step_id)
                sequence = await store.find(session, actor, step.sequence_id, lock=Lock.EXCLUSIVE)
                check_time(day, send_time, after_join_minutes)
                at_default = send_time is None and after_join_minutes is None
                step.day_number = day
                step.send_time = sequence.default_time if at_default else send_time
                step.after_join_minutes = after_join_minutes
                await session.flush()
                touched = await self._replan(session, step.sequence_id, [step_id])
                actor.record(
                    session,
                    self._clock.now(),
                    "step.time",
                    step_id,
                    to=write_header(day, step.send_time, after_join_minutes),
                )
        except IntegrityError as error:
            raise _taken(error, [day]) from None
        return touched

    async def remove_step(self, actor: Actor, step_id: int) -> int:
        """Retire a step: who waits for it waits for the next one instead. Returns how many did."""
        async with self._database.transaction() as session:
            step = await self._find_step(session, actor, step_id)
            step.retired_at = self._clock.now()
            await session.flush()
            touched = await self._replan(session, step.sequence_id, [step_id])
            actor.record(session, self._clock.now(), "step.remove", step_id)
        return touched

    async def delete(self, actor: Actor, sequence_id: int) -> SequenceStatus | None:
        """Delete a sequence that nobody ever joined (None), else archive it (its new status).

        Archiving is for good: it ends everybody's run and cancels what has not been sent yet.
        """
        async with self._database.transaction() as session:
            sequence = await store.find(session, actor, sequence_id, role=Role.OPERATOR, lock=Lock.EXCLUSIVE)
            joined = await session.scalar(
                select(SequenceContact.id).where(SequenceContact.sequence_id == sequence_id).limit(1)
            )
            if joined is None:
                actor.record(session, self._clock.now(), "sequence.delete", sequence_id, name=sequence.name)
                await session.delete(sequence)
                return None
            sequence.status = SequenceStatus.ARCHIVED
            about = {"sequence_id": sequence_id, "now": self._clock.now()}
            await session.execute(text(store.END_RUNS), about)
            await session.execute(text(store.CANCEL_PENDING), about)
            actor.record(session, self._clock.now(), "sequence.archive", sequence_id)
            return sequence.status

    async def _set_plan(
        self, session: Session, sequence: SequenceRow, plan: Sequence[PlannedStep]
    ) -> tuple[list[int], list[int]]:
        """Bring the messages in line with a plan: which have another time or are gone, and which are new."""
        if len(plan) > MOST_STEPS:
            raise InvalidInputError(f"A sequence can have at most {MOST_STEPS} messages.")
        there = await store.steps_of(session, sequence.id)
        changes = compare(there, plan, sequence.default_time)
        await session.execute(text(store.LET_STEPS_SWAP))
        moved = []
        for row, step in changes.kept:
            check_time(step.day, step.send_time, step.after_join_minutes)
            check_message(row.kind, step.body, step.header)
            place = (step.day, *time_of(step, sequence.default_time))
            if place != (row.day_number, row.send_time, row.after_join_minutes):
                moved.append(row.id)
            row.day_number, row.send_time, row.after_join_minutes = place
            row.body = step.body
        for row in changes.removed:
            row.retired_at = self._clock.now()
            moved.append(row.id)
        new = [NewStep(step.day, step.send_time, step.after_join_minutes, step.body) for step in changes.added]
        for one in new:
            check_step(one)
        rows = [_row(sequence, one, None) for one in new]
        session.add_all(rows)
        await session.flush()
        await session.execute(text(store.CHECK_STEPS))
        return moved, [row.id for row in rows]

    async def _find_step(self, session: Session, actor: Actor, step_id: int) -> SequenceStep:
        """Load a live step, with its sequence locked."""
        actor.must_be(Role.OPERATOR)
        step = await session.scalar(
            select(SequenceStep).where(
                SequenceStep.id == step_id,
                SequenceStep.workspace_id == actor.workspace_id,
                SequenceStep.retired_at.is_(None),
            )
        )
        if step is None:
            raise NotFoundError("This message does not exist any more.")
        await store.find(session, actor, step.sequence_id, lock=Lock.EXCLUSIVE)
        return step

    async def _replan(
        self,
        session: Session,
        sequence_id: int,
        step_ids: Collection[int],
        inserted: Collection[int] = (),
    ) -> int:
        """Plan everybody anew who waits; messages of these steps that still wait go back into the plan.

        So do those that one of these steps now comes before: a late message may wait for days. Returns how many
        people now wait for something else, or for another time.
        """
        waiting = list(await session.scalars(text(store.WAITING_ENROLMENTS), {"sequence_id": sequence_id}))
        live = await live_steps(session, sequence_id)
        changed = [step for step in live if step.step_id in {*step_ids, *inserted}]
        first = min((step.place for step in changed), default=(0, 0))
        about = {
            "step_ids": list(step_ids),
            "changed": [step.step_id for step in changed],
            "behind": [step.step_id for step in live if changed and step.place > first],
            "first_day": first[0],
            "first_minute": first[1],
        }
        await session.execute(text(store.UNPLAN), about)
        still_open = set(await session.scalars(text(store.STILL_OPEN), {"ids": waiting}))
        unqueued = [enrolment_id for enrolment_id in waiting if enrolment_id not in still_open]
        return await plan_again(session, unqueued, self._clock.now(), inserted=inserted)


def clean_niche(niche: str | None) -> str | None:
    return " ".join(niche.replace("\0", "").split())[:LONGEST_NICHE] or None if niche else None


def _row(sequence: SequenceRow, step: NewStep, media_id: int | None) -> SequenceStep:
    at_default = step.send_time is None and step.after_join_minutes is None
    return SequenceStep(
        workspace_id=sequence.workspace_id,
        sequence_id=sequence.id,
        day_number=step.day,
        send_time=sequence.default_time if at_default else step.send_time,
        after_join_minutes=step.after_join_minutes,
        kind=step.attachment.kind if step.attachment else ContentKind.TEXT,
        body=step.body,
        media_id=media_id,
    )


async def _set_devices(session: Session, actor: Actor, sequence_id: int, device_ids: Collection[int]) -> None:
    if not device_ids:
        raise InvalidInputError("Choose at least one device.")
    known = set(
        await session.scalars(
            select(UserDevice.id).where(
                UserDevice.id.in_(device_ids),
                UserDevice.workspace_id == actor.workspace_id,
                UserDevice.removed_at.is_(None),
            )
        )
    )
    if known != set(device_ids):
        raise NotFoundError("One of these devices does not exist any more.")
    pool = list(await session.scalars(select(SequenceDevice).where(SequenceDevice.sequence_id == sequence_id)))
    for entry in pool:
        if entry.device_id not in known:
            await session.delete(entry)
    there = {entry.device_id for entry in pool}
    session.add_all(
        SequenceDevice(workspace_id=actor.workspace_id, sequence_id=sequence_id, device_id=device_id)
        for device_id in known - there
    )


def _taken(error: IntegrityError, days: Sequence[int], name: str = "") -> Exception:
    if "uq_sequences_name" in str(error.orig):
        return ConflictError(f"There is already a sequence called “{name}”; choose another name.")
    if "ex_sequence_steps" not in str(error.orig):
        return error
    named = " or ".join(f"Day {day}" for day in sorted(set(days)))
    return ConflictError(f"Two messages would go out at the same time on {named}. Give one another time.")
