"""Testing a sequence, or one message of it, on the operator's own phone."""

from collections.abc import Collection

from engine.actor import Actor
from engine.broadcast.rehearsing import Draft, Progress, Rehearsal, own_phone, read_progress, rehearse
from engine.clock import Clock
from engine.database import Database
from engine.errors import ConflictError, NotFoundError
from engine.sequences import store
from engine.sequences.pasting import write_header
from engine.sequences.samples import find_sample
from models import SequenceStep
from models.enums import Role


class Rehearsals:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def run(self, actor: Actor, sequence_id: int, *, step_id: int | None = None) -> Rehearsal:
        """Queue all messages, or one. What still waits of an earlier test to this phone gives way to it.

        Nothing is queued unless all of it can go out: raises NotFoundError, ConflictError, InvalidInputError.
        """
        now = self._clock.now()
        async with self._database.transaction() as session:
            sequence = await store.find(session, actor, sequence_id, role=Role.OPERATOR)
            steps = [step for step in await store.steps_of(session, sequence.id) if step_id in {None, step.id}]
            if not steps and step_id is not None:
                raise NotFoundError("This message does not exist any more.")
            if not steps:
                raise ConflictError("This sequence has no messages yet. Add one, then test it.")
            phone = await own_phone(session, actor)
            sample = await find_sample(session, actor.workspace_id, sequence.id, phone)
            devices = {device.id: device.name for device in await store.devices_of(session, sequence.id)}
            rehearsal = await rehearse(
                session,
                actor,
                [_draft(step) for step in steps],
                devices,
                of="sequence",
                phone=phone,
                sample=sample,
                now=now,
            )
            told = {"messages": len(rehearsal.message_ids), "device": rehearsal.device}
            actor.record(session, now, "sequence.test", sequence.id, **told)
        return rehearsal

    async def progress(self, actor: Actor, message_ids: Collection[int]) -> Progress:
        """How far a test has come, of a sequence or of a campaign."""
        async with self._database.transaction() as session:
            return await read_progress(session, actor, message_ids)


def _draft(step: SequenceStep) -> Draft:
    header = write_header(step.day_number, step.send_time, step.after_join_minutes)
    return Draft(header, step.kind, step.body, step.media_id)
