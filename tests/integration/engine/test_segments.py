"""Segments on a real PostgreSQL: whom each condition chooses."""

import asyncio

import pytest
from sqlalchemy import text

from engine.contacts.segments import (
    Comparison,
    Condition,
    Contacted,
    HasAttribute,
    HasInterest,
    InSequence,
    OnList,
    Replied,
)
from engine.errors import ConflictError, InvalidInputError, NotFoundError
from engine.sequences.enrolment import Who
from engine.transports.contract import Inbound
from models import Campaign, ContactList, Lead, ListMember
from models.enums import CampaignStatus, LeadStatus
from tests.integration.engine.world import World, at, until

CUSTOMER, PROSPECT = LeadStatus.CUSTOMER, LeadStatus.PROSPECT


@pytest.fixture
async def people(world: World) -> dict[str, int]:
    """Four people who differ in everything that can be asked for."""
    named = {
        "Aisyah": {"city": "Ipoh", "age": "41", "joined": "2025-11-30"},
        "Bala": {"city": "ipoh", "age": "9.5", "joined": "2026-01-02"},
        "Chong": {"city": "Kuala Lumpur", "age": "about 30"},
        "Devi": {},
    }
    ids = {}
    for name, attributes in named.items():
        (ids[name],) = await world.contacts(1, name=name, attributes=attributes)
    workspace_id = world.actor.workspace_id
    async with world.database.transaction() as session:
        session.add_all(
            [
                Lead(workspace_id=workspace_id, contact_id=ids["Aisyah"], niche="Yoga", status=CUSTOMER),
                Lead(workspace_id=workspace_id, contact_id=ids["Bala"], niche="yoga", status=PROSPECT),
                Lead(workspace_id=workspace_id, contact_id=ids["Chong"], niche="Yoga mats", status=PROSPECT),
            ]
        )
    return ids


async def chosen(world: World, *conditions: Condition) -> set[str]:
    found = await world.segments.match(world.actor, conditions, some=10)
    assert found.people == len(found.some)
    return set(found.some)


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        (HasInterest("YOGA"), {"Aisyah", "Bala"}),
        (HasInterest("yog"), set()),
        (HasInterest("yoga", CUSTOMER), {"Aisyah"}),
        (HasInterest("yoga", CUSTOMER, holds=False), {"Bala", "Chong", "Devi"}),
        (HasInterest(status=PROSPECT), {"Bala", "Chong"}),
        (HasInterest(), {"Aisyah", "Bala", "Chong"}),
        (HasInterest(holds=False), {"Devi"}),
        (HasAttribute("city", Comparison.IS, "IPOH"), {"Aisyah", "Bala"}),
        (HasAttribute("city", Comparison.IS_NOT, "Ipoh"), {"Chong", "Devi"}),
        (HasAttribute("city", Comparison.CONTAINS, "lumpur"), {"Chong"}),
        (HasAttribute("city", Comparison.KNOWN), {"Aisyah", "Bala", "Chong"}),
        (HasAttribute("city", Comparison.UNKNOWN), {"Devi"}),
        (HasAttribute("age", Comparison.AT_LEAST, "10"), {"Aisyah"}),
        (HasAttribute("age", Comparison.AT_MOST, "10"), {"Bala"}),
        (HasAttribute("age", Comparison.AT_LEAST, "１０"), {"Aisyah"}),
        (HasAttribute("age", Comparison.AT_LEAST, "١٠"), set()),
        (HasAttribute("joined", Comparison.AT_LEAST, "2026-01-01"), {"Bala"}),
        (HasAttribute("joined", Comparison.AT_MOST, "2026-01-01"), {"Aisyah"}),
        (HasAttribute("age'; --", Comparison.IS, "'"), set()),
    ],
)
async def test_a_condition_chooses(world, people, condition, names):
    assert await chosen(world, condition) == names


async def test_all_conditions_have_to_hold(world, people):
    assert await chosen(world, HasInterest("yoga"), HasAttribute("age", Comparison.AT_LEAST, "10")) == {"Aisyah"}
    assert await chosen(world) == {"Aisyah", "Bala", "Chong", "Devi"}


async def test_a_list_chooses_who_is_on_it(world, people, stranger):
    async with world.database.transaction() as session:
        row = ContactList(workspace_id=world.actor.workspace_id, name="Fair")
        session.add(row)
        await session.flush()
        session.add(ListMember(workspace_id=row.workspace_id, list_id=row.id, contact_id=people["Devi"]))
    assert await chosen(world, OnList(row.id)) == {"Devi"}
    assert await chosen(world, OnList(row.id, holds=False)) == {"Aisyah", "Bala", "Chong"}
    found = await world.segments.match(world.actor, [OnList(row.id)])
    assert found.lists == {row.id: "Fair"}
    elsewhere = World(world.database, world.clock, stranger)
    found = await elsewhere.segments.match(stranger, [OnList(row.id)])
    assert (found.people, found.lists) == (0, {})


async def test_a_sequence_chooses_who_is_or_was_in_it(world, people):
    device = await world.device()
    sequence = await world.sequence([device], (1, 11, "Hi"))
    await world.enrolments.join_contacts(world.actor, sequence, [people["Aisyah"], people["Bala"]])
    run = await world.one("SELECT id FROM sequence_contacts WHERE contact_id = :id", id=people["Bala"])
    await world.runs.remove(world.actor, run)
    assert await chosen(world, InSequence(sequence)) == {"Aisyah"}
    assert await chosen(world, InSequence(sequence, ever=True)) == {"Aisyah", "Bala"}
    assert await chosen(world, InSequence(sequence, ever=True, holds=False)) == {"Chong", "Devi"}


