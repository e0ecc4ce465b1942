"""A device is lost for good: its people go to the other devices of their pools, or wait."""

import asyncio
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.broadcast.claims import Busy, Claimed, Gone
from engine.devices.relocation_store import place
from engine.errors import ConflictError
from engine.transports.contract import Rejected, Sent
from models.enums import DeviceState
from tests.integration.engine.world import World, at

LOST = "UPDATE user_devices SET state = 'logged_out' WHERE id = :id"
DEVICES = "SELECT device_id, count(*) FROM sequence_contacts GROUP BY 1 ORDER BY 1"


async def crowd(world: World, people: int = 12, others: int = 2) -> tuple[int, list[int], list[int]]:
    """All people of a sequence are with Sales-1; then two more devices join its pool."""
    first = await world.device("Sales-1")
    sequence = await world.sequence([first], (1, 11, "Hi {{ name }}"), (2, 11, "two"))
    contacts = await world.contacts(people)
    await world.enrolments.join_contacts(world.actor, sequence, contacts)
    more = [await world.device(f"Sales-{number}") for number in range(2, 2 + others)]
    await world.editor.set_devices(world.actor, sequence, [first, *more])
    return first, more, contacts


async def told(world: World) -> list[tuple[Any, ...]]:
    return await world.rows("SELECT kind, status, text FROM alerts ORDER BY id")


async def test_people_of_a_lost_device_are_spread_over_the_rest_of_the_pool(world: World) -> None:
    first, (second, third), _ = await crowd(world)
    await world.move_to(at(5, 11))
    assert await world.relocation.run_once() == 0
    await world.run(LOST, id=first)
    assert await world.relocation.run_once() == 12
    assert await world.rows(DEVICES) == [(second, 6), (third, 6)]
    for table in ("queue", "messages"):
        assert set(await world.rows(f"SELECT device_id, count(*) FROM {table} GROUP BY 1")) == {
            (second, 6),
            (third, 6),
        }
    assert set(await world.rows("SELECT DISTINCT device_id FROM contacts")) == {(second,), (third,)}
    assert await told(world) == [
        ("people_moved", "firing", "Sales-1 is logged out; 12 people moved to Sales-2 and Sales-3.")
    ]
    assert await world.relocation.run_once() == 0
    engine = await world.engine()
    bodies = [*await engine.send_all(second), *await engine.send_all(third)]
    assert sorted(bodies) == sorted(f"Hi Person {number}" for number in range(1, 13))
    assert await engine.claim(first) is None
    pool = "SELECT device_id FROM sequence_devices ORDER BY 1"
    assert await world.rows(pool) == [(first,), (second,), (third,)]  # it can be paired anew


async def test_who_has_fewer_people_gets_more(world: World) -> None:
    first, (second, third), _ = await crowd(world, people=8)
    busy = await world.sequence([second], (1, 11, "x"), name="Busy")
    await world.enrolments.join_contacts(world.actor, busy, await world.contacts(4))
    await world.run(LOST, id=first)
    await world.relocation.run_once()
    of_the_first = "SELECT device_id, count(*) FROM sequence_contacts WHERE sequence_id = 1 GROUP BY 1 ORDER BY 1"
    assert await world.rows(of_the_first) == [(second, 2), (third, 6)]


@given(
    loads=st.lists(st.integers(0, 50), min_size=1, max_size=5),
    people=st.integers(0, 60),
)
def test_placing_evens_out_the_loads(loads: list[int], people: int) -> None:
    waiting = [SimpleNamespace(id=n, source_id=1, contact_id=n, kept=None) for n in range(people)]
    after = Counter(dict(enumerate(loads)))
    placed = place(waiting, {1: list(range(len(loads)))}, after, {})
    assert len(placed) == people
    grown = [after[device] for device in range(len(loads)) if after[device] > loads[device]]
    assert sum(after.values()) == sum(loads) + people
    assert not grown or max(grown) <= min(after[device] for device in range(len(loads))) + 1


