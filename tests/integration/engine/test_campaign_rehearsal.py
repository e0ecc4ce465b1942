"""Test to me: a campaign's message on the operator's own phone, as one of its people would get it."""

from datetime import timedelta
from typing import Any

import pytest

from engine.broadcast.rehearsing import Rehearsal
from engine.campaigns.rehearsal import CampaignRehearsals
from engine.errors import ConflictError, InvalidInputError
from engine.operators import Operators
from engine.sequences.rehearsal import Rehearsals
from models.enums import DeviceChoice, DeviceState
from tests.integration.engine.campaigning import draft, interested
from tests.integration.engine.world import World

OWN = "+60123456789"


@pytest.fixture(autouse=True)
async def _own_number(world: World) -> None:
    await Operators(world.database, world.clock).set_phone(world.actor, "012-345 6789")


async def rehearsed(world: World, campaign: int) -> Rehearsal:
    return await CampaignRehearsals(world.database, world.clock).run(world.actor, campaign)


async def send_all(world: World, device: int) -> list[str]:
    world.clock.set(world.clock.now() + timedelta(minutes=1))
    return await world.engines[0].send_all(device)


async def test_it_arrives_filled_in_for_one_of_those_who_get_it(world: World) -> None:
    device = await world.device("Sales-1")
    await world.engine()
    await world.contacts(2, consent=None)
    yoga = await world.contacts(2)
    await world.contacts(1)
    await interested(world, "Yoga", yoga)
    campaign = await draft(world, [device], niche="Yoga", body="Hi {{ name }}!")
    rehearsal = await rehearsed(world, campaign)
    assert (rehearsal.phone, rehearsal.device, rehearsal.sample) == (OWN, "Sales-1", "Person 3")
    assert await send_all(world, device) == ["Hi Person 3!"]
    progress = await Rehearsals(world.database, world.clock).progress(world.actor, rehearsal.message_ids)
    assert (progress.messages, progress.sent) == (1, 1)
    assert await world.one("SELECT count(*) FROM messages WHERE campaign_id IS NOT NULL") == 0
    assert await world.one("SELECT lane FROM messages") == "test"


async def test_a_second_press_takes_the_place_of_the_first(world: World) -> None:
    device = await world.device()
    await world.engine()
    campaign = await draft(world, [device], body="Hi")
    for _ in range(3):
        await rehearsed(world, campaign)
    assert await send_all(world, device) == ["Hi"]


async def test_also_before_anybody_is_chosen(world: World) -> None:
    device = await world.device()
    await world.engine()
    await rehearsed(world, await draft(world, [device], audience_set=False))
    assert await send_all(world, device) == ["Hi Alex Tan"]


async def test_where_everybody_has_a_device_of_their_own_any_may_send_it(world: World) -> None:
    await world.device("Any")
    await world.device("Gone", state=DeviceState.LOGGED_OUT)
    await world.engine()
    assert (await rehearsed(world, await draft(world, device_choice=DeviceChoice.KNOWN))).device == "Any"


@pytest.mark.parametrize(
    ("columns", "error", "said"),
    [
        ({"body": ""}, ConflictError, "no message yet"),
        ({"body": "{{ attributes.city }}"}, InvalidInputError, "The message needs"),
        ({"body": "{{ attributes.city | default('') }}"}, InvalidInputError, "nothing is left"),
    ],
)
async def test_what_cannot_be_sent_is_told_and_nothing_is_queued(
    world: World, columns: dict[str, Any], error: type[Exception], said: str
) -> None:
    device = await world.device()
    await world.engine()
    await world.contacts(1)
    with pytest.raises(error, match=said):
        await rehearsed(world, await draft(world, [device], **columns))
    assert await world.statuses() == []


async def test_without_a_device_that_can_send_it_says_so(world: World) -> None:
    with pytest.raises(ConflictError, match="This campaign has no device"):
        await rehearsed(world, await draft(world))
    paused = await world.device("Paused", paused_at=world.clock.now())
    await world.engine()
    with pytest.raises(ConflictError, match=r"No device of this campaign can send right now \(Paused: paused\)"):
        await rehearsed(world, await draft(world, [paused]))
