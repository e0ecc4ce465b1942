"""Whom a campaign chooses, and why somebody of them does not get it."""

from typing import Any

import pytest

from engine.actor import Actor
from engine.campaigns import audience_store
from engine.campaigns.audience import LeftOut
from engine.contacts import segments
from engine.contacts.segments import Comparison, HasAttribute
from models import Campaign, Segment
from models.enums import ConsentState, DeviceChoice, DeviceState, LeadStatus
from tests.integration.engine.campaigning import draft, interested, listed
from tests.integration.engine.world import World


async def chosen(world: World, campaign_id: int) -> dict[int, str | None]:
    """The people, in the order in which a fan-out takes them, and why they are left out."""
    async with world.database.transaction() as session:
        campaign = await session.get_one(Campaign, campaign_id)
        people = await audience_store.people_of(session, campaign, world.clock.now())
        rows = await session.rows(people.next_behind(0), {**people.values, "chunk": 1000})
        rows = sorted(rows, key=lambda row: row.id)  # the fan-out numbers them so
        whole = await session.rows(people.everybody, people.values)
        assert sorted((row.id, row.left_out) for row in whole) == [(row.id, row.left_out) for row in rows]
    return {row.id: row.left_out for row in rows}


async def counted(world: World, campaign_id: int) -> dict[LeftOut | None, int]:
    async with world.database.transaction() as session:
        campaign = await session.get_one(Campaign, campaign_id)
        return await audience_store.count(session, campaign, world.clock.now())


@pytest.fixture
async def device(world: World) -> int:
    return await world.device()


async def test_an_audience_that_nobody_has_chosen_is_nobody(world: World, device: int) -> None:
    await world.contacts(2)
    assert len(await chosen(world, await draft(world, [device]))) == 2
    assert await chosen(world, await draft(world, [device], audience_set=False)) == {}


async def test_a_niche_is_matched_whole_and_in_any_case(world: World, device: int) -> None:
    exact, other_case, longer, shorter = await world.contacts(4)
    await interested(world, "Solar", [exact])
    await interested(world, "SOLAR", [other_case])
    await interested(world, "Solar panels", [longer])
    await interested(world, "Sol", [shorter])
    campaign = await draft(world, [device], niche="solar")
    assert await chosen(world, campaign) == {exact: None, other_case: None}


async def test_a_status_counts_in_the_niche_itself(world: World, device: int) -> None:
    """A customer of one niche may be a prospect of another."""
    customer, prospect = await world.contacts(2)
    await interested(world, "Solar", [customer], LeadStatus.CUSTOMER)
    await interested(world, "Solar", [prospect])
    await interested(world, "Roofs", [prospect], LeadStatus.CUSTOMER)
    of_niche = await draft(world, [device], niche="Solar", lead_status=LeadStatus.CUSTOMER)
    of_any = await draft(world, [device], lead_status=LeadStatus.CUSTOMER)
    assert await chosen(world, of_niche) == {customer: None}
    assert await chosen(world, of_any) == {customer: None, prospect: None}


async def test_a_list_chooses_its_members(world: World, device: int) -> None:
    _, member, other = await world.contacts(3)
    campaign = await draft(world, [device], list_id=await listed(world, [other, member]))
    assert await chosen(world, campaign) == {member: None, other: None}


async def test_a_segment_chooses_who_meets_its_conditions_now(world: World, device: int) -> None:
    (near,) = await world.contacts(1, attributes={"city": "Ipoh"})
    await world.contacts(1, attributes={"city": "Penang"})
    async with world.database.transaction() as session:
        conditions = segments.to_json([HasAttribute("city", Comparison.IS, "ipoh")])
        segment = Segment(workspace_id=world.actor.workspace_id, name="Near", conditions=conditions)
        session.add(segment)
    campaign = await draft(world, [device], segment_id=segment.id)
    assert await chosen(world, campaign) == {near: None}


async def test_a_follow_up_goes_to_who_got_the_first_one_or_may_have(world: World, device: int) -> None:
    got, unsure, on_its_way, waits, failed, _ = people = await world.contacts(6)
    first = await draft(world, [device])
    columns = {got: "sent", unsure: "unknown", on_its_way: None, waits: None, failed: "failed"}
    for person, outcome in columns.items():
        await world.run(
            "INSERT INTO messages (workspace_id, lane, campaign_id, contact_id, device_id, due_at, outcome, body)"
            " VALUES (:id, 'campaign', :campaign, :person, :device, now(), :outcome, 'Hi')",
            id=world.actor.workspace_id, campaign=first, person=person, device=device, outcome=outcome,
        )  # fmt: skip
    message = "(SELECT id FROM messages WHERE contact_id = :person)"
    await world.run(f"DELETE FROM queue WHERE message_id = {message}", person=on_its_way)
    campaign = await draft(world, [device], follows_id=first)
    assert await chosen(world, campaign) == {got: None, unsure: None, on_its_way: None}
    assert len(people) == 6
    await world.run("DELETE FROM messages")


async def test_everybody_is_everybody_of_this_team_but_the_unlisted(
    world: World, device: int, stranger: Actor
) -> None:
    (ours,) = await world.contacts(1)
    await world.contacts(1, unlisted=True)
    await World(world.database, world.clock, stranger).contacts(1)
    assert await chosen(world, await draft(world, [device])) == {ours: None}


REASONS: dict[str, tuple[dict[str, Any], str | None]] = {
    "may be written to": ({}, None),
    "never asked": ({"consent": None}, "no_consent"),
    "has said no": ({"consent": ConsentState.OPTED_OUT}, "opted_out"),
}


@pytest.mark.parametrize("name", REASONS)
async def test_who_may_not_be_written_to_is_left_out(world: World, device: int, name: str) -> None:
    columns, reason = REASONS[name]
    (person,) = await world.contacts(1, **columns)
    assert await chosen(world, await draft(world, [device])) == {person: reason}


async def test_an_opt_out_counts_before_everything_else(world: World) -> None:
    (person,) = await world.contacts(1, consent=None)
    await world.opt_outs.opt_out(world.actor, person)
    campaign = await draft(world, [await world.device(state=DeviceState.LOGGED_OUT)])
    assert await chosen(world, campaign) == {person: "opted_out"}


async def test_nobody_gets_it_from_devices_that_are_lost_or_removed(world: World) -> None:
    devices = [
        await world.device("Lost", state=DeviceState.TEMP_BANNED),
        await world.device("Removed", removed_at=world.clock.now()),
    ]
    (person,) = await world.contacts(1)
    campaign = await draft(world, devices)
    assert await chosen(world, campaign) == {person: "no_device"}
    await world.run("UPDATE user_devices SET state = 'online' WHERE name = 'Lost'")
    assert await chosen(world, campaign) == {person: None}


async def test_only_who_knows_a_device_gets_it_from_the_one_they_know(world: World, device: int) -> None:
    lost = await world.device("Lost", state=DeviceState.LOGGED_OUT)
    (knows,) = await world.contacts(1, device_id=device)
    (knew,) = await world.contacts(1, device_id=lost)
    (new,) = await world.contacts(1)
    campaign = await draft(world, device_choice=DeviceChoice.KNOWN)
    assert await chosen(world, campaign) == {knows: None, knew: "no_device", new: "no_device"}


async def test_people_are_counted_by_reason(world: World, device: int) -> None:
    await world.contacts(3)
    await world.contacts(2, consent=None)
    counts = await counted(world, await draft(world, [device]))
    assert counts == {None: 3, LeftOut.NO_CONSENT: 2}
