"""One person's run: pause, resume, take out. All of it idempotent: five quick presses are one."""

from engine.actor import Actor
from engine.broadcast.outlook import Outlook, outlook, resumed
from engine.broadcast.outlook_store import read_prospects
from engine.clock import Clock
from engine.database import Database
from engine.errors import ConflictError
from engine.sequences import runs_store, store
from models.enums import EnrolmentStatus, Role

OVER = {EnrolmentStatus.COMPLETED, EnrolmentStatus.EXITED}


class Runs:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def pause(self, actor: Actor, enrolment_id: int) -> None:
        """No send of this run starts after this has been committed; what waits keeps its place and its time.

        A run that is paused already keeps its first reason.
        """
        actor.must_be(Role.OPERATOR)
        now = self._clock.now()
        async with self._database.transaction() as session:
            run = await runs_store.find(session, actor, enrolment_id, lock=True)
            if run.status in OVER:
                raise ConflictError("This run is over; there is nothing left to pause.")
            if run.status == EnrolmentStatus.ACTIVE:
                await runs_store.pause(session, actor, enrolment_id, now)
                actor.record(session, now, "run.pause", enrolment_id, contact=run.contact_id)

    async def resume(self, actor: Actor, enrolment_id: int) -> None:
        """Let it go on where it stopped; what has become too late follows the sequence's policy."""
        actor.must_be(Role.OPERATOR)
        async with self._database.transaction() as session:
            run = await runs_store.find(session, actor, enrolment_id, lock=True)
            if run.status in OVER:
                raise ConflictError(
                    "This run is over; it cannot be resumed. Move the person to a message instead."
                )
            if run.status == EnrolmentStatus.PAUSED:
                await runs_store.resume(session, enrolment_id)
                actor.record(session, self._clock.now(), "run.resume", enrolment_id, contact=run.contact_id)

    async def if_resumed(self, actor: Actor, enrolment_id: int) -> Outlook | None:
        """What would become of its next message; None: it waits for none, or that is on its way."""
        now = self._clock.now()
        async with self._database.transaction() as session:
            await runs_store.find(session, actor, enrolment_id)
            prospect = (await read_prospects(session, [enrolment_id], now)).get(enrolment_id)
        if prospect is None or prospect.on_its_way:
            return None
        return outlook(resumed(prospect.candidate(now)), now)

    async def resume_replied(self, actor: Actor, sequence_id: int) -> int:
        """Resume everybody of a sequence who is paused because they replied; how many they are."""
        async with self._database.transaction() as session:
            await store.find(session, actor, sequence_id, role=Role.OPERATOR)
            people = await runs_store.resume_replied(session, sequence_id)
            if people:
                actor.record(session, self._clock.now(), "run.resume_replied", sequence_id, people=people)
        return people

    async def remove(self, actor: Actor, enrolment_id: int) -> bool:
        """End the run and cancel what waits. Whether a message is on its way still: that one gets its outcome."""
        actor.must_be(Role.OPERATOR)
        now = self._clock.now()
        async with self._database.transaction() as session:
            run = await runs_store.find(session, actor, enrolment_id, lock=True)
            if run.status in OVER:
                return False
            prospect = (await read_prospects(session, [enrolment_id], now)).get(enrolment_id)
            await runs_store.cancel_waiting(session, enrolment_id, "removed", by_hand=True)
            await runs_store.end(session, enrolment_id, now, "removed")
            actor.record(session, now, "run.remove", enrolment_id, contact=run.contact_id)
        return prospect is not None and prospect.on_its_way
