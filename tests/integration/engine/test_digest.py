"""The daily digest: its figures, and that it is made once a day, by however many engines."""

import asyncio
from datetime import time, timedelta

import pytest

from engine.contacts.opt_out_lists import OptOutLists
from engine.database import Database
from engine.reports.digest import Digests, Figures
from engine.transports.contract import Inbound, Rejected, Unknown
from tests.integration.engine.world import World, at

GROUP = -1001


@pytest.fixture
async def world(database, clock, owner) -> World:
    world = World(database, clock, owner)
    await world.workspaces.bind_alerts_chat(owner, GROUP)
    return world


@pytest.fixture
def digests(database: Database) -> Digests:
    return Digests(database)


async def figures(world: World) -> list[Figures]:
    rows = await world.rows(
        "SELECT figures FROM digests WHERE workspace_id = :id ORDER BY day", id=world.actor.workspace_id
    )
    return [Figures.from_json(stored) for (stored,) in rows]


async def says(world: World, device: int, number: int, words: str) -> None:
    ids = await world.one("SELECT count(*) FROM inbound_messages")
    await world.inbox.receive(device, Inbound(f"in-{ids}", f"+6012{number:07d}", words))


async def a_day(world: World) -> int:
    """Ten people: six got it, three failed, one is unsure; some have answered, some are out. The device."""
    _, device = await world.running((1, 11, "Hi"), (2, 9, "You"), people=10)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    for number in range(10):
        claimed = await engine.claim(device)
        if number < 6:
            await engine.sent(device, claimed)
        elif number < 9:
            reason = "not on WhatsApp" if number < 8 else "refused <by> WhatsApp"
            await engine.report(device, claimed, Rejected(reason[:3], reason, permanent=True))
        else:
            await engine.report(device, claimed, Unknown("the line broke"))
    first = await world.one("SELECT provider_message_id FROM deliveries ORDER BY message_id LIMIT 1")
    await engine.receipt(device, first, "+60120000001")
    world.clock.set(at(5, 12))
    await says(world, device, 1, "How much?")
    await says(world, device, 1, "Hello?")
    await says(world, device, 2, "STOP")
    await says(world, device, 3, "jangan hantar lagi")
    lists = OptOutLists(world.database, world.clock)
    await lists.take(world.actor, b"phone\n+447700900123\n+447700900124\n", "old.csv")
    return device


async def test_the_figures_of_a_day(world, digests):
    await a_day(world)
    await world.processor.run_once(at(5, 12))
    assert await digests.run_once(at(5, 17, 59)) == 0
    assert await digests.run_once(at(5, 18)) == 1
    (told,) = await figures(world)
    assert (told.sent, told.delivered, told.read) == (6, 1, 0)
    assert (told.failed, [(one.why, one.messages) for one in told.failures]) == (
        3, [("not on WhatsApp", 2), ("refused <by> WhatsApp", 1)],
    )  # fmt: skip
    assert (told.replied, told.opted_out, told.listed_out, told.asking, told.unsure) == (2, 1, 2, 1, 1)
    assert (told.sequences, told.campaigns) == (1, 0)
    due = await world.one(
        "SELECT count(*) FROM sequence_contacts WHERE status = 'active' AND next_due_at::date = '2026-01-06'"
    )
    assert told.due_tomorrow == due > 0


async def test_the_next_one_tells_only_what_came_since(world, digests):
    device = await a_day(world)
    await digests.run_once(at(5, 18))
    world.clock.set(at(5, 20))
    await says(world, device, 4, "STOP")
    assert await digests.run_once(at(6, 18)) == 1
    _, told = await figures(world)
    assert (told.sent, told.failed, told.replied, told.opted_out, told.listed_out) == (0, 0, 0, 1, 0)
    assert (told.asking, told.unsure) == (1, 1), "what still waits for a decision is told again"


async def test_it_is_made_once_by_any_number_of_engines_and_restarts(world, digests):
    await a_day(world)
    engines = [Digests(world.database) for _ in range(4)]
    made = await asyncio.gather(*(one.run_once(at(5, 18)) for one in engines))
    assert sum(made) == 1
    for minutes in range(0, 360, 60):
        assert await Digests(world.database).run_once(at(5, 18) + timedelta(minutes=minutes)) == 0
    assert len(await figures(world)) == 1


