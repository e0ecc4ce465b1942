"""The sequence processor against loops over ORM objects: what turning a due enrolment into a message costs."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median

from sqlalchemy import Select, select, text

from engine.database import Database
from engine.sequences.processor import SequenceProcessor
from models import Message, SequenceContact
from models.enums import Lane
from tests.bench.figures import Figure
from tests.bench.filled import run
from tests.bench.rounds import interleaved

NOW = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
ENROLMENTS, DUE, ROUNDS = 50_000, 10_000, 5
BARS = {"ORM, a commit a row": 50, "ORM, batches of 1000": 5}
LOOPED = 500  # rows that the one-by-one loop gets: it would take minutes for all

FIXTURE = f"""
INSERT INTO workspaces (name, country, time_zone) VALUES ('bench', 'MY', 'Asia/Kuala_Lumpur');
INSERT INTO user_devices (workspace_id, name, transport) VALUES (1, 'one', 'simulator');
INSERT INTO contacts (workspace_id, phone, consent)
SELECT 1, '+1555' || lpad(n::text, 7, '0'), 'opted_in' FROM generate_series(1, {ENROLMENTS}) n;
INSERT INTO sequences (workspace_id, name, status, time_zone) VALUES (1, 'bench', 'active', 'Asia/Kuala_Lumpur');
INSERT INTO sequence_steps (workspace_id, sequence_id, day_number, send_time, body) VALUES (1, 1, 1, '09:00', 'Hi');
INSERT INTO sequence_contacts
       (workspace_id, sequence_id, contact_id, joined_at, anchor_date, time_zone, next_step_id, next_due_at, device_id)
SELECT 1, 1, id, '{NOW}', '{NOW:%Y-%m-%d}', 'Asia/Kuala_Lumpur', 1, '{NOW + timedelta(days=9)}', 1 FROM contacts
"""
RESET = f"""
TRUNCATE messages, queue CASCADE;
UPDATE sequence_contacts SET next_due_at = CASE WHEN id <= {{due}} THEN '{NOW}' ELSE '{NOW + timedelta(days=9)}' END
 :: timestamptz;
VACUUM ANALYZE sequence_contacts
"""


async def measure(database: Database) -> AsyncIterator[Figure]:
    await run(database, FIXTURE)
    processor = SequenceProcessor(database)
    cases: dict[str, tuple[Callable[[], Awaitable[object]], int]] = {
        "product": (lambda: processor.run_once(NOW), DUE),
        "ORM, a commit a row": (lambda: one_by_one(database), LOOPED),
        "ORM, batches of 1000": (lambda: in_batches(database), DUE),
    }
    rounds = await interleaved({case: partial(rate, database, *work) for case, work in cases.items()}, ROUNDS)
    yield Figure("tick", "product", round(rounds.median("product")), "rows/s")
    for case, bar in BARS.items():
        ratio = rounds.ratio("product", to=case)
        yield Figure("tick", case, round(rounds.median(case)), "rows/s", round(ratio, 1), bar, ratio >= bar)
    await run(database, RESET.format(due=0))
    idle = []
    for _ in range(50):
        began = time.perf_counter()
        await processor.run_once(NOW)
        idle.append(1000 * (time.perf_counter() - began))
    yield Figure("tick", "nothing is due", round(median(idle), 2), "ms", bar=2, holds=median(idle) <= 2)


async def rate(database: Database, work: Callable[[], Awaitable[object]], due: int) -> float:
    """Rows a second."""
    await run(database, RESET.format(due=due))
    began = time.perf_counter()
    await work()
    return due / (time.perf_counter() - began)


async def one_by_one(database: Database) -> None:
    while True:
        async with database.transaction() as session:
            enrolment = await session.scalar(due_enrolments().limit(1))
            if enrolment is None:
                return
            session.add(message_for(enrolment))
            enrolment.next_due_at = None


async def in_batches(database: Database) -> None:
    while True:
        async with database.transaction() as session:
            enrolments = list(await session.scalars(due_enrolments().limit(1000)))
            if not enrolments:
                return
            for enrolment in enrolments:
                session.add(message_for(enrolment))
                enrolment.next_due_at = None


def due_enrolments() -> Select[tuple[SequenceContact]]:
    due = select(SequenceContact).where(SequenceContact.next_due_at <= NOW, text("status = 'active'"))
    return due.order_by(SequenceContact.next_due_at).with_for_update(skip_locked=True)


def message_for(enrolment: SequenceContact) -> Message:
    return Message(
        workspace_id=1,
        lane=Lane.SEQUENCE,
        enrolment_id=enrolment.id,
        step_id=enrolment.next_step_id,
        contact_id=enrolment.contact_id,
        device_id=enrolment.device_id,
        due_at=enrolment.next_due_at,
    )
