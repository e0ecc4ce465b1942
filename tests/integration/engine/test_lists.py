"""A list's card, its name, and its end."""

import asyncio
import json

import pytest
from sqlalchemy import text

from engine.errors import ConflictError, InvalidInputError
from tests.integration.engine.world import until


@pytest.fixture
async def people(world) -> int:
    """A list of four: two can be sent to, one has opted out, of one nobody knows."""
    members = [*await world.contacts(3), *await world.contacts(1, consent=None)]
    await world.opt_outs.opt_out(world.actor, members[0])
    workspace = world.actor.workspace_id
    await world.run(
        "INSERT INTO lists (workspace_id, name, created_by) VALUES (:w, 'Expo', :by)",
        w=workspace,
        by=world.actor.operator_id,
    )
    await world.run(
        "INSERT INTO list_members (list_id, contact_id, workspace_id)"
        " SELECT l.id, c.id, :w FROM lists l, contacts c WHERE c.id = ANY(:ids)",
        w=workspace,
        ids=members,
    )
    return await world.one("SELECT id FROM lists")


async def used(world, table: str, columns: str, values: str, **named) -> None:
    await world.run(
        f"INSERT INTO {table} (workspace_id, {columns}) VALUES (:w, {values})",
        w=world.actor.workspace_id,
        **named,
    )


async def test_the_card_counts_whom_it_can_reach(world, people):
    card = await world.lists.card(world.actor, people)
    assert (card.name, card.made_by, card.import_id) == ("Expo", "Owner of Acme", None)
    assert (card.people, card.sendable, card.opted_out, card.without_permission) == (4, 2, 1, 1)


async def test_a_deleted_person_is_not_counted(world, people):
    await world.deletion.delete(world.actor, await world.one("SELECT max(id) FROM contacts"))
    assert (await world.lists.card(world.actor, people)).people == 3


async def test_it_is_renamed(world, people):
    assert await world.lists.rename(world.actor, people, "  Expo  2026 ") == "Expo 2026"
    assert [found.name for found in await world.book.lists(world.actor)] == ["Expo 2026"]
    with pytest.raises(InvalidInputError):
        await world.lists.rename(world.actor, people, " ")


async def test_it_goes_and_its_people_stay(world, people):
    await world.lists.delete(world.actor, people)
    assert await world.book.lists(world.actor) == []
    assert await world.rows("SELECT * FROM list_members") == []
    assert await world.book.count(world.actor) == 4


async def test_it_stays_while_a_campaign_goes_to_it(world, people):
    columns = "name, status, audience_set, list_id, scheduled_at, fanned_at"
    await used(world, "campaigns", columns, "'Sale', 'scheduled', true, :l, now(), NULL", l=people)
    with pytest.raises(ConflictError, match="The campaign “Sale” goes to this list"):
        await world.lists.delete(world.actor, people)


async def test_a_draft_for_it_has_no_audience_then_and_not_everybody(world, people):
    await used(world, "campaigns", "name, audience_set, list_id", "'Sale', true, :l", l=people)
    await world.lists.delete(world.actor, people)
    assert await world.one("SELECT audience_set, list_id FROM campaigns") == (False, None)


async def test_a_campaign_that_is_launched_at_this_moment_does_not_go_to_everybody(world, people):
    await used(world, "campaigns", "name, audience_set, list_id", "'Sale', true, :l", l=people)
    async with world.database.transaction() as session:
        await session.execute(text("UPDATE campaigns SET status = 'scheduled', scheduled_at = now()"))
        deleting = asyncio.create_task(world.lists.delete(world.actor, people))
        await until(world.somebody_waits)
    with pytest.raises(ConflictError, match="The campaign “Sale” goes to this list"):
        await deleting
    assert await world.one("SELECT audience_set, list_id FROM campaigns") == (True, people)


async def test_it_stays_while_a_segment_asks_for_it(world, people):
    condition = json.dumps([{"kind": "list", "list_id": people, "holds": False}])
    await used(world, "segments", "name, conditions", "'New', CAST(:c AS jsonb)", c=condition)
    with pytest.raises(ConflictError, match="segment “New”"):
        await world.lists.delete(world.actor, people)
