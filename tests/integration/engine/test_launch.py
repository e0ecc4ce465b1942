"""What is said before a sequence starts or goes on is what then happens."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

import pytest

from engine.errors import ConflictError
from engine.sequences.enrolment import Who
from engine.sequences.forecast import Forecast
from engine.transports.contract import Inbound
from models.enums import DeviceState, MissedPolicy, SequenceStatus
from tests.integration.engine.world import KUALA_LUMPUR, HandEngine, World, at

WAITING = "SELECT message_id, due_at FROM queue"
OUTCOMES = "SELECT coalesce(outcome || coalesce(' ' || error_code, ''), 'queued') FROM messages"


@dataclass(frozen=True)
class Happened:
    go_out: int
    skipped: dict[str, int]
    moved: dict[int, int]  # how many by so many days


def foretold(forecast: Forecast) -> Happened:
    return Happened(forecast.go_out, dict(forecast.skipped), dict(forecast.moved))


async def outcomes(world: World) -> Counter[str]:
    return Counter(outcome for (outcome,) in await world.rows(OUTCOMES))


async def send_everything(engine: HandEngine, device: int) -> list[str]:
    """Also behind what may not go out."""
    texts = []
    while await engine.ask(device) is not None:
        texts += await engine.send_all(device)
    return texts


async def let_happen(world: World, engine: HandEngine, devices: list[int]) -> Happened:
    """Resume, and let the processor and the devices do whatever they find to do at this moment."""
    before, was = await outcomes(world), None
    now = world.clock.now()
    due_at_first: dict[int, datetime] = {}
    await world.control.start(world.actor, 1)
    while was != (was := await outcomes(world)):
        await world.move_to(now)
        due_at_first = dict(await world.rows(WAITING)) | due_at_first
        for device in devices:
            await send_everything(engine, device)
    skipped = {code.partition(" ")[2]: was[code] - before[code] for code in was if code.startswith("skipped")}
    moved = Counter(
        (_day(due) - _day(due_at_first[message])).days
        for message, due in await world.rows(WAITING)
        if due != due_at_first[message]
    )
    return Happened(
        was["sent"] - before["sent"], {code: count for code, count in skipped.items() if count}, dict(moved)
    )


def _day(instant: datetime) -> date:
    return instant.astimezone(KUALA_LUMPUR).date()


PLAN = ((1, 9, "one"), (2, 9, "two"), (2, 15, "two again"), (3, 11, "three"), (6, 20, "six"), (9, 9, "nine"))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("policy", MissedPolicy)
async def test_the_forecast_is_what_then_happens(world: World, policy: MissedPolicy, seed: int) -> None:
    random = Random(f"{policy} {seed}")
    devices = [await world.device("A"), await world.device("B")]
    sequence = await world.sequence(
        devices, *PLAN, missed_policy=policy, skip_weekends=random.random() < 0.5,
        late_window_minutes=random.choice([60, 300, 720]),
    )  # fmt: skip
    engine = await world.engine()
    now = world.clock.now()
    for wave in range(4):  # people join, and messages go out, on some of the first days
        await world.enrolments.join_contacts(world.actor, sequence, await world.contacts(random.randint(1, 9)))
        now += timedelta(hours=random.randint(1, 20))
        await world.move_to(now)
        for device in devices:
            if wave < 3 or random.random() < 0.5:
                await engine.send_all(device)
    await world.run("UPDATE contacts SET consent = NULL WHERE id % 7 = 3")
    await world.inbox.receive(devices[0], Inbound("in-1", "+60120000001", "Hello"))  # that run is paused
    await world.control.pause(world.actor, sequence)
    await world.processor.run_once(now)
    for _ in range(2):  # the second one finds what the first has moved
        now += timedelta(hours=random.randint(1, 100))
        world.clock.set(now)
        review = await world.launch.review(world.actor, sequence)
        assert await let_happen(world, engine, devices) == foretold(review.forecast)
        again = await world.launch.review(world.actor, sequence)
        assert (again.forecast.go_out, again.forecast.moved) == (0, {}), "it has all been done"
        await world.control.pause(world.actor, sequence)


async def test_the_first_and_the_last_message_go_out_when_it_was_said(world: World) -> None:
    sequence, device = await world.running((1, 11, "one"), (2, 11, "two"), (5, 9, "five"), people=3)
    engine = await world.engine()
    await world.control.pause(world.actor, sequence)
    world.clock.set(at(7, 14))
    forecast = (await world.launch.review(world.actor, sequence)).forecast
    assert (forecast.moved, forecast.go_out) == ({3: 3}, 0)
    await world.control.start(world.actor, sequence)
    await world.move_to(at(7, 14))
    sent = []
    for hour in range(24 * 10):
        await world.move_to(at(7, 14) + timedelta(hours=hour))
        sent += [world.clock.now() for _ in await send_everything(engine, device)]
    assert (forecast.next_at, forecast.ends_at) == (sent[0], sent[-1]) == (at(8, 11), at(12, 9))
    assert len(sent) == 9


async def test_in_quiet_hours_it_goes_out_when_they_end_unless_it_is_too_late_by_then(world: World) -> None:
    await world.run("UPDATE workspaces SET quiet_start = '21:00', quiet_end = '08:00'")
    sequence, device = await world.running((1, 11, "one"), (2, 11, "two"), people=2, late_window_minutes=1440)
    engine = await world.engine()
    await world.control.pause(world.actor, sequence)
    world.clock.set(at(5, 22))
    forecast = (await world.launch.review(world.actor, sequence)).forecast
    assert (forecast.go_out, forecast.from_at, forecast.moved) == (2, at(6, 8), {})
    await world.run("UPDATE sequences SET late_window_minutes = 720")
    forecast = (await world.launch.review(world.actor, sequence)).forecast
    assert (forecast.go_out, forecast.moved, forecast.next_at) == (0, {1: 2}, at(6, 11))
    await world.control.start(world.actor, sequence)
    for hour in range(14):
        await world.move_to(at(5, 22) + timedelta(hours=hour))
        sent = await send_everything(engine, device)
        assert sent == (["one", "one"] if world.clock.now() == at(6, 11) else [])


async def test_the_pace_of_the_devices_says_how_long_it_takes_and_what_is_too_late_by_then(world: World) -> None:
    sequence, _ = await world.running(people=41)
    await world.control.pause(world.actor, sequence)
    world.clock.set(at(5, 11, 30))
    await world.run("UPDATE user_devices SET min_delay_seconds = 20, max_delay_seconds = 60")
    forecast = (await world.launch.review(world.actor, sequence)).forecast
    assert (forecast.go_out, forecast.from_at, forecast.until_at) == (
        41,
        at(5, 11, 30),
        at(5, 11, 56) + timedelta(seconds=40),
    )
    await world.run("UPDATE user_devices SET hourly_cap = 3")
    forecast = (await world.launch.review(world.actor, sequence)).forecast
    # 3 in each of the hours from 11 to 22; at 23:00 it is twelve hours late.
    assert (forecast.go_out, forecast.moved) == (36 + 1, {1: 4})


async def test_a_day_on_which_more_is_due_than_can_be_sent_in_time_is_told(world: World) -> None:
    sequence, _ = await world.running((2, 9, "one"), people=10, status=SequenceStatus.DRAFT)
    forecast = (await world.launch.review(world.actor, sequence)).forecast
    assert forecast.overload is None
    await world.run("UPDATE user_devices SET daily_cap = 7")
    overload = (await world.launch.review(world.actor, sequence)).forecast.overload
    assert overload is not None
    assert (overload.day, overload.messages, overload.in_time) == (date(2026, 1, 6), 10, 7)


async def test_a_draft_tells_who_begins_and_when(world: World) -> None:
    sequence, device = await world.running(
        (1, 11, "one"), (3, 9, "three"), people=5, status=SequenceStatus.DRAFT, skip_weekends=True
    )
    await world.run("UPDATE contacts SET consent = NULL WHERE id = 2")
    await world.run("UPDATE user_devices SET state = 'logged_out'")
    world.clock.set(at(8, 12))  # Thursday; who waits in a draft begins when it starts
    review = await world.launch.review(world.actor, sequence)
    assert (review.people, review.forecast.keep, review.forecast.barred) == (5, 4, 1)
    assert (review.forecast.next_at, review.forecast.ends_at) == (at(9, 11), at(13, 9))
    [idle] = review.idle
    assert (idle.name, idle.state, idle.people) == ("Sales", DeviceState.LOGGED_OUT, 5)
    await world.control.start(world.actor, sequence)
    await world.run("UPDATE user_devices SET state = 'online'")
    engine = await world.engine()
    await world.move_to(at(9, 11))
    assert await send_everything(engine, device) == ["one"] * 4


async def test_the_waves_of_a_draft_begin_day_by_day(world: World) -> None:
    sequence, device = await world.running((1, 11, "one"), people=0, status=SequenceStatus.DRAFT)
    people = await world.contacts(5)
    await world.enrolments.join(world.actor, sequence, Who(contact_ids=people), per_day=2)
    world.clock.set(at(8, 9))
    review = await world.launch.review(world.actor, sequence)
    assert (review.people, review.forecast.keep) == (5, 5)
    assert (review.forecast.next_at, review.forecast.ends_at) == (at(8, 11), at(10, 11))
    await world.control.start(world.actor, sequence)
    engine = await world.engine()
    sent = []
    for day in (8, 9, 10):
        await world.move_to(at(day, 11))
        sent.append(len(await engine.send_all(device)))
    assert sent == [2, 2, 1]


async def test_who_is_paused_stays_so_and_what_is_sent_once_more_is_told(world: World) -> None:
    sequence, device = await world.running(people=3)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    unclear = await engine.unclear(device)
    await world.inbox.receive(device, Inbound("in-1", "+60120000002", "Who is it?"))
    await world.control.pause(world.actor, sequence)
    await world.doubts.send_again(world.actor, unclear.message.ref)
    review = await world.launch.review(world.actor, sequence)
    assert (review.people, review.stay_paused, review.once_more, review.forecast.go_out) == (1, 1, 1, 1)
    await world.control.start(world.actor, sequence)
    assert sorted(await engine.send_all(device)) == ["Hi Person 1", "Hi Person 3"]


async def test_what_cannot_start_says_so_before(world: World) -> None:
    sequence, _ = await world.running()
    (step,) = await world.steps(sequence)
    await world.control.pause(world.actor, sequence)
    await world.editor.remove_step(world.actor, step)
    with pytest.raises(ConflictError, match="no messages yet"):
        await world.launch.review(world.actor, sequence)
    await world.editor.delete(world.actor, sequence)
    with pytest.raises(ConflictError, match="make a copy of it"):
        await world.launch.review(world.actor, sequence)


async def test_what_somebody_has_had_does_not_come_again_when_it_is_moved_behind(world: World) -> None:
    sequence, device = await world.running((1, 11, "one"), (2, 11, "two"), missed_policy=MissedPolicy.SKIP)
    first, _ = await world.steps(sequence)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    await engine.send_all(device)
    await world.editor.set_time(world.actor, first, day=3, send_time=time(11), after_join_minutes=None)
    await world.control.pause(world.actor, sequence)
    world.clock.set(at(8, 12))
    told = foretold((await world.launch.review(world.actor, sequence)).forecast)
    assert told == Happened(0, {"missed": 1}, {})
    assert await let_happen(world, engine, [device]) == told
