"""Who becomes a customer gets nothing more of what was to win them."""

import pytest

from engine.broadcast.claims import Claimed
from engine.errors import NotFoundError
from tests.integration.engine.world import World, at

RUNS = """
SELECT s.name, e.status, e.exit_reason FROM sequence_contacts e JOIN sequences s ON s.id = e.sequence_id ORDER BY 1
"""
LEADS = "SELECT niche, status FROM leads ORDER BY niche"


@pytest.fixture
async def person(world: World) -> int:
    """Somebody in a sequence for solar, in one for boxing and in one for everybody."""
    device = await world.device()
    (contact,) = await world.contacts(1)
    for name, niche in (("Solar", "SOLAR"), ("Boxing", "boxing"), ("Welcome", None)):
        sequence = await world.sequence([device], (1, 11, name), (2, 11, name), name=name, niche=niche)
        await world.enrolments.join_contacts(world.actor, sequence, [contact])
    for niche in ("solar", "Boxing"):
        await world.run(
            "INSERT INTO leads (workspace_id, contact_id, niche) VALUES (:workspace, :contact, :niche)",
            workspace=world.actor.workspace_id, contact=contact, niche=niche,
        )  # fmt: skip
    return contact


async def test_a_customer_of_one_niche_leaves_its_sequences(world: World, person: int) -> None:
    await world.move_to(at(5, 11))
    assert await world.leads.become_customer(world.actor, person, " Solar ") == 1
    assert await world.rows(RUNS) == [
        ("Boxing", "active", None), ("Solar", "exited", "customer"), ("Welcome", "active", None),
    ]  # fmt: skip
    assert await world.rows(LEADS) == [("Boxing", "prospect"), ("solar", "customer")]
    assert sorted(await world.statuses()) == ["cancelled", "pending", "pending"]
    assert await (await world.engine()).send_all(1) == ["Boxing", "Welcome"]


async def test_a_customer_of_all_leaves_everything(world: World, person: int) -> None:
    assert await world.leads.become_customer(world.actor, person, None) == 3
    assert {(status, reason) for _, status, reason in await world.rows(RUNS)} == {("exited", "customer")}
    assert await world.rows(LEADS) == [("Boxing", "customer"), ("solar", "customer")]


async def test_once_more_does_nothing(world: World, person: int) -> None:
    await world.leads.become_customer(world.actor, person, None)
    assert await world.leads.become_customer(world.actor, person, None) == 0


async def test_a_customer_of_what_nobody_had_noted_is_noted(world: World, person: int) -> None:
    assert await world.leads.become_customer(world.actor, person, "Yoga") == 0
    assert ("Yoga", "customer") in await world.rows(LEADS)


async def test_what_is_on_its_way_arrives_and_nothing_comes_after_it(world: World, person: int) -> None:
    engine = await world.engine()
    await world.move_to(at(5, 11))
    claimed = await engine.claim(1)
    assert isinstance(claimed, Claimed)
    await world.leads.become_customer(world.actor, person, None)
    await engine.sent(1, claimed)
    assert sorted(await world.statuses()) == ["cancelled", "cancelled", "sent"]
    assert {(status, reason) for _, status, reason in await world.rows(RUNS)} == {("exited", "customer")}
    await world.move_to(at(6, 11))
    assert await engine.send_all(1) == []


async def test_a_customer_does_not_go_on_to_the_next_sequence(world: World, person: int) -> None:
    solar, _boxing, _ = [row[0] for row in await world.rows("SELECT id FROM sequences ORDER BY id")]
    after = await world.sequence([1], (1, 12, "next"), name="Next")
    await world.rules.change(world.actor, solar, next_sequence_id=after)
    await world.leads.become_customer(world.actor, person, "solar")
    assert len(await world.rows(RUNS)) == 3


async def test_nobody_who_is_not_there_becomes_one(world: World) -> None:
    with pytest.raises(NotFoundError, match="not in the contact book any more"):
        await world.leads.become_customer(world.actor, 999, None)
