"""The fan-out against one bare statement: what it costs that it is in chunks, spread, resumable and counted.

A million people are on a list of which some have opted out, some gave no permission, and a third know a device. The
peer inserts the same rows by one INSERT … SELECT with the same conditions, the same indexes and triggers; its devices
come from a simple remainder. Every other round goes backwards. The product goes the whole way that an operator's press
goes: launch, trigger, fan-out, cursor, everything committed.

After that the tables are left to fill: four more campaigns to the same people, each by the product, and the fifth of
them is compared with the first. The process's own memory is taken before and after each.
"""

import resource
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import text

from engine.actor import Actor
from engine.campaigns import audience_store
from engine.campaigns.launch import CampaignLaunches
from engine.campaigns.trigger import CampaignTrigger
from engine.clock import ManualClock
from engine.database import Database
from models import Campaign, CampaignDevice
from models.enums import Face, Role
from tests.bench.figures import Figure
from tests.bench.filled import NOW, run
from tests.bench.rounds import interleaved

PEOPLE, DEVICES = 1_000_000, 30
ROUNDS, CAMPAIGNS = 4, 5
LEAST, LEAST_FIFTH, MOST_GROWTH = 0.9, 0.8, 1.1
STATEMENT_WITHIN = 600.0  # seconds for the bare statement, which is one transaction

FIXTURE = f"""
INSERT INTO workspaces (name, country, time_zone) VALUES ('bench', 'MY', 'Asia/Kuala_Lumpur');
INSERT INTO user_devices (workspace_id, name, transport, state, min_delay_seconds, max_delay_seconds)
SELECT 1, 'device ' || n, 'simulator', 'online', 10, 30 FROM generate_series(1, {DEVICES}) n;
INSERT INTO contacts (workspace_id, phone, name, consent, device_id)
SELECT 1, '+1555' || lpad(n::text, 7, '0'), 'Person ' || n, CASE WHEN n % 50 <> 0 THEN 'opted_in' END,
       CASE WHEN n % 3 = 0 THEN 1 + n % {DEVICES} END
  FROM generate_series(1, {PEOPLE}) n;
INSERT INTO suppressions (workspace_id, phone, source, evidence, created_at)
SELECT 1, phone, 'stop_word', '', created_at FROM contacts WHERE id % 100 = 1;
INSERT INTO lists (workspace_id, name) VALUES (1, 'Everybody');
INSERT INTO list_members (workspace_id, list_id, contact_id) SELECT 1, 1, id FROM contacts ORDER BY id;
VACUUM ANALYZE
"""
RESET = """
UPDATE campaigns SET status = 'finished' WHERE status = 'running';
TRUNCATE messages, queue CASCADE;
VACUUM campaigns;
CHECKPOINT
"""
SETTLE = "VACUUM ANALYZE messages;\nVACUUM ANALYZE queue;\nCHECKPOINT"  # what autovacuum does meanwhile

# The same WHERE: what the product's own query says of who is left out.
BARE = """
INSERT INTO messages (workspace_id, lane, campaign_id, contact_id, device_id, due_at)
SELECT 1, 'campaign', {campaign}, p.id, coalesce(p.own_device_id, 1 + p.id % {devices}), '{now}'
  FROM ({people}) p WHERE p.left_out IS NULL ORDER BY p.id
"""
GETTING = PEOPLE - PEOPLE // 50 - PEOPLE // 100  # without those who gave no permission or have opted out

ACTOR = Actor(workspace_id=1, role=Role.OWNER, face=Face.SYSTEM)


async def measure(database: Database) -> AsyncIterator[Figure]:
    await run(database, FIXTURE)
    cases: dict[str, Callable[[], Awaitable[float]]] = {
        "product": partial(rate, database, launch),
        "one INSERT … SELECT": partial(rate, database, insert),
    }
    rounds = await interleaved(cases, ROUNDS)
    ratio = rounds.ratio("product", to="one INSERT … SELECT")
    yield Figure("fanout", "one INSERT … SELECT", round(rounds.median("one INSERT … SELECT")), "rows/s")
    yield Figure("fanout", "product", round(rounds.median("product")), "rows/s",
                 round(ratio, 2), LEAST, ratio >= LEAST)  # fmt: skip
    await run(database, RESET)
    rates, memory = [], [resident()]
    for _ in range(CAMPAIGNS):
        rates.append(await timed(database, launch))
        memory.append(resident())
        await run(database, SETTLE)
    fifth = rates[-1] / rates[0]
    yield Figure("fanout", "the first campaign", round(rates[0]), "rows/s")
    yield Figure("fanout", f"campaign {CAMPAIGNS}, the tables filled by those before it", round(rates[-1]), "rows/s",
                 round(fifth, 2), LEAST_FIFTH, fifth >= LEAST_FIFTH)  # fmt: skip
    growth = memory[-1] / memory[0]
    yield Figure("fanout", "memory of the process, after the campaigns to before", round(memory[-1]), "MB",
                 round(growth, 2), MOST_GROWTH, growth <= MOST_GROWTH)  # fmt: skip
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield Figure("fanout", "its peak", round(peak), "MB")


async def rate(database: Database, work: Callable[[Database], Awaitable[None]]) -> float:
    """Rows a second, in empty tables."""
    await run(database, RESET)
    return await timed(database, work)


async def timed(database: Database, work: Callable[[Database], Awaitable[None]]) -> float:
    before = await queued(database)
    began = time.perf_counter()
    await work(database)
    took = time.perf_counter() - began
    made = await queued(database) - before
    assert made == GETTING, f"{made} messages for {GETTING} people"
    return made / took


async def queued(database: Database) -> int:
    async with database.transaction() as session:
        return int(await session.scalar(text("SELECT count(*) FROM queue")) or 0)


async def launch(database: Database) -> None:
    """As an operator's press: launched, and everything made before its time comes."""
    clock = ManualClock(NOW)
    campaign = await draft(database)
    launched = await CampaignLaunches(database, clock).launch(ACTOR, campaign)
    assert await CampaignTrigger(database, clock).run_once(launched.starts_at + timedelta(seconds=1)) == 1


async def insert(database: Database) -> None:
    campaign_id = await draft(database)
    async with database.within(STATEMENT_WITHIN).transaction() as session:
        people = await audience_store.people_of(session, await session.get_one(Campaign, campaign_id), NOW)
        statement = BARE.format(campaign=campaign_id, devices=DEVICES, now=NOW, people=people.everybody)
        await session.execute(text(statement), dict(people.values))


async def draft(database: Database) -> int:
    async with database.transaction() as session:
        campaign = Campaign(workspace_id=1, name="bench", body="Hi {{ name }}", audience_set=True, list_id=1)
        session.add(campaign)
        await session.flush()
        session.add_all(
            CampaignDevice(workspace_id=1, campaign_id=campaign.id, device_id=device)
            for device in range(1, DEVICES + 1)
        )
    return campaign.id


def resident() -> float:
    """Megabytes of this process; the server is another."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024