async def test_after_an_outage_one_digest_tells_of_all_of_it(world, digests):
    await a_day(world)
    assert await digests.run_once(at(8, 19)) == 1
    assert await digests.run_once(at(8, 20)) == 0
    since, until = await world.one("SELECT since, until FROM digests")
    assert (since, until) == (at(7, 19), at(8, 19)), "the first one of a team tells of one day"
    assert await digests.run_once(at(11, 18)) == 1
    (since, _) = (await world.rows("SELECT since, until FROM digests ORDER BY id"))[1]
    assert since == at(8, 19)


async def test_where_nothing_runs_and_nothing_happened_nobody_is_told(world, digests):
    assert await digests.run_once(at(5, 18)) == 0
    assert await figures(world) == []
    assert str(await world.one("SELECT digest_on FROM workspaces")) == "2026-01-05"


async def test_a_day_of_silence_while_something_runs_is_told(world, digests):
    await world.running((3, 9, "Hi"))
    assert await digests.run_once(at(5, 18)) == 1
    (told,) = await figures(world)
    assert not told.happened
    assert told.sequences == 1


async def test_without_a_group_there_is_nobody_to_tell(world, digests):
    await a_day(world)
    await world.workspaces.bind_alerts_chat(world.actor, None)
    assert await digests.run_once(at(5, 18)) == 0
    await world.workspaces.bind_alerts_chat(world.actor, GROUP)
    assert await digests.run_once(at(5, 19)) == 1


async def test_it_has_the_hour_and_the_day_of_the_team(world, digests):
    await a_day(world)
    await world.workspaces.set_place(world.actor, country="GB", time_zone="Europe/London")
    assert await digests.run_once(at(6, 1)) == 0  # 17:00 in London, still the 5th
    assert await digests.run_once(at(6, 2)) == 1
    assert str(await world.one("SELECT day FROM digests")) == "2026-01-05"


async def test_it_can_be_off_and_a_new_time_begins_with_the_next_one(world, digests):
    await a_day(world)
    await world.workspaces.set_digest(world.actor, None)
    assert await digests.run_once(at(5, 23)) == 0
    await world.workspaces.set_digest(world.actor, time(9))  # it is noon
    assert await digests.run_once(at(5, 23)) == 0
    assert await digests.run_once(at(6, 9)) == 1


async def test_each_team_has_its_own_figures(world, digests, stranger):
    theirs = World(world.database, world.clock, stranger)
    await theirs.workspaces.bind_alerts_chat(stranger, -1002)
    await theirs.running((3, 9, "Hi"))
    await a_day(world)
    assert await digests.run_once(at(5, 18)) == 2
    ((ours,), (others,)) = await figures(world), await figures(theirs)
    assert (ours.sent, others.sent) == (6, 0)
    assert (others.replied, others.opted_out, others.asking, others.unsure) == (0, 0, 0, 0)


async def test_campaigns_of_tomorrow_are_named_with_their_times(world, digests):
    for name, day, hour in (("Sale", 6, 10), ("Later", 7, 10), ("Today", 5, 23)):
        await world.run(
            "INSERT INTO campaigns (workspace_id, name, status, scheduled_at) VALUES (:id, :name, 'scheduled', :at)",
            id=world.actor.workspace_id, name=name, at=at(day, hour),
        )  # fmt: skip
    await digests.run_once(at(5, 18))
    (told,) = await figures(world)
    assert [(one.name, one.at) for one in told.campaigns_tomorrow] == [("Sale", "10:00")]


async def test_campaigns_that_run_and_that_are_paused_are_counted(world, digests):
    for status, reason in (("running", None), ("paused", "by_hand"), ("paused", "breaker"), ("finished", None)):
        await world.run(
            "INSERT INTO campaigns (workspace_id, name, status, pause_reason, scheduled_at)"
            " VALUES (:id, 'Sale', :status, :reason, :at)",
            id=world.actor.workspace_id, status=status, reason=reason, at=at(5, 9),
        )  # fmt: skip
    await digests.run_once(at(5, 18))
    (told,) = await figures(world)
    assert (told.campaigns, told.campaigns_paused) == (1, 2)


async def test_a_stop_is_announced_to_nobody(world):
    device = await a_day(world)
    before = await world.alerts()
    for number in range(4, 9):
        await says(world, device, number, "STOP")
    assert await world.alerts() == before
