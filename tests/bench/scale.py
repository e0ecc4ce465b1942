"""Does a second engine cost anything? CPU time a message with one engine and with two that share its devices.

The devices have no delay and plenty to send: engines that are not busy write smaller groups the more of them there
are, and what is compared would be the size of the groups.
"""

from collections.abc import AsyncIterator
from contextlib import ExitStack
from functools import partial

from engine.database import Database
from tests.bench.figures import Figure
from tests.bench.installation import (
    CLEAN,
    FLEET,
    ONLINE,
    SENT,
    count,
    cpu_seconds,
    execute,
    running_engine,
    running_phones,
    until,
)
from tests.bench.rounds import interleaved

DEVICES, EACH, ROUNDS = 600, 40, 5
MESSAGES = DEVICES * EACH
MOST = 1.15

WORK = """
INSERT INTO contacts (workspace_id, phone, name, consent)
SELECT 1, '+1555' || lpad(n::text, 7, '0'), 'Person ' || n, 'opted_in' FROM generate_series(1, {messages}) n;
INSERT INTO sequence_contacts
       (workspace_id, sequence_id, contact_id, joined_at, anchor_date, time_zone, device_id)
SELECT 1, 1, id, now(), current_date, 'Asia/Kuala_Lumpur', 1 + id % {devices} FROM contacts ORDER BY id;
INSERT INTO messages (workspace_id, lane, enrolment_id, step_id, contact_id, device_id, due_at)
SELECT 1, 'sequence', id, 1, contact_id, device_id, now() FROM sequence_contacts ORDER BY id
"""
WORKED = "SELECT count(DISTINCT owner) FROM user_devices"
# All messages of a device are due at the same instant, so their ids are their order.
REORDERED = """
SELECT count(*) FROM (
    SELECT id < lag(id) OVER (PARTITION BY device_id ORDER BY claimed_at, sent_at) AS back FROM messages) m
 WHERE back
"""


async def measure(database: Database) -> AsyncIterator[Figure]:
    rounds = await interleaved(
        {f"engines: {engines}": partial(cpu_per_message, database, engines) for engines in (1, 2)}, ROUNDS
    )
    yield Figure("scale", "one engine", round(rounds.median("engines: 1")), "µs of CPU a message")
    ratio = rounds.ratio("engines: 2", to="engines: 1")
    yield Figure("scale", "two engines", round(rounds.median("engines: 2")), "µs of CPU a message", round(ratio, 2),
                 MOST, ratio <= MOST)  # fmt: skip


async def cpu_per_message(database: Database, engines: int) -> float:
    """Microseconds, of all engines together. Raises AssertionError when a device sent out of order, or an engine
    had none."""
    await execute(database, CLEAN, FLEET.format(devices=DEVICES, delay=0))
    with running_phones() as phones, ExitStack() as stack:
        workers = DEVICES // engines
        processes = [stack.enter_context(running_engine(database, phones, workers)) for _ in range(engines)]
        await until(database, ONLINE, DEVICES)
        before = sum(map(cpu_seconds, processes))
        await execute(database, WORK.format(devices=DEVICES, messages=MESSAGES))
        await until(database, SENT, MESSAGES)
        used = sum(map(cpu_seconds, processes)) - before
        assert await count(database, WORKED) == engines
    reordered = await count(database, REORDERED)
    assert not reordered, f"{reordered} messages went out before an earlier one of their device"
    return 1e6 * used / MESSAGES
