"""A copy of a sequence, with nobody in it. It is also how an archived one lives again."""

import re
from collections.abc import Collection

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from engine.actor import Actor
from engine.clock import Clock
from engine.database import Database
from engine.devices.registry import LONGEST_NAME
from engine.errors import ConflictError
from engine.sequences import store
from engine.sequences.store import Lock
from engine.transactions import Session
from models import Sequence as SequenceRow
from models.enums import Role, SequenceStatus

# What a sequence is, but for what it is called and how it stands.
NOT_COPIED = {"id", "name", "status", "revision", "created_at"}

NAMES = "SELECT lower(name) FROM sequences WHERE workspace_id = :workspace_id AND status <> 'archived'"
COPY_DEVICES = """
INSERT INTO sequence_devices (workspace_id, sequence_id, device_id)
SELECT p.workspace_id, :copy_id, p.device_id
  FROM sequence_devices p JOIN user_devices d ON d.id = p.device_id AND d.removed_at IS NULL
 WHERE p.sequence_id = :sequence_id
"""
COPY_STEPS = """
INSERT INTO sequence_steps
       (workspace_id, sequence_id, day_number, send_time, after_join_minutes, kind, body, media_id)
SELECT workspace_id, :copy_id, day_number, send_time, after_join_minutes, kind, body, media_id
  FROM sequence_steps WHERE sequence_id = :sequence_id AND retired_at IS NULL
 ORDER BY id
"""


class SequenceCopies:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def duplicate(self, actor: Actor, sequence_id: int) -> int:
        """Make a draft like it, called “… (copy)”; returns the id of the copy."""
        try:
            async with self._database.transaction() as session:
                original = await store.find(session, actor, sequence_id, role=Role.OPERATOR, lock=Lock.SHARED)
                settings = {
                    column.key: getattr(original, column.key)
                    for column in SequenceRow.__table__.columns
                    if column.key not in NOT_COPIED
                }
                name = await _free_name(session, actor, original.name)
                copy = SequenceRow(name=name, status=SequenceStatus.DRAFT, **settings)
                session.add(copy)
                await session.flush()
                about = {"sequence_id": sequence_id, "copy_id": copy.id}
                await session.execute(text(COPY_DEVICES), about)
                await session.execute(text(COPY_STEPS), about)
                actor.record(session, self._clock.now(), "sequence.duplicate", sequence_id, copy=copy.id)
        except IntegrityError as error:
            if "uq_sequences_name" in str(error.orig):
                raise ConflictError("Somebody is copying it at this moment; look at the drafts.") from None
            raise
        return copy.id


async def _free_name(session: Session, actor: Actor, name: str) -> str:
    return name_of_copy(name, set(await session.scalars(text(NAMES), {"workspace_id": actor.workspace_id})))


def name_of_copy(name: str, taken: Collection[str]) -> str:
    """Call it “… (copy)”, with a number if that is `taken` (in lower case)."""
    name, number = re.sub(r" \(copy(?: \d+)?\)$", "", name), 1
    while True:
        suffix = " (copy)" if number == 1 else f" (copy {number})"
        free = name[: LONGEST_NAME - len(suffix)].rstrip() + suffix
        if free.lower() not in taken:
            return free
        number += 1
