"""Replies on their way to the group: each at most once, many at a time together, answered by answering the post."""

from collections.abc import Sequence

import pytest

from bot.alerts.replies import FEW, MOST
from bot.sandbox.telegram.state import Chat
from engine.contacts.deleting import ContactDeletion
from engine.contacts.inbox import Inbox
from engine.transports.contract import Inbound
from tests.integration.engine.world import World
from tests.unit.sandbox.conftest import GROUP

from .conftest import Team

LID = "201000000000001"


class Crowd:
    """People who write to one device."""

    def __init__(self, team: Team, world: World, device: int) -> None:
        self.team = team
        self.world = world
        self.device = device
        self._heard = 0

    async def says(self, words: str = "How much?", person: int = 1, **more) -> None:
        self._heard += 1
        who = {"phone": f"+6012{person:07d}", **more}
        inbound = Inbound(f"in-{self._heard}", text=words, **who)
        await Inbox(self.team.database, self.team.clock).receive(self.device, inbound)

    async def posts(self) -> Sequence[str]:
        return [shown["text"] for shown in await self.team.shown()]


@pytest.fixture
async def crowd(bound: Team) -> Crowd:
    world = World(bound.database, bound.clock, bound.actor)
    device = await world.device("Sales 1")
    await world.contacts(3)
    return Crowd(bound, world, device)


async def test_a_reply_is_posted_once_with_who_what_and_where(crowd):
    poster, _ = await crowd.team.poster()
    await crowd.says("our <shop>", attached="photo")
    assert await poster.run_once() == 1
    assert await poster.run_once() == 0
    (shown,) = await crowd.team.shown()
    assert shown["text"] == (
        "💬 Person 1 · +60120000001 · Sales 1\n📎 photo\nour <shop>\n\nReply to this message to answer."
    )
    assert [button["label"] for row in shown["buttons"] for button in row] == ["👤 Open contact"]


async def test_it_says_what_it_answers(crowd):
    await crowd.world.engine()
    await crowd.world.run(
        "INSERT INTO messages (workspace_id, lane, contact_id, device_id, due_at, sent_at, outcome, body)"
        " VALUES (:team, 'reply', 1, 1, now(), now(), 'sent', E'Our prices\\nare new')",
        team=crowd.team.actor.workspace_id,
    )
    await crowd.world.run(
        "INSERT INTO deliveries (workspace_id, message_id, device_id, provider_message_id)"
        " SELECT workspace_id, id, device_id, 'wamid-1' FROM messages"
    )
    await crowd.says("Nice", quotes="wamid-1")
    poster, _ = await crowd.team.poster()
    await poster.run_once()
    assert "Nice\n\n↩︎ to “Our prices”" in (await crowd.posts())[0]


async def test_somebody_whose_number_is_hidden_is_posted_without_a_number_and_without_a_card(crowd):
    await crowd.says("Who is this?", phone=None, lid=LID)
    poster, _ = await crowd.team.poster()
    await poster.run_once()
    (shown,) = await crowd.team.shown()
    assert shown["text"] == (
        "💬 somebody whose number WhatsApp hides · Sales 1\nWho is this?\n\nAnswer on the phone of Sales 1."
    )
    assert shown["buttons"] == []


async def test_what_nobody_is_to_answer_is_not_posted(crowd):
    await crowd.says("STOP")
    await crowd.says("START")
    await crowd.says("Wrong number", person=999)
    await crowd.says("Hello", person=2)
    await crowd.says("Hello from us", person=2, typed_on_phone=True)
    poster, _ = await crowd.team.poster()
    assert await poster.run_once() == 0


async def test_a_request_to_stop_has_an_alert_and_no_post(crowd):
    await crowd.says("jangan hantar lagi")
    poster, _ = await crowd.team.poster()
    assert await poster.run_once() == 1
    assert [text.partition("\n")[0] for text in await crowd.posts()] == ["🟡 Seems to ask to stop"]


