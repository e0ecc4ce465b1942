"""Who writes in by a link opts in by that, and joins what the link is for."""

import pytest
from sqlalchemy import text

from engine.contacts.click_to_chat import ChatLinks
from engine.errors import ConflictError, InvalidInputError
from engine.transports.contract import Inbound
from models import Campaign
from models.enums import CampaignStatus, ConsentState, SequenceStatus
from tests.integration.engine.world import World

PHONE = "+60129999999"


@pytest.fixture
def world(database, clock, owner) -> World:
    return World(database, clock, owner)


@pytest.fixture
def links(world) -> ChatLinks:
    return ChatLinks(world.database, world.clock)


@pytest.fixture
async def device(world) -> int:
    return await world.device(phone="+15550000001")


@pytest.fixture
async def sequence(world, device) -> int:
    return await world.sequence([device], (1, 11, "Hi"))


@pytest.fixture
async def link(world, links, sequence, device) -> int:
    return await links.create_for_sequence(world.actor, sequence, device)


async def writes(world, device, words, phone=PHONE) -> None:
    count = len(await world.rows("SELECT 1 FROM inbound_messages"))
    await world.inbox.receive(device, Inbound(f"in-{count}", phone, words))


async def test_the_link_opens_a_chat_with_the_words_ready(world, links, link):
    view = await links.get(world.actor, link)
    code = view.greeting.rpartition("(")[2].rstrip(")")
    assert view.url == (
        f"https://wa.me/15550000001?text=Hi%21%20I%20would%20like%20to%20hear%20from%20you.%20%28{code}%29"
    )


async def test_a_stranger_who_writes_in_is_in_the_book_with_their_words_as_evidence_and_joins(
    world, links, link, device, sequence
):
    words = (await links.get(world.actor, link)).greeting
    await writes(world, device, words)
    contact = await world.one("SELECT id, consent, device_id FROM contacts WHERE phone = :phone", phone=PHONE)
    assert contact[1:] == (ConsentState.OPTED_IN, device)
    assert await world.rows("SELECT state, source, evidence FROM consents") == [("opted_in", "wrote_first", words)]
    assert await world.rows("SELECT sequence_id, status, device_id FROM sequence_contacts") == [
        (sequence, "active", device)
    ]
    assert await world.one("SELECT contact_id FROM inbound_messages") == contact[0]
    assert (await links.get(world.actor, link)).joined == 1


async def test_writing_in_twice_joins_once_and_is_no_reply(world, links, link, device):
    words = (await links.get(world.actor, link)).greeting
    await writes(world, device, words)
    await writes(world, device, words.lower().replace("(", "").upper())
    await writes(world, device, words)
    assert await world.rows("SELECT status FROM sequence_contacts") == [("active",)]
    assert (await links.get(world.actor, link)).joined == 1
    assert await world.one("SELECT count(*) FROM consents") == 3


async def test_who_had_opted_out_is_in_again_by_their_own_words(world, links, link, device):
    await writes(world, device, "STOP")
    await writes(world, device, (await links.get(world.actor, link)).greeting)
    assert await world.rows("SELECT 1 FROM suppressions") == []
    assert await world.rows("SELECT status FROM sequence_contacts") == [("active",)]


async def test_a_stop_word_is_obeyed_whatever_else_there_is(world, links, link, device):
    await writes(world, device, (await links.get(world.actor, link)).greeting)
    await writes(world, device, "STOP")
    assert await world.rows("SELECT status, exit_reason FROM sequence_contacts") == [("exited", "opted_out")]


async def test_a_refusal_that_quotes_the_code_is_no_way_in(world, links, link, device):
    words = (await links.get(world.actor, link)).greeting
    await writes(world, device, words)
    await writes(world, device, "STOP")
    await writes(world, device, f"I said stop sending me messages! {words.rpartition(' ')[2]}")
    assert await world.one("SELECT consent FROM contacts") == "opted_out"
    assert await world.rows("SELECT phone FROM suppressions") == [(PHONE,)]


@pytest.mark.parametrize("words", ["BERHENTI. {}", "Tak nak, {}", "CANCEL ({code})", "STOP {code}", "Pergi! {}"])
async def test_a_stop_word_with_the_words_of_the_link_behind_it_is_no_way_in(world, links, link, device, words):
    await world.run("UPDATE workspaces SET stop_words = '{pergi}'")
    greeting = (await links.get(world.actor, link)).greeting
    await writes(world, device, greeting)
    await writes(world, device, "STOP")
    await writes(world, device, words.format(greeting, code=greeting[-7:-1]))
    assert await world.one("SELECT consent FROM contacts") == "opted_out"
    assert await world.rows("SELECT phone FROM suppressions") == [(PHONE,)]


