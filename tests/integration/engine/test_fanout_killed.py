"""Processes that are killed in the middle of a fan-out: nobody gets it twice, and nobody is missed."""

import asyncio
import sys
from random import Random

import pytest

from tests.integration.engine.campaigning import draft, launched
from tests.integration.engine.world import World

pytestmark = pytest.mark.long  # tests/simulation/test_kills.py kills whole engines in every run of the tests

KILLS = 5
PEOPLE, CHUNK = 6_000, 100
LONGEST = 0.5  # seconds until a process is killed, from when it begins
PEOPLE_SQL = """
INSERT INTO contacts (workspace_id, phone, name, consent, device_id)
SELECT :id, '+1555' || lpad(CAST(n AS text), 7, '0'), 'Person ' || n, 'opted_in',
       CASE WHEN n % 3 = 0 THEN CAST(:own AS bigint) END
  FROM generate_series(1, :people) n
"""


async def test_a_fan_out_that_is_killed_again_and_again_reaches_everybody_once(world: World) -> None:
    own, other = await world.device("One"), await world.device("Two")
    await world.run(PEOPLE_SQL, id=world.actor.workspace_id, own=own, people=PEOPLE)
    campaign = await draft(world, [own, other])
    world.clock.set(await launched(world, campaign))
    random, reached = Random(), []
    for _ in range(KILLS):
        process = await trigger(world)
        await asyncio.sleep(random.uniform(0, LONGEST))
        if process.returncode is None:
            process.kill()
        await process.wait()
        reached.append(await world.one("SELECT count(*) FROM messages"))
    print(f"messages after each kill: {reached}")
    assert await (await trigger(world)).wait() == 0
    everybody = await world.rows("SELECT id FROM contacts ORDER BY id")
    assert await world.rows("SELECT contact_id FROM messages ORDER BY contact_id") == everybody
    assert await world.one("SELECT count(*) FROM queue WHERE campaign_id = :id", id=campaign) == PEOPLE
    assert await world.one("SELECT fanned_at IS NOT NULL FROM campaigns")
    by_device = dict(await world.rows("SELECT device_id, count(*) FROM messages GROUP BY device_id"))
    assert abs(by_device[own] - by_device[other]) < 0.1 * PEOPLE  # whoever goes on shares out the rest anew


async def trigger(world: World) -> asyncio.subprocess.Process:
    """A process that has just begun to run it."""
    url = world.database.url.render_as_string(hide_password=False)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.engine.fanning", url, world.clock.now().isoformat(), str(CHUNK),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process
