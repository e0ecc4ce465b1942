"""What the database says: while it runs, what is in flight; afterwards, all of it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from engine.actor import Actor
from engine.clock import Clock
from engine.database import Database
from engine.sequences.catalogue import SequenceCatalogue
from models.enums import MessageStatus
from tests.simulation.audit import Message, StepBooks

IN_FLIGHT = """
SELECT d.id AS device, d.in_flight_message_id AS message
  FROM user_devices d LEFT JOIN engines e ON e.id = d.owner
 WHERE d.in_flight_message_id IS NOT NULL AND (CAST(:pid AS bigint) IS NULL OR e.pid = :pid)
"""
ONLINE = "SELECT count(*) FROM user_devices WHERE state = 'online' AND owner IS NOT NULL"
PROGRESS = """
SELECT count(*) FILTER (WHERE status = 'pending') AS pending, count(*) FILTER (WHERE status = 'processing') AS flying,
       (SELECT count(*) FROM sequence_contacts WHERE status = 'active') AS active, sum(attempts) AS attempts
  FROM broadcast_messages
"""
MESSAGES = """
SELECT m.id, c.phone, m.step_id AS step, e.sequence_id AS sequence, m.device_id AS device, m.status, m.body
  FROM broadcast_messages m
  JOIN contacts c ON c.id = m.contact_id
  JOIN sequence_contacts e ON e.id = m.enrolment_id
"""
# What contradicts itself at rest, in words.
IRREGULAR = """
SELECT 'run ' || e.id || ' is ' || e.status || ', next due ' || coalesce(e.next_due_at::text, 'never')
  FROM sequence_contacts e WHERE e.status <> 'completed'
UNION ALL
SELECT 'message ' || m.id || ' is ' || m.status || ', deliveries: ' || count(r.message_id)
  FROM broadcast_messages m LEFT JOIN deliveries r ON r.message_id = m.id
 GROUP BY m.id, m.status HAVING (m.status = 'sent') <> (count(r.message_id) = 1)
UNION ALL
SELECT 'device ' || id || ' still holds message ' || in_flight_message_id
  FROM user_devices WHERE in_flight_message_id IS NOT NULL
"""


async def in_flight(database: Database, pid: int | None = None) -> list[tuple[int, int]]:
    """(device, message) of everything between claim and outcome, on the devices of one engine or of all."""
    return [(row.device, row.message) for row in await _all(database, IN_FLIGHT, pid=pid)]


async def online(database: Database) -> int:
    return int((await _all(database, ONLINE))[0].count)


async def progress(database: Database) -> tuple[int, int, int, int]:
    """Messages pending and in flight, runs that go on, and attempts so far."""
    row = (await _all(database, PROGRESS))[0]
    return row.pending, row.flying, row.active, row.attempts or 0


async def messages(database: Database) -> list[Message]:
    return [
        Message(row.id, row.phone, row.step, row.sequence, row.device, MessageStatus(row.status), row.body)
        for row in await _all(database, MESSAGES)
    ]


async def irregular(database: Database) -> list[str]:
    return [row[0] for row in await _all(database, IRREGULAR)]


async def books(database: Database, clock: Clock, actor: Actor, sequences: Sequence[int]) -> list[StepBooks]:
    """As the product itself tells them to an operator."""
    catalogue = SequenceCatalogue(database, clock)
    return [
        StepBooks(
            step.id,
            step.results.planned,
            step.results.queued,
            {
                MessageStatus.SENT: step.results.sent,
                MessageStatus.FAILED: step.results.failed,
                MessageStatus.SKIPPED: step.results.skipped,
                MessageStatus.UNKNOWN: step.results.unknown,
                MessageStatus.CANCELLED: step.results.cancelled,
            },
        )
        for sequence in sequences
        for step in (await catalogue.card(actor, sequence)).steps
    ]


async def _all(database: Database, statement: str, **values: Any) -> Sequence[Any]:
    async with database.transaction() as session:
        return (await session.execute(text(statement), values)).all()