def test_a_contact_of_two_sequences_goes_to_one_device() -> None:
    waiting = [SimpleNamespace(id=n, source_id=n % 2, contact_id=n // 2, kept=None) for n in range(10)]
    placed = place(waiting, {0: [7, 8], 1: [7, 8]}, Counter(), {})
    assert all(placed[n] == placed[n + 1] for n in range(0, 10, 2))


@pytest.mark.parametrize("state", [DeviceState.PHONE_OFFLINE, DeviceState.TEMP_BANNED, DeviceState.PARKED])
async def test_who_has_no_other_device_waits_and_the_operators_are_asked_once(
    world: World, state: DeviceState
) -> None:
    first, (second,), _ = await crowd(world, others=1)
    await world.run("UPDATE user_devices SET state = :state WHERE id = :id", state=state, id=second)
    await world.run(LOST, id=first)
    for _ in range(3):
        await world.relocation.run_once()
    (alert,) = [one for one in await told(world) if "Sales-1" in one[2]]
    assert alert[:2] == ("people_waiting", "firing")
    assert "Sales-1 is logged out; 12 people wait for it." in alert[2]
    assert await world.one("SELECT max(revision) FROM alerts") == 1
    await world.relocation.hold(world.actor, first)
    await world.enrolments.join_contacts(world.actor, 1, await world.contacts(1))
    await world.relocation.run_once()
    status = "SELECT status FROM alerts WHERE text LIKE 'Sales-1%'"
    assert await world.one(status) == "acknowledged"
    await world.run("UPDATE user_devices SET state = 'online' WHERE id = :id", id=second)
    assert await world.relocation.run_once() >= 12
    assert await world.rows("SELECT status FROM alerts WHERE kind = 'people_waiting'") == [("resolved",)]


async def test_nobody_is_asked_any_more_when_the_device_is_back(world: World) -> None:
    first, _, _ = await crowd(world, others=0)
    await world.run(LOST, id=first)
    await world.relocation.run_once()
    await world.run("UPDATE user_devices SET state = 'online'")
    await world.relocation.run_once()
    assert (await told(world))[0][:2] == ("people_waiting", "resolved")
    assert await world.rows(DEVICES) == [(first, 12)]


async def test_what_is_in_flight_stays_and_its_run_goes_on_elsewhere(world: World) -> None:
    first, (second,), _ = await crowd(world, people=2, others=1)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    claimed = await engine.claim(first)
    assert isinstance(claimed, Claimed)
    await world.run(LOST, id=first)
    assert await world.relocation.run_once() == 2
    assert await world.rows("SELECT device_id FROM messages ORDER BY id") == [(first,), (second,)]
    await engine.report(first, claimed, Sent("id-1"))
    assert await engine.send_all(second) == ["Hi Person 2"]
    await world.move_to(at(6, 11))
    assert await engine.send_all(second) == ["two", "two"]


async def test_what_comes_back_rejected_follows_its_run(world: World) -> None:
    first, (second,), _ = await crowd(world, people=1, others=1)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    claimed = await engine.claim(first)
    assert isinstance(claimed, Claimed)
    await world.run(LOST, id=first)
    await world.relocation.run_once()
    await engine.report(first, claimed, Rejected("not_connected", "logged out", permanent=False))
    await world.relocation.run_once()
    world.clock.set(at(5, 12))
    assert await engine.send_all(second) == ["Hi Person 1"]


async def test_a_claim_under_way_and_the_move_exclude_one_another(world: World) -> None:
    first, (second,), _ = await crowd(world, people=6, others=1)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    ask = await engine.ask(first)
    assert ask is not None
    await world.run(LOST, id=first)
    _, answers = await asyncio.gather(world.relocation.run_once(), engine.claims.claim([ask]))
    (answer,) = answers
    if isinstance(answer, Claimed):
        await engine.sent(first, answer)
    else:
        assert isinstance(answer, Busy | Gone)
    await world.relocation.run_once()
    await engine.send_all(second)
    sent = await world.rows("SELECT body, count(*) FROM messages WHERE outcome = 'sent' GROUP BY 1")
    assert sorted(sent) == [(f"Hi Person {number}", 1) for number in range(1, 7)]


async def test_engines_that_look_at_once_move_everybody_once(world: World) -> None:
    first, _, _ = await crowd(world)
    await world.run(LOST, id=first)
    assert sum(await asyncio.gather(*(world.relocation.run_once() for _ in range(4)))) == 12
    assert len(await told(world)) == 1


async def test_what_is_sent_again_from_a_lost_device_goes_from_another(world: World) -> None:
    first, (second,), _ = await crowd(world, people=1, others=1)
    await world.run("UPDATE sequence_steps SET retired_at = now() WHERE day_number = 2")
    engine = await world.engine()
    await world.move_to(at(5, 11))
    claimed = await engine.unclear(first)
    assert await world.one("SELECT status FROM sequence_contacts") == "completed"
    await world.run(LOST, id=first)
    await world.doubts.send_again(world.actor, claimed.message.ref)
    assert await world.relocation.run_once() == 1
    assert await engine.send_all(second) == ["Hi Person 1"]


async def test_who_joins_has_a_device_that_is_not_lost(world: World) -> None:
    first, (second,), _ = await crowd(world, people=0, others=1)
    await world.run(LOST, id=first)
    await world.enrolments.join_contacts(world.actor, 1, await world.contacts(4))
    assert await world.rows(DEVICES) == [(second, 4)]


class TestByHand:
    async def test_people_are_moved_to_a_chosen_device_which_joins_their_pool(self, world: World) -> None:
        first, _, _ = await crowd(world, people=3, others=0)
        other = await world.device("Other")
        await world.move_to(at(5, 11))
        await world.run(LOST, id=first)
        await world.relocation.run_once()
        waiting = await world.relocation.waiting(world.actor, first)
        assert (waiting.people, waiting.is_lost, waiting.asked, waiting.devices) == (
            3,
            True,
            True,
            ((other, "Other"),),
        )
        assert await world.relocation.move(world.actor, first, other) == 3
        assert await world.relocation.move(world.actor, first, other) == 0
        assert await world.rows(DEVICES) == [(other, 3)]
        assert [row[:2] for row in await told(world)] == [("people_waiting", "resolved")]
        assert len(await (await world.engine()).send_all(other)) == 3
        await world.enrolments.join_contacts(world.actor, 1, await world.contacts(1))
        assert await world.rows(DEVICES) == [(other, 4)]

    async def test_a_device_that_cannot_send_takes_nobody(self, world: World) -> None:
        first, _, _ = await crowd(world, people=3, others=0)
        parked = await world.device("Parked", state=DeviceState.PARKED)
        for to in (first, parked):
            with pytest.raises(ConflictError):
                await world.relocation.move(world.actor, first, to)

    async def test_a_device_whose_people_have_moved_can_be_removed(self, world: World) -> None:
        first, _, _ = await crowd(world, people=3, others=0)
        with pytest.raises(ConflictError, match="Move people"):
            await world.devices.remove(world.actor, first)
        await world.relocation.move(world.actor, first, await world.device("Other"))
        await world.devices.remove(world.actor, first)

    async def test_people_of_a_device_that_was_removed_meanwhile_move_on(self, world: World) -> None:
        first, (second,), _ = await crowd(world, people=2, others=1)
        await world.run("UPDATE user_devices SET removed_at = now() WHERE id = :id", id=first)
        assert await world.relocation.run_once() == 2
        assert await world.rows(DEVICES) == [(second, 2)]
        assert "was removed" in (await told(world))[0][2]


async def test_messages_of_a_campaign_move_within_its_pool(world: World) -> None:
    first, second, outside = [await world.device(f"Sales-{number}") for number in (1, 2, 3)]
    people = await world.contacts(3)
    await world.run(
        "INSERT INTO campaigns (workspace_id, name, status, scheduled_at) VALUES (:id, 'May', 'running', now())",
        id=world.actor.workspace_id,
    )
    for device in (first, second):
        await world.run(
            "INSERT INTO campaign_devices (workspace_id, campaign_id, device_id) VALUES (:id, 1, :device)",
            id=world.actor.workspace_id,
            device=device,
        )
    await world.run(
        "INSERT INTO messages (workspace_id, lane, campaign_id, contact_id, device_id, due_at)"
        " SELECT :id, 'campaign', 1, c, :device, now() FROM unnest(CAST(:people AS bigint[])) c",
        id=world.actor.workspace_id,
        device=first,
        people=people,
    )
    await world.run(LOST, id=first)
    assert await world.relocation.run_once() == 3
    assert await world.rows("SELECT DISTINCT device_id FROM queue") == [(second,)]
    assert outside
