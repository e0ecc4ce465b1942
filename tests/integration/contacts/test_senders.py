"""Whom a message is from: by number, by LID, or by a LID of which it only later becomes known whose it is."""

import asyncio

import pytest

from engine.contacts.deleting import ContactDeletion
from engine.contacts.inbox import Inbox
from engine.contacts.senders import learn_lid
from engine.contacts.stop_requests import OPTED_OUT_ANSWER
from engine.transports.contract import Inbound
from tests.integration.engine.world import World, until

ANN, BEN = "+60120000001", "+60120000002"
LID = "201000000000001"
WHO = "SELECT contact_id, phone, lid, body, answered_at IS NULL, posting_at IS NULL FROM inbound_messages ORDER BY id"


class Team:
    """Ann and Ben, a device, and what they write to it."""

    def __init__(self, world: World, device: int) -> None:
        self.world = world
        self.device = device

    async def hears(self, words: str = "Hello", *, phone: str | None = None, lid: str | None = None) -> None:
        number = await self.world.one("SELECT count(*) FROM inbound_messages")
        await Inbox(self.world.database, self.world.clock).receive(
            self.device, Inbound(f"in-{number}", phone, words, lid=lid)
        )

    async def lids(self) -> list[str | None]:
        return [lid for (lid,) in await self.world.rows("SELECT lid FROM contacts ORDER BY id")]

    async def suppressed(self) -> list[str]:
        return [phone for (phone,) in await self.world.rows("SELECT phone FROM suppressions ORDER BY phone")]


@pytest.fixture
async def team(database, clock, owner) -> Team:
    world = World(database, clock, owner)
    await world.contacts(2)
    return Team(world, await world.device())


async def test_a_contact_learns_its_lid_and_is_found_by_it(team):
    await team.hears(phone=ANN, lid=LID)
    assert await team.lids() == [LID, None]
    await team.hears("It is me", lid=LID)
    assert await team.world.rows(WHO) == [
        (1, ANN, LID, "Hello", True, True),
        (1, ANN, LID, "It is me", True, True),
    ]


async def test_a_number_outweighs_a_lid_and_a_lid_that_moves_moves(team):
    await team.hears(phone=ANN, lid=LID)
    await team.hears(phone=BEN, lid=LID)
    assert await team.lids() == [None, LID]
    assert [row[0] for row in await team.world.rows(WHO)] == [1, 2]


async def test_a_lid_of_another_workspace_is_nobody_here(team, database, clock, stranger):
    theirs = World(database, clock, stranger)
    await theirs.contacts(1)
    await Team(theirs, await theirs.device("Theirs")).hears(phone=ANN, lid=LID)
    await team.hears(lid=LID)
    assert (await team.world.rows(WHO))[1][0] is None
    await team.hears(phone=ANN, lid=LID)
    assert await team.world.rows("SELECT lid FROM contacts WHERE phone = :phone", phone=ANN) == [(LID,), (LID,)]


async def test_somebody_whose_number_is_hidden_is_kept_to_be_shown(team):
    await team.hears("Who is this?", lid=LID)
    assert await team.world.rows(WHO) == [(None, None, LID, "Who is this?", True, True)]


async def test_what_a_stranger_writes_is_kept_and_shown_to_nobody(team):
    await team.hears("Wrong number", phone="+447700900123")
    assert await team.world.rows(WHO) == [(None, "+447700900123", None, "Wrong number", False, False)]


async def test_what_came_under_a_lid_is_theirs_when_it_becomes_known_whose_it_is(team):
    await team.hears("Is that you?", lid=LID)
    await team.hears("It is Ann", phone=ANN, lid=LID)
    assert await team.world.rows(WHO) == [
        (1, ANN, LID, "Is that you?", True, True),
        (1, ANN, LID, "It is Ann", True, True),
    ]


async def test_stop_by_lid_opts_the_contact_out(team):
    await team.hears(phone=ANN, lid=LID)
    await team.hears("STOP", lid=LID)
    assert await team.suppressed() == [ANN]
    await team.hears("START", lid=LID)
    assert await team.suppressed() == []


async def test_a_hidden_stop_holds_from_when_it_is_known_whose_it_was(team):
    await team.hears("STOP", lid=LID)
    await team.hears("Hello again", lid=LID)
    assert await team.suppressed() == []
    await team.hears("It is Ann", phone=ANN, lid=LID)
    assert await team.suppressed() == [ANN]
    assert await team.world.rows("SELECT body FROM messages WHERE lane = 'reply'") == [(OPTED_OUT_ANSWER,)]
    assert await team.world.rows("SELECT source, evidence FROM consents WHERE state = 'opted_out'") == [
        ("stop_word", "STOP")
    ]


async def test_a_start_since_outweighs_a_hidden_stop(team):
    await team.hears("STOP", lid=LID)
    await team.hears("START", phone=ANN, lid=LID)
    assert await team.suppressed() == []


async def test_who_has_another_number_is_known_by_lid_and_stop_holds_for_both(team):
    await team.hears(phone=ANN, lid=LID)
    await team.hears("STOP", phone="+60129999999", lid=LID)
    assert await team.suppressed() == [ANN, "+60129999999"]
    await team.hears("START", phone="+60129999999", lid=LID)
    assert await team.suppressed() == []


async def test_one_lid_said_of_two_people_at_the_same_moment_is_the_later_ones(team):
    database, now = team.world.database, team.world.clock.now()

    async def say_of_ben() -> None:
        async with database.transaction() as session:
            await learn_lid(session, team.device, BEN, LID, now)

    async with database.transaction() as session:
        await learn_lid(session, team.device, ANN, LID, now)
        later = asyncio.create_task(say_of_ben())
        await until(lambda: team.world.one("SELECT count(*) FROM pg_locks WHERE NOT granted"))
    await later
    assert await team.lids() == [None, LID]


async def test_a_deleted_person_leaves_no_lid_behind(team):
    await team.hears(phone=ANN, lid=LID)
    await ContactDeletion(team.world.database, team.world.clock).delete(team.world.actor, 1)
    assert await team.lids() == [None, None]
    assert await team.world.rows(WHO) == [(1, "", None, "", False, True)]
    await team.hears("Hello?", lid=LID)
    assert (await team.world.rows(WHO))[1][0] is None