async def test_many_at_a_time_are_told_together(crowd):
    for number in range(FEW + 1):
        await crowd.says(f"Number {number}")
    poster, _ = await crowd.team.poster()
    assert await poster.run_once() == 1
    (shown,) = await crowd.team.shown()
    assert shown["text"] == "💬 6 more replies\nOpen Replies to read and answer them."
    assert [button["label"] for row in shown["buttons"] for button in row] == ["💬 Open replies"]


async def test_a_group_gets_few_a_minute_and_the_rest_together(crowd):
    poster, _ = await crowd.team.poster()
    for number in range(MOST + 3):
        await crowd.says(f"Number {number}")
        await poster.run_once()
    assert len(await crowd.posts()) == MOST
    for number in range(FEW):
        await crowd.says(f"Later {number}")
    crowd.team.monotonic += 60
    assert await poster.run_once() == 1
    assert (await crowd.posts())[-1].startswith(f"💬 {3 + FEW} more replies")


async def test_a_team_may_keep_them_at_home(crowd):
    await crowd.team.workspaces.set_replies_posted(crowd.team.actor, posted=False)
    await crowd.says()
    poster, _ = await crowd.team.poster()
    assert await poster.run_once() == 0
    await crowd.team.workspaces.set_replies_posted(crowd.team.actor, posted=True)
    assert await poster.run_once() == 1


async def test_it_waits_while_telegram_cannot_be_reached(crowd):
    poster, line = await crowd.team.poster()
    await crowd.says()
    line.cut = True
    assert await poster.run_once() == 0
    line.cut = False
    assert await poster.run_once() == 1


async def test_one_that_may_have_arrived_is_not_posted_again(crowd):
    poster, line = await crowd.team.poster()
    await crowd.says()
    line.loses_answers = True
    assert await poster.run_once() == 0
    line.loses_answers = False
    again, _ = await crowd.team.poster()  # a restart
    assert await again.run_once() == 0
    assert len(await crowd.posts()) == 1


async def test_a_process_that_dies_while_posting_leaves_no_second_one(crowd, monkeypatch):
    await crowd.says()
    poster, _ = await crowd.team.poster()
    monkeypatch.setattr("bot.alerts.replies.REMEMBER", "SELECT 1 / 0")
    with pytest.raises(Exception, match="division by zero"):
        await poster.run_once()
    monkeypatch.undo()
    again, _ = await crowd.team.poster()
    assert await again.run_once() == 0
    assert len(await crowd.posts()) == 1


async def test_a_group_that_moved_gets_it_where_it_is_now(crowd):
    poster, line = await crowd.team.poster()
    await crowd.says()
    line.moved[GROUP] = -1002
    crowd.team.sandbox.server._world.save_chat(Chat(-1002, "Alerts", bot_may_write=True))
    await poster.run_once()
    line.moved.clear()
    assert await poster.run_once() == 1
    assert len(await crowd.team.shown(-1002)) == 1


async def test_who_is_deleted_has_no_words_left_in_the_group(crowd):
    poster, line = await crowd.team.poster()
    await crowd.says("My name is Ann")
    await poster.run_once()
    for number in range(FEW + 1):
        await crowd.says(f"Number {number}")
    await poster.run_once()
    await ContactDeletion(crowd.team.database, crowd.team.clock).delete(crowd.team.actor, 1)
    line.cut = True
    await poster.run_once()
    line.cut = False
    assert await poster.run_once() == 2
    assert await poster.run_once() == 0
    alone, together = await crowd.posts()
    assert alone == "💬 Somebody who was deleted since."
    assert together.startswith(f"💬 {FEW + 1} more replies")


async def test_each_team_is_told_its_own(crowd, stranger):
    await World(crowd.team.database, crowd.team.clock, stranger).contacts(1)
    await crowd.says()
    crowd.team.sandbox.server._world.save_chat(Chat(-1002, "Others", bot_may_write=True))
    await crowd.team.workspaces.bind_alerts_chat(stranger, -1002)
    poster, _ = await crowd.team.poster()
    assert await poster.run_once() == 1
    assert await crowd.team.shown(-1002) == []
