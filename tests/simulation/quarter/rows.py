"""What the database says, read at the end of a day."""

from collections.abc import Sequence

from sqlalchemy import text

from engine.broadcast.books import IN_WORDS, Books
from models.enums import EnrolmentStatus, MessageStatus
from tests.simulation.quarter.rest import Rest, RunRow, StepBooks
from tests.simulation.quarter.stage import Stage

RUNS = """
WITH had AS (
    SELECT m.enrolment_id, array_agg(m.step_id) AS steps,
           array_agg(m.id) FILTER (WHERE m.outcome IS NULL) AS open
      FROM messages m WHERE m.enrolment_id IS NOT NULL GROUP BY m.enrolment_id)
SELECT e.id, e.status, e.joined_at, e.anchor_date, e.last_day_number, e.last_minute, e.next_step_id, e.next_due_at,
       e.ended_at, coalesce(had.steps, '{}') AS had, coalesce(had.open, '{}') AS open, q.device_id, q.due_at
  FROM sequence_contacts e
  LEFT JOIN had ON had.enrolment_id = e.id
  LEFT JOIN queue q ON q.message_id = had.open[1]
 ORDER BY e.id
"""
COUNTS = (
    "SELECT step_id, status, count(*) FROM broadcast_messages WHERE step_id IS NOT NULL GROUP BY step_id, status"
)
MISSED = "SELECT id, expires_at FROM messages WHERE outcome = 'skipped' AND error_code = 'missed' ORDER BY id"
# Somewhere else a virtual day is a day, in which the server looks at its tables now and then by itself.
ANALYZE = "ANALYZE messages, queue, sequence_contacts, user_devices"


async def read_rest(stage: Stage, known: frozenset[int]) -> Rest:
    """Read what the audit needs. `known`: messages whose being missed was looked into before."""
    async with stage.world.database.transaction() as session:
        await session.execute(text(ANALYZE))
        runs = [_run(row) for row in await session.execute(text(RUNS))]
        counts = {(row[0], row[1]): row[2] for row in await session.execute(text(COUNTS))}
        missed = {row.id: row.expires_at for row in await session.execute(text(MISSED)) if row.id not in known}
    now = stage.world.clock.now()
    findings = await Books(stage.world.database).run_once(now)
    return Rest(
        at=now,
        runs=runs,
        books=await _books(stage),
        counts=counts,
        missed=missed,
        findings=[f"{finding.times} {IN_WORDS[finding.finding]}" for finding in findings],
        asleep=stage.fleet.asleep,
    )


def _run(row: object) -> RunRow:
    return RunRow(
        id=row.id,
        status=EnrolmentStatus(row.status),
        joined_at=row.joined_at,
        anchor=row.anchor_date,
        last_place=None if row.last_day_number is None else (row.last_day_number, row.last_minute),
        next_step=row.next_step_id,
        next_due=row.next_due_at,
        ended_at=row.ended_at,
        had=frozenset(row.had),
        open=tuple(row.open),
        device=row.device_id,
        waits_until=row.due_at,
    )


async def _books(stage: Stage) -> Sequence[StepBooks]:
    """As the product itself tells them to an operator."""
    outcomes = set(MessageStatus) - {MessageStatus.PENDING, MessageStatus.PROCESSING}
    books = []
    for sequence in stage.record.sequences:
        card = await stage.world.catalogue.card(stage.actor(sequence.team), sequence.id)
        for step in card.steps:
            ended = {status.value: getattr(step.results, status.value) for status in sorted(outcomes)}
            books.append(StepBooks(step.id, step.results.planned, step.results.queued, ended))
    return books
