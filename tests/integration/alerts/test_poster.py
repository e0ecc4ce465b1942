"""Alerts on their way from the database to the group, over HTTP and a line that may fail."""

import asyncio

import pytest
from sqlalchemy import select, text

from bot.alerts import poster as poster_module
from bot.alerts import store
from bot.sandbox.telegram.state import Chat
from engine.actor import Actor
from models import Alert
from models.enums import AlertStatus
from tests.unit.sandbox.conftest import GROUP, OPERATOR

from .conftest import Team

OTHER_GROUP = -1002


async def test_an_alert_is_posted_once(bound: Team):
    poster, _ = await bound.poster()
    await bound.device_down()
    assert await poster.run_once() == 1
    assert await poster.run_once() == 0
    (shown,) = await bound.shown()
    assert shown["html"].startswith("🔴 <b>Device down</b>")
    assert [button["label"] for row in shown["buttons"] for button in row] == ["Acknowledge"]
    alert = await bound.alert()
    assert (alert.chat_id, alert.telegram_message_id) == (GROUP, shown["message_id"])


async def test_its_message_is_edited_when_it_resolves(bound: Team):
    poster, _ = await bound.poster()
    await bound.device_down()
    await poster.run_once()
    await bound.device_back()
    bound.monotonic += 3
    assert await poster.run_once() == 1
    (shown,) = await bound.shown()
    assert shown["text"].startswith("✅ Device down")
    assert shown["text"].endswith("Resolved 10:00: Alpha is online again.")
    assert shown["buttons"] == []


async def test_all_open_alerts_are_posted_in_one_run(bound: Team):
    poster, _ = await bound.poster()
    for number in range(5):
        await bound.device_down(f"Device {number}", number)
    assert await poster.run_once() == 5
    assert len(await bound.shown()) == 5


async def test_repetitions_become_one_edit_in_three_seconds(bound: Team):
    poster, _ = await bound.poster()
    await bound.sends_failed()
    await poster.run_once()
    for _ in range(11):
        await bound.sends_failed()
        assert await poster.run_once() == 0
    bound.monotonic += 3
    assert await poster.run_once() == 1
    (shown,) = await bound.shown()
    assert shown["text"].startswith("🟡 Not sent ×12")


async def test_an_edit_that_changes_nothing_counts_as_told(bound: Team):
    poster, _ = await bound.poster()
    await bound.device_down()
    await poster.run_once()
    async with bound.database.transaction() as session:
        (await session.scalars(select(Alert))).one().revision += 1
    bound.monotonic += 3
    assert await poster.run_once() == 1
    alert = await bound.alert()
    assert alert.posted_revision == alert.revision


async def test_a_deleted_message_is_posted_anew(bound: Team):
    poster, _ = await bound.poster()
    await bound.device_down()
    await poster.run_once()
    (first,) = await bound.shown()
    await bound.sandbox.server.delete(GROUP, first["message_id"])
    await bound.device_back()
    bound.monotonic += 3
    assert await poster.run_once() == 1
    (second,) = await bound.shown()
    assert second["message_id"] == (await bound.alert()).telegram_message_id != first["message_id"]


async def test_a_group_that_removed_the_bot_is_forgotten_and_its_alerts_wait(bound: Team):
    poster, _ = await bound.poster()
    await bound.add_bot(member=False)
    await bound.device_down()
    assert await poster.run_once() == 0
    assert await bound.chat_id() is None
    assert (await bound.alert()).posted_revision == 0
    await bound.add_bot()
    await bound.bind()
    assert await poster.run_once() == 1


async def test_a_group_that_does_not_exist_is_forgotten(bound: Team):
    poster, _ = await bound.poster()
    await bound.bind(-99)
    await bound.device_down()
    assert await poster.run_once() == 0
    assert await bound.chat_id() is None


async def test_a_group_bound_later_is_told_what_is_still_open(team: Team):
    poster, _ = await team.poster()
    await team.device_down("Over", 1)
    await team.device_back("Over", 1)
    await team.device_down("Still down", 2)
    assert await poster.run_once() == 0
    await team.add_bot()
    await team.bind()
    assert await poster.run_once() == 1
    (shown,) = await team.shown()
    assert "Still down" in shown["text"]


async def test_another_group_is_told_what_is_open_and_the_former_one_is_left_alone(bound: Team):
    poster, _ = await bound.poster()
    await bound.device_down("Over", 1)
    await bound.device_down("Still down", 2)
    await poster.run_once()
    before = await bound.shown()
    bound.sandbox.server._world.save_chat(Chat(OTHER_GROUP, "Others", bot_may_write=True))
    await bound.bind(OTHER_GROUP)
    await bound.device_back("Over", 1)
    bound.monotonic += 3
    assert await poster.run_once() == 1
    (shown,) = await bound.shown(OTHER_GROUP)
    assert "Still down" in shown["text"]
    assert await bound.shown() == before


async def test_a_group_that_became_a_supergroup_keeps_its_alerts(bound: Team):
    poster, line = await bound.poster()
    await bound.device_down()
    await poster.run_once()
    bound.sandbox.server._world.save_chat(Chat(OTHER_GROUP, "Alerts", bot_may_write=True))
    line.moved[GROUP] = OTHER_GROUP
    await bound.device_back()
    bound.monotonic += 3
    assert await poster.run_once() == 1
    assert await bound.chat_id() == OTHER_GROUP
    (shown,) = await bound.shown(OTHER_GROUP)
    assert shown["text"].startswith("✅")


