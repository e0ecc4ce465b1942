"""The frequency cap: how many campaigns and sequences reach one person on one day, over all devices."""

import asyncio
from datetime import timedelta

import pytest

from engine.broadcast.claims import Busy, Claimed, Refused
from engine.contacts.why_not import ObstacleKind
from models.enums import MissedPolicy
from tests.integration.engine.test_pausing import SlowLibrary
from tests.integration.engine.world import HandEngine, World, at


@pytest.fixture(autouse=True)
async def _one_a_day(world: World) -> None:
    await world.run("UPDATE workspaces SET frequency_cap = 1")


async def test_a_second_campaign_comes_on_the_next_day(world: World) -> None:
    first, second = await world.device("Sales-1"), await world.device("Sales-2")
    people = await world.contacts(2)
    await world.campaign([first], people, "one")
    await world.campaign([second], people, "two", name="Second")
    engine = await world.engine()
    assert await engine.send_all(first) == ["one", "one"]
    assert [await engine.claim(second) for _ in range(2)] == [Refused(), Refused()]
    assert await world.rows("SELECT due_at FROM messages WHERE outcome IS NULL") == [(at(6, 10),)] * 2
    world.clock.set(at(6, 10))
    assert await engine.send_all(second) == ["two", "two"]


async def test_a_correction_does_not_wait_for_tomorrow(world: World) -> None:
    device = await world.device()
    people = await world.contacts(2)
    wrong = await world.campaign([device], people, "the price is 2")
    engine = await world.engine()
    await engine.send_all(device)
    await world.campaign([device], people, "the price is 20", name="Correction: Sale", follows_id=wrong)
    await world.campaign([device], people, "another", name="Another")
    assert await engine.send_all(device) == ["the price is 20", "the price is 20"]


@pytest.mark.parametrize("unclear", [False, True])
async def test_what_is_on_its_way_or_unknown_has_reached_them(world: World, *, unclear: bool) -> None:
    first, second = await world.device("Sales-1"), await world.device("Sales-2")
    people = await world.contacts(1)
    await world.campaign([first], people)
    await world.campaign([second], people)
    engine = await world.engine()
    if unclear:
        await engine.unclear(first)
    else:
        assert isinstance(await engine.claim(first), Claimed)
    assert await engine.claim(second) == Refused()


async def test_what_did_not_reach_them_does_not_count(world: World) -> None:
    first, second = await world.device("Sales-1"), await world.device("Sales-2")
    people = await world.contacts(1)
    campaign = await world.campaign([first], people)
    await world.campaign([second], people, "two")
    engine = await world.engine()
    await world.campaign_control.cancel_rest(world.actor, campaign)
    assert await engine.send_all(second) == ["two"]


async def test_a_step_counts_and_is_capped_as_if_missed(world: World) -> None:
    sequence, device = await world.running((1, 11, "step"), (2, 11, "next"))
    await world.campaign([device], [1], "sale")
    engine = await world.engine()
    assert await engine.send_all(device) == ["sale"]
    await world.move_to(at(5, 11))
    assert await engine.send_all(device) == []
    assert await world.one("SELECT due_at FROM messages WHERE outcome IS NULL") == at(6, 11)
    assert await world.one("SELECT anchor_date FROM sequence_contacts") == at(6, 0).date()
    await world.campaign([device], [1], "second sale", name="Second")
    await world.move_to(at(6, 11))
    assert await engine.send_all(device) == ["step"]  # it goes first, and now the campaign has to wait
    assert sequence


async def test_a_capped_step_is_skipped_if_that_is_what_becomes_of_late_ones(world: World) -> None:
    _, device = await world.running((1, 11, "step"), (1, 14, "next"), missed_policy=MissedPolicy.SKIP)
    await world.campaign([device], [1], "sale")
    engine = await world.engine()
    await engine.send_all(device)
    await world.move_to(at(5, 11))
    assert await engine.send_all(device) == []
    assert await world.one("SELECT outcome, error_code, error FROM messages WHERE lane = 'sequence'") == (
        "skipped", "capped", "they had a message of “Sale” today",
    )  # fmt: skip


async def test_the_steps_of_one_day_are_one(world: World) -> None:
    _, device = await world.running((1, 11, "one"), (1, 12, "two"))
    engine = await world.engine()
    await world.move_to(at(5, 11))
    assert await engine.send_all(device) == ["one"]
    await world.move_to(at(5, 12))
    assert await engine.send_all(device) == ["two"]


