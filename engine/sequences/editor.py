"""Making a sequence and changing what it has; its messages are StepEditor's, its settings SequenceRules'."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from engine.actor import Actor
from engine.devices.registry import check_name
from engine.errors import ConflictError, InvalidInputError, NotFoundError
from engine.sequences import store
from engine.sequences.changes import checked
from engine.sequences.plan import PlannedStep, compare
from engine.sequences.revisions import open_for_change, record_change
from engine.sequences.settings import PLANNED_BY, apply, let_go, lock_before, take_turns
from engine.sequences.step_editor import StepEditor
from engine.sequences.store import Lock
from engine.transactions import Session
from models import Sequence as SequenceRow
from models import SequenceContact, SequenceDevice, UserDevice, Workspace
from models.enums import Role, SequenceStatus


class SequenceEditor(StepEditor):
    """Everything that an operator may change of a sequence."""

    async def create(
        self,
        actor: Actor,
        *,
        name: str,
        device_ids: Collection[int],
        niche: str | None,
        skip_weekends: bool,
        plan: Sequence[PlannedStep] = (),
        **settings: Any,
    ) -> int:
        """Make a draft, all of it or nothing. It takes the workspace's time zone, unless the settings name one."""
        actor.must_be(Role.OPERATOR)
        name, now = check_name(name, "sequence"), self._clock.now()
        try:
            async with self._database.transaction() as session:
                await take_turns(session, actor)
                workspace = await session.get_one(Workspace, actor.workspace_id)
                sequence = SequenceRow(workspace_id=actor.workspace_id, name=name, time_zone=workspace.time_zone)
                session.add(sequence)
                await session.flush()
                await session.refresh(sequence)  # what the database has set
                await apply(session, actor, sequence, niche=niche, skip_weekends=skip_weekends, **settings)
                await _set_devices(session, actor, sequence.id, device_ids)
                edit = checked(compare([], plan, sequence.default_time), [], sequence.default_time)
                await self._make(session, actor, sequence, edit, "sequence.create", now, name=name)
        except IntegrityError as error:
            raise _taken(error, name) from None
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
        revision: int | None = None,
        **settings: Any,
    ) -> int:
        """Set all of a sequence anew, or nothing of it. Returns how many people now wait for something else.

        Of the settings, those that are named. A message that is in the plan stays the same one: who has had it
        does not get it again. With a `revision`, only if nobody has changed the sequence since. Raises
        ChangedMeanwhileError.
        """
        name, now = check_name(name, "sequence"), self._clock.now()
        try:
            async with self._database.transaction() as session:
                await take_turns(session, actor)
                sequence = await open_for_change(session, actor, sequence_id, now=now, revision=revision)
                if sequence.status is not SequenceStatus.DRAFT and not plan:
                    raise ConflictError(
                        "This sequence has begun, so it needs a message. You can pause or delete it."
                    )
                sequence.name = name
                settings |= {"niche": niche, "skip_weekends": skip_weekends}
                changed = await apply(session, actor, sequence, **settings)
                await _set_devices(session, actor, sequence_id, device_ids)
                there, at = await store.steps_of(session, sequence_id), sequence.default_time
                edit = checked(compare(there, plan, at), there, at)
                other_days = bool(PLANNED_BY & changed.keys())
                saved = await self._make(
                    session, actor, sequence, edit, "sequence.replace", now, other_days=other_days, name=name
                )
        except IntegrityError as error:
            raise _taken(error, name) from None
        return saved.changed

    async def set_devices(self, actor: Actor, sequence_id: int, device_ids: Collection[int]) -> None:
        """Set the pool for those who join from now on; who is in it already keeps their device."""
        now = self._clock.now()
        async with self._database.transaction() as session:
            sequence = await open_for_change(session, actor, sequence_id, now=now)
            await _set_devices(session, actor, sequence_id, device_ids)
            record_change(session, actor, sequence, "sequence.devices", now, devices=sorted(device_ids))

    async def delete(self, actor: Actor, sequence_id: int) -> SequenceStatus | None:
        """Delete a sequence that nobody ever joined (None), else archive it (its new status).

        Archiving is for good: it ends everybody's run and cancels what has not been sent yet. Idempotent.
        """
        async with self._database.transaction() as session:
            await store.find(session, actor, sequence_id, role=Role.OPERATOR)
            await take_turns(session, actor)
            await lock_before(session, sequence_id)
            sequence = await store.find(session, actor, sequence_id, role=Role.OPERATOR, lock=Lock.EXCLUSIVE)
            joined = await session.scalar(
                select(SequenceContact.id).where(SequenceContact.sequence_id == sequence_id).limit(1)
            )
            if joined is None:
                actor.record(session, self._clock.now(), "sequence.delete", sequence_id, name=sequence.name)
                await let_go(session, actor, sequence_id, self._clock.now())
                await session.delete(sequence)
                return None
            if sequence.status is SequenceStatus.ARCHIVED:
                return sequence.status
            sequence.status = SequenceStatus.ARCHIVED
            about = {"sequence_id": sequence_id, "now": self._clock.now()}
            await session.execute(text(store.END_RUNS), about)
            await session.execute(text(store.CANCEL_PENDING), about)
            actor.record(session, self._clock.now(), "sequence.archive", sequence_id)
            return sequence.status


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


def _taken(error: IntegrityError, name: str) -> Exception:
    if "uq_sequences_name" not in str(error.orig):
        return error
    return ConflictError(f"There is already a sequence called “{name}”; choose another name.")
