"""Starting, pausing and resuming a sequence. All of it idempotent: five quick presses are one."""

from dataclasses import dataclass

from engine.actor import Actor
from engine.clock import Clock
from engine.database import Database
from engine.errors import ConflictError
from engine.sequences import store
from engine.sequences.enrolment import begin
from engine.sequences.launch import check_startable
from engine.sequences.progress import plan_again
from engine.sequences.store import Lock
from models.enums import EnrolmentStatus, Role, SequenceStatus


@dataclass(frozen=True, slots=True)
class StartReport:
    was: SequenceStatus
    people: int  # who had been waiting in a draft and begin now


class SequenceControl:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def start(self, actor: Actor, sequence_id: int) -> StartReport:
        """Activate a draft (its contacts join now) or resume a paused sequence (nothing is sent twice)."""
        now = self._clock.now()
        async with self._database.transaction() as session:
            sequence = await store.find(session, actor, sequence_id, role=Role.OPERATOR, lock=Lock.EXCLUSIVE)
            was, people = sequence.status, 0
            await check_startable(session, sequence)
            if was is SequenceStatus.ACTIVE:
                return StartReport(was, people)
            sequence.status = SequenceStatus.ACTIVE
            if was is SequenceStatus.DRAFT:
                begun = await begin(session, sequence, now)
                await plan_again(session, list(begun), now)
                people = sum(status is EnrolmentStatus.ACTIVE for status in begun.values())
            actor.record(session, now, "sequence.start", sequence_id, people=people)
        return StartReport(was, people)

    async def pause(self, actor: Actor, sequence_id: int) -> None:
        """No send of this sequence starts after this has been committed; nothing is cancelled."""
        async with self._database.transaction() as session:
            sequence = await store.find(session, actor, sequence_id, role=Role.OPERATOR, lock=Lock.EXCLUSIVE)
            if sequence.status is SequenceStatus.ACTIVE:
                sequence.status = SequenceStatus.PAUSED
                actor.record(session, self._clock.now(), "sequence.pause", sequence_id)
            elif sequence.status is not SequenceStatus.PAUSED:
                raise ConflictError("Only an active sequence can be paused.")