async def test_the_day_is_the_contacts_own(world: World) -> None:
    """At ten in Kuala Lumpur it is still yesterday in Los Angeles: six in the evening."""
    device = await world.device()
    people = await world.contacts(1, time_zone="America/Los_Angeles")
    await world.campaign([device], people, "one")
    engine = await world.engine()
    assert await engine.send_all(device) == ["one"]
    world.clock.set(at(5, 15))  # eleven in the evening there
    await world.campaign([device], people, "two", name="Second")
    assert await engine.claim(device) == Refused()
    world.clock.set(at(5, 16))  # midnight
    await world.campaign([device], people, "three", name="Third")
    assert await engine.send_all(device) == ["three"]


async def test_what_an_operator_sends_once_more_is_exempt_and_so_are_tests(world: World) -> None:
    device = await world.device()
    people = await world.contacts(1)
    await world.campaign([device], people, "one")
    engine = await world.engine()
    claimed = await engine.unclear(device)
    await world.run(
        "INSERT INTO messages (workspace_id, lane, contact_id, device_id, due_at, body)"
        " VALUES (:id, 'test', 1, :device, :at, 'a test')",
        id=world.actor.workspace_id, device=device, at=world.clock.now(),
    )  # fmt: skip
    await world.doubts.send_again(world.actor, claimed.message.ref)
    assert await engine.send_all(device) == ["a test", "one"]


async def test_two_devices_that_claim_for_one_person_at_once_do_not_both_pass(world: World) -> None:
    """In one engine, of which a batch asks for one message a person; and in two, of which the second does not wait."""
    first, second = await world.device("Sales-1"), await world.device("Sales-2")
    people = await world.contacts(1)
    await world.campaign([first], people, "one")
    await world.campaign([second], people, "two", name="Second")
    engine = await world.engine()
    asks = [ask for device in (first, second) if (ask := await engine.ask(device)) is not None]
    together = await engine.claims.claim(asks)
    assert [type(answer) for answer in together] == [Claimed, Busy]


async def test_an_engine_does_not_see_what_another_is_just_claiming_and_asks_again(world: World) -> None:
    first = await world.device("Sales-1")
    one = await world.engine()
    second = await world.device("Sales-2")
    other = await world.engine()
    people = await world.contacts(1)
    await world.campaign([first], people, "one")
    await world.campaign([second], people, "two", name="Second")
    library = SlowLibrary()
    slow = HandEngine(world, one.ownership, library)
    claiming = asyncio.create_task(slow.claim(first))
    await library.reached.wait()
    assert await other.claim(second) == Busy()
    library.go_on.set()
    assert isinstance(await claiming, Claimed)
    assert await other.claim(second) == Refused()


async def test_the_card_says_what_they_had(world: World) -> None:
    _, device = await world.running((1, 11, "step"))
    await world.campaign([device], [1], "sale")
    engine = await world.engine()
    await engine.send_all(device)
    await world.move_to(at(5, 11))
    (run,) = (await world.cards.get(world.actor, 1)).runs
    assert run.next is not None
    (obstacle,) = [one for one in run.next.obstacles if one.kind is ObstacleKind.FREQUENCY]
    assert (obstacle.words, obstacle.until) == ("they had a message of “Sale” today", at(6, 11))
    assert run.next.outlook.at == at(6, 11)


async def test_without_a_cap_everything_goes(world: World) -> None:
    await world.run("UPDATE workspaces SET frequency_cap = NULL")
    device = await world.device()
    people = await world.contacts(1)
    for number in range(3):
        await world.campaign(
            [device], people, f"{number}", scheduled_at=world.clock.now() - timedelta(hours=9 - number)
        )
    engine = await world.engine()
    assert await engine.send_all(device) == ["0", "1", "2"]


async def test_two_a_day_are_two(world: World) -> None:
    await world.run("UPDATE workspaces SET frequency_cap = 2")
    device = await world.device()
    people = await world.contacts(1)
    for number in range(3):
        await world.campaign(
            [device], people, f"{number}", scheduled_at=world.clock.now() - timedelta(hours=9 - number)
        )
    engine = await world.engine()
    assert await engine.send_all(device) == ["0", "1"]
