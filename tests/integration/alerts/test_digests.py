"""Digests on their way to the group: each at most once, over a line that may fail."""

from datetime import timedelta

import pytest

from bot.sandbox.telegram.state import Chat
from engine.reports.digest import Digests
from engine.transports.contract import Inbound
from tests.integration.engine.world import World
from tests.unit.sandbox.conftest import GROUP

from .conftest import Team


async def make_digest(team: Team, days: int = 0) -> World:
    world = World(team.database, team.clock, team.actor)
    if not days:
        _, device = await world.running((3, 9, "Hi"))
        await world.inbox.receive(device, Inbound("in-1", "+60120000001", "STOP"))
    made = await Digests(team.database).run_once(team.clock.now() + timedelta(hours=8, days=days))
    assert made == 1
    return world


async def test_a_digest_is_posted_once(bound: Team):
    await make_digest(bound)
    poster, _ = await bound.poster()
    assert await poster.run_once() == 1
    assert await poster.run_once() == 0
    (shown,) = await bound.shown()
    assert shown["text"] == (
        "🗞 Acme · Mon 5 Jan\nSun 4 Jan 18:00 – Mon 5 Jan 18:00\n\n🚫 1 person opted out\n\n"
        "▶️ 1 sequence running\n📅 Tomorrow: nothing is due"
    )
    assert shown["buttons"] == []


async def test_two_processes_post_it_once(bound: Team):
    await make_digest(bound)
    first, _ = await bound.poster()
    second, _ = await bound.poster()
    assert await first.run_once() + await second.run_once() == 1
    assert len(await bound.shown()) == 1


async def test_it_waits_while_telegram_cannot_be_reached(bound: Team):
    await make_digest(bound)
    poster, line = await bound.poster()
    line.cut = True
    assert await poster.run_once() == 0
    line.cut = False
    assert await poster.run_once() == 1
    assert len(await bound.shown()) == 1


async def test_one_that_may_have_arrived_is_not_posted_again(bound: Team):
    await make_digest(bound)
    poster, line = await bound.poster()
    line.loses_answers = True
    assert await poster.run_once() == 0
    line.loses_answers = False
    assert await poster.run_once() == 0
    again, _ = await bound.poster()  # a restart
    assert await again.run_once() == 0
    assert len(await bound.shown()) == 1


async def test_a_process_that_dies_while_posting_leaves_no_second_one(bound: Team, monkeypatch):
    await make_digest(bound)
    poster, _ = await bound.poster()
    remembered = "bot.alerts.digests.REMEMBER"
    monkeypatch.setattr(remembered, "SELECT 1 / 0")
    with pytest.raises(Exception, match="division by zero"):
        await poster.run_once()
    monkeypatch.undo()
    again, _ = await bound.poster()
    assert await again.run_once() == 0
    assert len(await bound.shown()) == 1


async def test_a_group_that_moved_gets_it_where_it_is_now(bound: Team):
    await make_digest(bound)
    poster, line = await bound.poster()
    line.moved[GROUP] = -1002
    bound.sandbox.server._world.save_chat(Chat(-1002, "Alerts", bot_may_write=True))
    await poster.run_once()
    assert await bound.chat_id() == -1002
    line.moved.clear()
    assert await poster.run_once() == 1
    assert len([one for one in await bound.shown(-1002) if one["text"].startswith("🗞")]) == 1


async def test_a_group_that_removed_the_bot_does_not_lose_it(bound: Team):
    await make_digest(bound)
    poster, _ = await bound.poster()
    await bound.add_bot(member=False)
    assert await poster.run_once() == 0
    assert await bound.chat_id() is None
    await bound.add_bot()
    await bound.bind()
    assert await poster.run_once() == 1


async def test_an_alert_comes_before_it_and_days_come_in_order(bound: Team):
    await make_digest(bound)
    await make_digest(bound, days=1)
    await bound.device_down()
    poster, _ = await bound.poster()
    assert await poster.run_once() == 3
    first, second, third = await bound.shown()
    assert first["text"].startswith("🔴 Device down")
    assert second["text"].startswith("🗞 Acme · Mon 5 Jan")
    assert third["text"].startswith("🗞 Acme · Tue 6 Jan")