async def test_whoever_is_in_and_writes_a_stop_word_with_the_code_is_shown_to_the_operators(
    world, links, link, device
):
    greeting = (await links.get(world.actor, link)).greeting
    await writes(world, device, greeting)
    await writes(world, device, f"STOP {greeting[-7:-1]}")
    assert [kind for kind, *_ in await world.alerts()] == ["asks_to_stop"]
    assert await world.rows("SELECT status FROM sequence_contacts") == [("paused",)]


async def test_by_a_closed_link_nobody_joins(world, links, link, device):
    words = (await links.get(world.actor, link)).greeting
    await links.close(world.actor, link)
    await writes(world, device, words)
    assert await world.rows("SELECT 1 FROM sequence_contacts") == []
    await links.reopen(world.actor, link)
    await writes(world, device, words)
    assert len(await world.rows("SELECT 1 FROM sequence_contacts")) == 1


async def test_a_code_of_another_team_is_only_words(world, links, link, stranger):
    words = (await links.get(world.actor, link)).greeting
    elsewhere = World(world.database, world.clock, stranger)
    await writes(elsewhere, await elsewhere.device(), words)
    assert await world.rows("SELECT 1 FROM contacts") == []


async def test_other_words_keep_the_code(world, links, link, device):
    before = (await links.get(world.actor, link)).greeting
    await links.set_greeting(world.actor, link, "  The   price list, please! ")
    after = (await links.get(world.actor, link)).greeting
    assert after.startswith("The price list, please! (")
    assert after[-8:] == before[-8:]
    await writes(world, device, before)  # as it is printed on a poster
    assert (await links.get(world.actor, link)).joined == 1
    for wrong in ("", " \0 ", "x" * 301):
        with pytest.raises(InvalidInputError):
            await links.set_greeting(world.actor, link, wrong)


async def test_a_draft_takes_people_in_and_an_archive_nobody(world, links, link, device, sequence):
    words = (await links.get(world.actor, link)).greeting
    await world.run("UPDATE sequences SET status = 'draft'")
    await writes(world, device, words)
    assert len(await world.rows("SELECT 1 FROM sequence_contacts")) == 1
    await world.run("UPDATE sequences SET status = :status", status=SequenceStatus.ARCHIVED)
    await writes(world, device, words, phone="+60128888888")
    assert len(await world.rows("SELECT 1 FROM sequence_contacts")) == 1
    with pytest.raises(ConflictError, match="archived"):
        await links.create_for_sequence(world.actor, sequence, device)


async def test_a_device_without_a_number_has_no_link(world, links, sequence):
    device = await world.device("Unpaired")
    with pytest.raises(ConflictError, match="number of Unpaired"):
        await links.create_for_sequence(world.actor, sequence, device)


async def campaign(world, status: CampaignStatus) -> int:
    async with world.database.transaction() as session:
        row = Campaign(
            workspace_id=world.actor.workspace_id, name="Sale", body="Sale!", status=status,
            scheduled_at=world.clock.now(),
        )  # fmt: skip
        session.add(row)
    return row.id


async def test_a_campaign_is_given_to_who_writes_in_once(world, links, device):
    campaign_id = await campaign(world, CampaignStatus.RUNNING)
    link = await links.create_for_campaign(world.actor, campaign_id, device)
    words = (await links.get(world.actor, link)).greeting
    await writes(world, device, words)
    await writes(world, device, words)
    assert await world.rows("SELECT lane, campaign_id, device_id, status FROM broadcast_messages") == [
        ("campaign", campaign_id, device, "pending")
    ]
    assert (await links.get(world.actor, link)).joined == 1
    await world.run("UPDATE campaigns SET status = 'finished'")
    await writes(world, device, words, phone="+60128888888")
    assert await world.one("SELECT count(*) FROM messages") == 1
    assert await world.one("SELECT count(*) FROM contacts WHERE consent = 'opted_in'") == 2


@pytest.mark.parametrize(
    ("status", "words"), [(CampaignStatus.DRAFT, "Launch"), (CampaignStatus.FINISHED, "is over")]
)
async def test_a_campaign_that_gives_nothing_has_no_link(world, links, device, status, words):
    campaign_id = await campaign(world, status)
    with pytest.raises(ConflictError, match=words):
        await links.create_for_campaign(world.actor, campaign_id, device)


async def test_two_who_write_in_at_once_with_one_number_are_one(world, links, link, device):
    import asyncio

    words = (await links.get(world.actor, link)).greeting
    inbound = [Inbound(f"m{number}", PHONE, words) for number in range(4)]
    await asyncio.gather(*(world.inbox.receive(device, one) for one in inbound))
    assert await world.one("SELECT count(*) FROM contacts") == 1
    assert await world.one("SELECT count(*) FROM sequence_contacts") == 1
    async with world.database.transaction() as session:
        assert await session.scalar(text("SELECT joined FROM chat_links")) == 1
