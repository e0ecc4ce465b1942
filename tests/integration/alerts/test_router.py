"""What people do in the group, from the press to the edited alert."""

import pytest

from bot.sandbox.telegram import presses
from engine.actor import Actor
from engine.transports.contract import Inbound
from models import Membership, Operator
from models.enums import AlertStatus, Role
from tests.integration.engine.world import World
from tests.unit.sandbox.conftest import GROUP

from .conftest import Team


async def posted(team: Team) -> int:
    poster, _ = await team.poster()
    await team.device_down()
    assert await poster.run_once() == 1
    return int((await team.shown())[0]["message_id"])


async def join(team: Team, role: Role, user_id: int) -> None:
    async with team.database.transaction() as session:
        operator = Operator(telegram_user_id=user_id, name=f"A {role}")
        session.add(operator)
        await session.flush()
        session.add(Membership(workspace_id=team.actor.workspace_id, operator_id=operator.id, role=role))


async def test_the_acknowledge_button_works_from_end_to_end(bound: Team):
    poster, _ = await bound.poster()
    await bound.device_down()
    await poster.run_once()
    (before,) = await bound.shown()
    pressed = await bound.press(before["message_id"], bound.user_id)
    assert (pressed["answered"], pressed["text"]) == (True, "Seen by you.")
    bound.monotonic += 3
    assert await poster.run_once() == 1
    (after,) = await bound.shown()
    assert after["text"].startswith("🟠")
    assert after["text"].endswith("Seen by Owner of Acme 10:00")
    assert after["buttons"] == []


async def test_the_second_press_changes_nothing(bound: Team):
    message_id = await posted(bound)
    await bound.press(message_id, bound.user_id)
    first = await bound.alert()
    assert (await bound.press(message_id, bound.user_id))["text"] == "Seen by you."
    again = await bound.alert()
    assert (again.revision, again.acknowledged_at) == (first.revision, first.acknowledged_at)


async def test_whoever_comes_second_learns_that_it_is_done(bound: Team):
    await join(bound, Role.OPERATOR, 4001)
    message_id = await posted(bound)
    await bound.press(message_id, bound.user_id)
    assert (await bound.press(message_id, 4001))["text"] == "Already taken care of."


async def test_a_strangers_press_does_nothing(bound: Team, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(presses, "ANSWER_TIMEOUT", 0.1)
    assert (await bound.press(await posted(bound), 4242))["text"] == ""
    assert (await bound.alert()).status is AlertStatus.FIRING


async def test_a_viewer_is_told_who_may(bound: Team):
    await join(bound, Role.VIEWER, 4002)
    pressed = await bound.press(await posted(bound), 4002)
    assert (pressed["text"], pressed["show_alert"]) == (
        "Only an operator of this team can do that; you are a viewer.", True,
    )  # fmt: skip
    assert (await bound.alert()).status is AlertStatus.FIRING


async def test_another_teams_owner_learns_nothing(bound: Team, stranger: Actor):
    async with bound.database.transaction() as session:
        user_id = (await session.get_one(Operator, stranger.operator_id)).telegram_user_id
    pressed = await bound.press(await posted(bound), user_id)
    assert pressed["text"] == "This alert does not exist any more."
    assert (await bound.alert()).status is AlertStatus.FIRING


async def asked_to_stop(team: Team) -> tuple[World, int]:
    """Somebody has written that they want no more, and the group has been told; the message's id."""
    world = World(team.database, team.clock, team.actor)
    _, device = await world.running()
    await world.inbox.receive(device, Inbound("in-1", "+60120000001", "jangan hantar lagi <b>"))
    poster, _ = await team.poster()
    assert await poster.run_once() == 1
    (shown,) = await team.shown()
    assert shown["text"].splitlines()[:2] == [
        "🟡 Seems to ask to stop",
        "Person 1 (+60120000001) wrote: “jangan hantar lagi <b>”. Their sequences are paused and campaigns wait until you decide.",
    ]
    assert [button["label"] for row in shown["buttons"] for button in row] == ["🚫 Opt out", "Keep"]
    return world, int(shown["message_id"])


async def edited(team: Team) -> dict:
    team.monotonic += 3
    poster, _ = await team.poster()
    assert await poster.run_once() == 1
    (shown,) = await team.shown()
    return shown


async def test_an_opt_out_takes_one_tap_in_the_group(bound: Team):
    world, message_id = await asked_to_stop(bound)
    await join(bound, Role.OPERATOR, 4001)
    pressed = await bound.press(message_id, 4001, "🚫 Opt out")
    assert pressed["text"] == "Opted out. Nothing more is sent to them."
    shown = await edited(bound)
    assert shown["text"].splitlines()[0] == "✅ Seems to ask to stop"
    assert shown["text"].endswith("Resolved 10:00: Opted out by A operator.")
    assert shown["buttons"] == []
    assert await world.rows("SELECT phone FROM suppressions") == [("+60120000001",)]


async def test_keeping_them_takes_one_tap_too_and_the_second_learns_of_it(bound: Team):
    world, message_id = await asked_to_stop(bound)
    await join(bound, Role.OPERATOR, 4001)
    assert (await bound.press(message_id, 4001, "Keep"))["text"].startswith("Kept.")
    assert (await bound.press(message_id, bound.user_id, "🚫 Opt out"))["text"] == "Already decided."
    assert (await edited(bound))["text"].endswith("Resolved 10:00: Kept by A operator: no wish to stop.")
    assert await world.rows("SELECT phone FROM suppressions") == []


async def test_viewers_and_other_teams_decide_nothing(bound: Team, stranger: Actor):
    world, message_id = await asked_to_stop(bound)
    await join(bound, Role.VIEWER, 4002)
    assert "Only an operator" in (await bound.press(message_id, 4002, "🚫 Opt out"))["text"]
    async with bound.database.transaction() as session:
        user_id = (await session.get_one(Operator, stranger.operator_id)).telegram_user_id
    assert "not in the contact book" in (await bound.press(message_id, user_id, "🚫 Opt out"))["text"]
    assert (await bound.alert()).status is AlertStatus.FIRING
    assert await world.rows("SELECT phone FROM suppressions") == []


async def test_the_owner_binds_the_group_by_adding_the_bot(team: Team):
    await team.add_bot()
    await team.handle_updates()
    assert await team.chat_id() == GROUP
    assert [message["text"] for message in await team.shown()] == ["Alerts of Acme will be posted here."]


@pytest.mark.parametrize("role", [None, Role.VIEWER, Role.OPERATOR])
async def test_anybody_elses_group_is_left_without_a_word(team: Team, role: Role | None):
    if role:
        await join(team, role, 4242)
    await team.add_bot(user_id=4242)
    await team.handle_updates()
    assert await team.chat_id() is None
    assert await team.shown() == []
    (group,) = [chat for chat in team.sandbox.server.chats() if chat.id == GROUP]
    assert not group.bot_is_member


async def test_removing_the_bot_unbinds_the_group(bound: Team):
    await bound.add_bot(member=False, user_id=4242)
    await bound.handle_updates()
    assert await bound.chat_id() is None
