import asyncio
from datetime import UTC, datetime, timedelta

from engine.clock import Anchor, BusinessClock, ManualClock

START = datetime(2026, 1, 5, tzinfo=UTC)


def fast(speed: float, virtual: datetime = START) -> Anchor:
    return Anchor(datetime.now(UTC), virtual, speed)


def test_business_time_runs_at_its_speed_from_its_anchor() -> None:
    anchor = Anchor(START, START + timedelta(days=10), 60)
    assert anchor.at(START + timedelta(minutes=1)) == START + timedelta(days=10, hours=1)


async def test_a_sleeper_wakes_when_business_time_has_come() -> None:
    clock = BusinessClock(fast(86_400))
    await asyncio.wait_for(clock.sleep_until(START + timedelta(hours=1)), 5)
    assert clock.now() >= START + timedelta(hours=1)


async def test_sleepers_follow_every_change_of_the_clock() -> None:
    clock = BusinessClock(fast(1))
    sleepers = [asyncio.create_task(clock.sleep_until(START + timedelta(days=day))) for day in (1, 2, 3)]
    await asyncio.sleep(0)
    clock.anchor_to(fast(2))
    await asyncio.sleep(0)
    clock.anchor_to(fast(1, START + timedelta(days=2)))  # a jump
    await asyncio.wait(sleepers[:2], timeout=5)
    assert [sleeper.done() for sleeper in sleepers] == [True, True, False]
    clock.anchor_to(fast(100_000_000))
    await asyncio.wait_for(sleepers[2], 5)


async def test_the_same_anchor_again_disturbs_nobody() -> None:
    anchor = fast(1)
    clock = BusinessClock(anchor)
    changed = clock._changed
    clock.anchor_to(Anchor(anchor.real, anchor.virtual, anchor.speed))
    assert clock._changed is changed


async def test_the_manual_clock_stands_still_until_it_is_moved() -> None:
    clock = ManualClock(START)
    sleeper = asyncio.create_task(clock.sleep_until(START + timedelta(days=1)))
    clock.advance(timedelta(hours=23))
    await asyncio.sleep(0)
    assert not sleeper.done()
    clock.advance(timedelta(hours=1))
    await asyncio.wait_for(sleeper, 5)