async def test_a_message_of_the_former_group_is_not_looked_for_in_the_supergroup(bound: Team):
    """Its messages count from 1 again: the same id may be another alert's."""
    poster, _ = await bound.poster()
    await bound.device_down()
    await poster.run_once()
    async with bound.database.transaction() as session:
        await store.move_chat(session, GROUP, OTHER_GROUP)
    alert = await bound.alert()
    assert (alert.chat_id, alert.telegram_message_id) == (OTHER_GROUP, None)


async def test_a_start_without_telegram_is_made_up_for(bound: Team):
    poster, _ = await bound.poster(reachable=False)
    await bound.device_down()
    assert await poster.run_once() == 1


async def test_nothing_is_lost_while_telegram_cannot_be_reached(bound: Team):
    poster, line = await bound.poster()
    line.cut = True
    await bound.device_down("Alpha", 1)
    await bound.device_down("Beta", 2)
    await bound.device_back("Beta", 2)
    assert await poster.run_once() == 0
    line.cut = False
    assert await poster.run_once() == 2
    assert [shown["text"][0] for shown in await bound.shown()] == ["🔴", "✅"]


async def test_a_lost_answer_means_twice_rather_than_never(bound: Team):
    poster, line = await bound.poster()
    line.loses_answers = True
    await bound.device_down()
    assert await poster.run_once() == 0
    line.loses_answers = False
    assert await poster.run_once() == 1
    assert len(await bound.shown()) == 2


async def test_a_refused_alert_does_not_hold_up_the_others(bound: Team, monkeypatch: pytest.MonkeyPatch):
    poster, _ = await bound.poster()
    await bound.device_down("Alpha", 1)
    await bound.device_down("Beta", 2)
    render = poster_module.render

    def broken_for_alpha(alert: Alert, time_zone: str, seen_by: str | None):
        rendered = render(alert, time_zone, seen_by)
        return type(rendered)("<b>", buttons=()) if "Alpha" in alert.text else rendered

    monkeypatch.setattr(poster_module, "render", broken_for_alpha)
    assert await poster.run_once() == 1
    monkeypatch.undo()
    assert await poster.run_once() == 0
    bound.monotonic += 60
    assert await poster.run_once() == 1
    assert ["Beta" in shown["text"] for shown in await bound.shown()] == [True, False]


async def test_two_posters_do_not_both_post(bound: Team):
    (first, line), (second, _) = await bound.poster(), await bound.poster()
    await bound.device_down()
    line.open.clear()
    posting = asyncio.create_task(first.run_once())
    await line.reached.wait()
    assert await second.run_once() == 0
    line.open.set()
    assert await posting == 1
    assert await second.run_once() == 0
    assert len(await bound.shown()) == 1


async def test_no_transaction_is_open_while_telegram_answers(bound: Team):
    poster, line = await bound.poster()
    await bound.device_down()
    line.open.clear()
    posting = asyncio.create_task(poster.run_once())
    await line.reached.wait()
    async with bound.database.transaction() as session:
        idle = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
        assert await session.scalar(text(idle)) == 0
    line.open.set()
    assert await posting == 1


async def test_a_poster_that_dies_leaves_its_work_to_another(bound: Team):
    (first, line), (second, _) = await bound.poster(), await bound.poster()
    await bound.device_down()
    line.open.clear()
    posting = asyncio.create_task(first.run_once())
    await line.reached.wait()
    posting.cancel()
    await asyncio.wait({posting})
    assert await second.run_once() == 1


async def test_a_notification_wakes_it(bound: Team, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(poster_module, "POLL_EVERY", 60.0)
    poster, line = await bound.poster()
    listening = asyncio.create_task(bound.notifications.run())
    running = asyncio.create_task(poster.run())
    try:
        async with asyncio.timeout(5):
            await bound.notifications.connected.wait()
            await bound.device_down()
            await line.reached.wait()
    finally:
        for task in (running, listening):
            task.cancel()
        await asyncio.wait({running, listening})


async def test_each_team_is_told_its_own(bound: Team, stranger: Actor):
    poster, _ = await bound.poster()
    bound.sandbox.server._world.save_chat(Chat(OTHER_GROUP, "Others", bot_may_write=True))
    await bound.workspaces.bind_alerts_chat(stranger, OTHER_GROUP)
    await bound.device_down()
    assert await poster.run_once() == 1
    assert await bound.shown(OTHER_GROUP) == []
    assert (await bound.alert()).status is AlertStatus.FIRING


async def test_a_flood_refusal_of_one_library_halts_both(bound: Team):
    """Presses are answered by aiogram, alerts posted by python-telegram-bot, on one token."""
    poster, _ = await bound.poster()
    await bound.sandbox.write("/start", OPERATOR)
    await bound.device_down()
    loop = asyncio.get_running_loop()
    bound.sandbox.server.flood("sendMessage", retry_after=20)
    began = loop.time()
    answer = asyncio.create_task(bound.bot.send_message(OPERATOR, "answer"))
    assert await poster.run_once() == 1
    assert (await answer).text == "answer"
    assert loop.time() - began >= 20 / 100
    assert len(await bound.shown()) == 1