async def test_what_reached_whom_and_who_wrote_back(world, people):
    device = await world.device()
    sequence = await world.sequence([device], (1, 11, "Hi"))
    await world.enrolments.join_contacts(world.actor, sequence, [people["Aisyah"]])
    await world.move_to(at(5, 11))
    engine = await world.engine()
    assert await engine.send_all(device) == ["Hi"]
    await world.inbox.receive(device, Inbound("r1", "+60120000001", "Yes please"))
    await world.inbox.receive(device, Inbound("r2", "+60120000002", "STOP"))
    assert await chosen(world, Contacted(1)) == {"Aisyah"}
    assert await chosen(world, Contacted(1, holds=False)) == {"Bala", "Chong", "Devi"}
    assert await chosen(world, Replied()) == {"Aisyah"}
    world.clock.set(at(8, 11))
    assert await chosen(world, Contacted(1)) == set()
    assert await chosen(world, Contacted(5), Replied(5)) == {"Aisyah"}
    assert await chosen(world, Replied(2, holds=False)) == {"Aisyah", "Bala", "Chong", "Devi"}


async def test_it_tells_who_of_them_may_be_written_to(world, people):
    await world.opt_outs.opt_out(world.actor, people["Aisyah"])
    await world.contacts(1, name="Eng", consent=None, attributes={"city": "Ipoh"})
    await world.contacts(1, name="Mine", unlisted=True, attributes={"city": "Ipoh"})
    found = await world.segments.match(world.actor, [HasAttribute("city", Comparison.IS, "Ipoh")])
    assert (found.people, found.sendable) == (3, 1)


async def test_a_saved_segment_is_whoever_is_in_it_when_it_is_used(world, people):
    device = await world.device()
    sequence = await world.sequence([device], (1, 11, "Hi"))
    segment = await world.segments.save(world.actor, "In Ipoh", [HasAttribute("city", Comparison.IS, "Ipoh")])
    await world.contacts(1, name="Farid", attributes={"city": "Ipoh"})
    report = await world.enrolments.join(world.actor, sequence, Who(segment_id=segment))
    assert report.joined == 3


async def test_a_segment_is_renamed_changed_and_let_go(world, people):
    segment = await world.segments.save(world.actor, "One", [Replied()])
    with pytest.raises(ConflictError, match="“one” already"):
        await world.segments.save(world.actor, "one", [Replied()])
    await world.segments.rename(world.actor, segment, "Two")
    await world.segments.change(world.actor, segment, [Contacted(30, holds=False)])
    (found,) = await world.segments.all(world.actor)
    assert (found.name, found.conditions) == ("Two", (Contacted(30, holds=False),))
    await world.segments.delete(world.actor, segment)
    with pytest.raises(NotFoundError):
        await world.segments.get(world.actor, segment)


async def test_a_segment_without_a_condition_or_of_a_list_that_is_gone_is_refused(world):
    with pytest.raises(InvalidInputError):
        await world.segments.save(world.actor, "Everybody", [])
    with pytest.raises(NotFoundError):
        await world.segments.save(world.actor, "Gone", [OnList(99)])


async def test_a_campaign_that_is_to_go_out_keeps_its_segment(world, people):
    segment = await world.segments.save(world.actor, "One", [Replied()])
    async with world.database.transaction() as session:
        campaign = Campaign(
            workspace_id=world.actor.workspace_id, name="Sale", segment_id=segment, audience_set=True,
            status=CampaignStatus.SCHEDULED, scheduled_at=world.clock.now(),
        )  # fmt: skip
        session.add(campaign)
    with pytest.raises(ConflictError, match="“Sale”"):
        await world.segments.delete(world.actor, segment)
    async with world.database.transaction() as session:
        await session.execute(text("UPDATE campaigns SET status = 'finished'"))
    await world.segments.delete(world.actor, segment)
    assert await world.rows("SELECT segment_id, audience_set FROM campaigns") == [(None, False)]


async def test_a_campaign_that_is_launched_at_this_moment_does_not_go_to_everybody(world, people):
    segment = await world.segments.save(world.actor, "One", [Replied()])
    async with world.database.transaction() as session:
        session.add(
            Campaign(workspace_id=world.actor.workspace_id, name="Sale", segment_id=segment, audience_set=True)
        )
    async with world.database.transaction() as session:
        await session.execute(text("UPDATE campaigns SET status = 'scheduled', scheduled_at = now()"))
        deleting = asyncio.create_task(world.segments.delete(world.actor, segment))
        await until(world.somebody_waits)
    with pytest.raises(ConflictError, match="“Sale”"):
        await deleting
    assert await world.rows("SELECT segment_id, audience_set FROM campaigns") == [(segment, True)]


async def test_what_there_is_to_ask_for_is_offered(world, people):
    assert [(one.value, one.contacts) for one in await world.segments.keys(world.actor)] == [
        ("age", 3), ("city", 3), ("joined", 2),
    ]  # fmt: skip
    values = await world.segments.values(world.actor, "city")
    assert {one.value for one in values} == {"Ipoh", "ipoh", "Kuala Lumpur"}
    assert await world.segments.values(world.actor, "nothing") == []
