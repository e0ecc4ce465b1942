"""The sequence processor against loops over ORM objects: what turning a due enrolment into a message costs.

Of a million enrolments every fifth is due. A small database beside it has as many of its own due, for its size: what
a row costs there and here says whether the tick grows with the table.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
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
LATER = NOW + timedelta(days=9)
ENROLMENTS, SMALL = 1_000_000, 10_000
SHARE = 5  # one of so many is due
ROUNDS, IDLE_TICKS = 5, 50
AT_A_TIME = 1000  # rows that the batched loop loads
LEAST = {"ORM, a commit a row": 50, "ORM, batches of 1000": 5}
MOST_GROWTH, MOST_IDLE = 1.3, 2
LOOPED, BATCHED = 500, 20_000  # rows that the loops get, of those that are due: they would take minutes for all

FIXTURE = f"""
INSERT INTO workspaces (name, country, time_zone) VALUES ('bench', 'MY', 'Asia/Kuala_Lumpur');
INSERT INTO user_devices (workspace_id, name, transport) VALUES (1, 'one', 'simulator');
INSERT INTO contacts (workspace_id, phone, consent)
SELECT 1, '+1555' || lpad(n::text, 7, '0'), 'opted_in' FROM generate_series(1, {{enrolments}}) n;
INSERT INTO sequences (workspace_id, name, status, time_zone)
VALUES (1, 'bench', 'active', 'Asia/Kuala_Lumpur'), (1, 'empty', 'active', 'Asia/Kuala_Lumpur');
INSERT INTO sequence_steps (workspace_id, sequence_id, day_number, send_time, body) VALUES (1, 1, 1, '09:00', 'Hi');
INSERT INTO sequence_contacts
       (workspace_id, sequence_id, contact_id, joined_at, anchor_date, time_zone, next_step_id, next_due_at, device_id)
SELECT 1, 1, id, '{NOW}', '{NOW:%Y-%m-%d}', 'Asia/Kuala_Lumpur', 1, '{LATER}', 1 FROM contacts ORDER BY id;
VACUUM ANALYZE
"""
RESET = f"""
TRUNCATE messages, queue CASCADE;
UPDATE sequence_contacts SET next_due_at = '{NOW}'
 WHERE id % {SHARE} = 0 AND next_due_at IS DISTINCT FROM '{NOW}';
VACUUM ANALYZE sequence_contacts;
CHECKPOINT
"""
NOTHING_IS_DUE = f"UPDATE sequence_contacts SET next_due_at = '{LATER}' WHERE id % {SHARE} = 0;\nVACUUM ANALYZE"
PAUSED = f"{RESET};\nUPDATE sequences SET status = 'paused' WHERE id = 1"


async def measure(database: Database) -> AsyncIterator[Figure]:
    async with another(database, "small") as small:
        await run(database, FIXTURE.format(enrolments=ENROLMENTS))
        await run(small, FIXTURE.format(enrolments=SMALL))
        cases = {
            "product": partial(rate, database, tick, ENROLMENTS // SHARE),
            "ORM, a commit a row": partial(rate, database, one_by_one, LOOPED),
            "ORM, batches of 1000": partial(rate, database, in_batches, BATCHED),
            "small": partial(rate, small, tick, SMALL // SHARE),
        }
        rounds = await interleaved(cases, ROUNDS)
    yield Figure("tick", "product", round(rounds.median("product")), "rows/s")
    for case, bar in LEAST.items():
        ratio = rounds.ratio("product", to=case)
        yield Figure("tick", case, round(rounds.median(case)), "rows/s", round(ratio, 1), bar, ratio >= bar)
    growth = rounds.ratio("small", to="product")
    yield Figure("tick", f"cost of a row, {SMALL:,} to {ENROLMENTS:,} enrolments", round(rounds.median("small")),
                 "rows/s", round(growth, 2), MOST_GROWTH, growth <= MOST_GROWTH)  # fmt: skip
    for case, state in (("nothing is due", NOTHING_IS_DUE), ("only a paused sequence's are due", PAUSED)):
        await run(database, state)
        idle = await milliseconds(lambda: tick(database, 0))
        yield Figure("tick", case, round(idle, 2), "ms", bar=MOST_IDLE, holds=idle <= MOST_IDLE)


@asynccontextmanager
async def another(database: Database, name: str) -> AsyncIterator[Database]:
    """A migrated database beside the first one, on its server."""
    await run(database, f"CREATE DATABASE {name}")
    other = Database(database.url.set(database=name))
    await other.migrate()
    yield other
    await other.close()


async def rate(database: Database, work: Callable[[Database, int], Awaitable[object]], rows: int) -> float:
    """Rows a second."""
    await run(database, RESET)
    began = time.perf_counter()
    await work(database, rows)
    took = time.perf_counter() - began
    async with database.transaction() as session:
        done = await session.scalar(text("SELECT count(*) FROM queue"))
    assert done == rows, f"{done} messages for {rows} rows"
    return rows / took


async def milliseconds(work: Callable[[], Awaitable[object]]) -> float:
    """The median of some runs."""
    times = []
    for _ in range(IDLE_TICKS):
        began = time.perf_counter()
        await work()
        times.append(1000 * (time.perf_counter() - began))
    return median(times)


async def tick(database: Database, rows: int) -> None:
    assert await SequenceProcessor(database).run_once(NOW) == rows


async def one_by_one(database: Database, rows: int) -> None:
    for _ in range(rows):
        async with database.transaction() as session:
            enrolment = (await session.scalars(due_enrolments().limit(1))).one()
            session.add(message_for(enrolment))
            enrolment.next_due_at = None


async def in_batches(database: Database, rows: int) -> None:
    for _ in range(0, rows, AT_A_TIME):
        async with database.transaction() as session:
            for enrolment in await session.scalars(due_enrolments().limit(AT_A_TIME)):
                session.add(message_for(enrolment))
                enrolment.next_due_at = None


def due_enrolments() -> Select[tuple[SequenceContact]]:
    due = select(SequenceContact).where(
        SequenceContact.sequence_id == 1, SequenceContact.next_due_at <= NOW, text("status = 'active'")
    )
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
