"""Whoever replies to a posted reply answers the person: over HTTP, from the message to the queue."""

from dataclasses import dataclass

import pytest

from bot.sandbox.telegram.media import Upload
from bot.sandbox.telegram.state import MediaKind
from engine.contacts.inbox import Inbox
from engine.contacts.replies import Replies
from engine.transports.contract import Inbound, Rejected
from models import Membership, Operator
from models.enums import Role
from tests.integration.engine.world import HandEngine, World
from tests.unit.sandbox.conftest import GROUP, png

from .conftest import Team
from .test_router import join

ANN = "+60120000001"
QUEUED = "SELECT device_id, contact_id, kind, body FROM messages WHERE lane = 'reply' ORDER BY id"


@dataclass
class Scene:
    """Ann has written, and her reply is posted."""

    team: Team
    world: World
    engine: HandEngine
    post: int

    async def hear(self, words: str, message_id: str, phone: str | None = ANN, **more) -> None:
        inbox = Inbox(self.team.database, self.team.clock)
        await inbox.receive(1, Inbound(message_id, phone, words, **more))

    async def posted(self) -> int:
        poster, _ = await self.team.poster()
        await poster.run_once()
        return int((await self.team.shown())[-1]["message_id"])

    async def reply(self, text: str, *, to: int | None = None, user_id: int | None = None) -> list[str]:
        """Reply to the post; what the bot says to that."""
        before = await self.said()
        who = user_id or self.team.user_id
        await self.team.sandbox.write(text, GROUP, user_id=who, reply_to_message_id=to or self.post)
        await self.team.handle_updates()
        return (await self.said())[len(before) :]

    async def said(self) -> list[str]:
        return [one["text"] for one in await self.team.shown() if one["from"]["is_bot"]]


@pytest.fixture
async def scene(bound: Team) -> Scene:
    world = World(bound.database, bound.clock, bound.actor)
    await world.device("Sales 1")
    await world.contacts(2)
    engine = await world.engine()
    await world.run("UPDATE user_devices SET state = 'online'")
    scene = Scene(bound, world, engine, 0)
    await scene.hear("How much?", "in-1")
    scene.post = await scene.posted()
    return scene


async def test_a_reply_to_the_post_goes_out_of_the_device_and_is_confirmed(scene):
    assert await scene.reply("RM 10") == ["✓ goes out from Sales 1"]
    assert await scene.world.rows(QUEUED) == [(1, 1, "text", "RM 10")]
    assert await scene.engine.send_all(1) == ["RM 10"]
    confirmation = (await scene.team.shown())[-1]
    asked = (await scene.team.shown())[-2]
    assert confirmation["reply_to_message_id"] == asked["message_id"]


async def test_a_photo_answers_too(scene):
    upload = Upload("shop.png", png(9, 9), "image/png")
    await scene.team.sandbox.server.upload(
        GROUP, upload, MediaKind.PHOTO, "our shop", scene.team.user_id, reply_to_message_id=scene.post
    )
    await scene.team.handle_updates()
    assert (await scene.said())[-1] == "✓ goes out from Sales 1"
    assert await scene.world.rows(QUEUED) == [(1, 1, "image", "our shop")]


async def test_a_stranger_gets_no_word_and_a_viewer_one(scene):
    await join(scene.team, Role.VIEWER, 4001)
    assert await scene.reply("RM 5", user_id=4999) == []
    assert await scene.reply("RM 5", user_id=4001) == [
        "Only an operator of this team can do that; you are a viewer."
    ]
    assert await scene.world.rows(QUEUED) == []


async def test_an_operator_of_another_team_is_a_stranger_here(scene, stranger):
    async with scene.team.database.transaction() as session:
        operator = Operator(telegram_user_id=4002, name="Theirs")
        session.add(operator)
        await session.flush()
        session.add(Membership(workspace_id=stranger.workspace_id, operator_id=operator.id, role=Role.OPERATOR))
    assert await scene.reply("RM 5", user_id=4002) == []
    assert await scene.world.rows(QUEUED) == []
    assert await Replies(scene.team.database, scene.team.clock).of_post(stranger, GROUP, scene.post) == []


async def test_replies_to_other_messages_are_nobodys_business(scene):
    own = await scene.team.sandbox.write("lunch?", GROUP, user_id=scene.team.user_id)
    assert await scene.reply("yes", to=own["message_id"]) == []
    await scene.team.device_down()
    assert await scene.reply("on it", to=await scene.posted()) == []
    assert await scene.world.rows(QUEUED) == []


async def test_what_cannot_be_answered_is_said_in_words(scene):
    await scene.hear("Who is this?", "in-2", phone=None, lid="2010")
    (said,) = await scene.reply("Us", to=await scene.posted())
    assert said.endswith("Answer on the phone of Sales 1.")


async def test_a_device_that_is_away_or_paused_keeps_it(scene):
    await scene.world.run("UPDATE user_devices SET state = 'logged_out'")
    assert await scene.reply("RM 10") == [
        "⏳ Sales 1: logged out: pair again. It goes out when the device is back"
    ]
    await scene.world.devices.pause(scene.team.actor, 1)
    assert await scene.reply("RM 10") == ["⏳ Sales 1 is paused: it goes out when sending goes on"]


async def test_a_post_of_many_says_where_to_answer(scene):
    for number in range(6):
        await scene.hear(f"Number {number}", f"in-{number + 10}", phone="+60120000002")
    assert await scene.reply("RM 10", to=await scene.posted()) == [
        "That post tells of several replies. Tap “Open replies” below it and answer there."
    ]
    assert await scene.world.rows(QUEUED) == []


async def test_the_alert_of_somebody_who_asks_to_stop_is_answered_like_a_post(scene):
    await scene.hear("jangan hantar lagi", "in-2", phone="+60120000002")
    assert await scene.reply("Sorry!", to=await scene.posted()) == ["✓ goes out from Sales 1"]
    assert await scene.world.rows(QUEUED) == [(1, 2, "text", "Sorry!")]


async def test_an_answer_that_fails_is_told_below_it_once(scene):
    await scene.reply("RM 10")
    claimed = await scene.engine.claim(1)
    await scene.engine.report(1, claimed, Rejected("x", "The file is <broken>.", permanent=True))
    poster, _ = await scene.team.poster()
    await poster.run_once()
    await poster.run_once()
    told = [one for one in await scene.team.shown() if one["text"].startswith("✗")]
    assert [one["text"] for one in told] == ["✗ Not sent to Person 1: The file is <broken>."]
    asked = next(one for one in await scene.team.shown() if one["text"] == "RM 10")
    assert told[0]["reply_to_message_id"] == asked["message_id"]
