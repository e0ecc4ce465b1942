"""How devices are shared out over engines."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.devices.balance import Census, Share, fair_level

capacities = st.lists(st.integers(0, 200), max_size=8)


@given(capacities, st.integers(0, 1500))
def test_the_level_is_the_smallest_that_holds_all_devices(capacities: list[int], devices: int) -> None:
    level = fair_level(capacities, devices)

    def held(level: int) -> int:
        return sum(min(capacity, level) for capacity in capacities)

    if sum(capacities) >= devices:
        assert held(level) >= devices
        assert level == 0 or held(level - 1) < devices
    else:
        assert level == max(capacities, default=0)


@pytest.mark.parametrize(
    ("capacities", "devices", "level"),
    [
        ([100, 100, 100], 301, 100),
        ([1000, 1000, 1000], 301, 101),
        ([10, 1000], 301, 291),
        ([10, 20, 1000], 31, 11),
        ([], 5, 0),
        ([50], 0, 0),
    ],
)
def test_the_level_in_figures(capacities: list[int], devices: int, level: int) -> None:
    assert fair_level(capacities, devices) == level


def census(devices: int, *engines: tuple[int, int]) -> Census:
    """Engines are (capacity, owned)."""
    shares = [Share(number, *engine) for number, engine in enumerate(engines)]
    return Census(shares, devices, devices - sum(share.owned for share in shares))


def one_pass(before: Census) -> tuple[Census, int]:
    """Every engine looks at the same moment: what it lets go is free, what it has room for it takes; the moves."""
    shed = {engine.engine_id: before.surplus(engine.engine_id) for engine in before.engines}
    free, after = before.free, []
    for engine in before.engines:
        taken = min(before.room(engine.engine_id), free)
        free -= taken
        after.append(replace(engine, owned=engine.owned + taken - shed[engine.engine_id]))
    moves = sum(shed.values())
    return Census(after, before.wanting, free + moves), moves + before.free - free


@st.composite
def any_census(draw: st.DrawFn) -> Census:
    engines = draw(st.lists(st.integers(0, 60).flatmap(lambda c: st.tuples(st.just(c), st.integers(0, c)))))
    return census(sum(owned for _, owned in engines) + draw(st.integers(0, 100)), *engines)


@given(any_census())
def test_it_settles_and_then_nothing_moves(now: Census) -> None:
    for _ in range(4):
        now, moves = one_pass(now)
    assert moves == 0
    assert all(engine.owned <= min(engine.capacity, now.level) for engine in now.engines)
    assert now.free == now.short


@given(any_census())
def test_no_more_is_let_go_than_finds_a_place(now: Census) -> None:
    shed = sum(now.surplus(engine.engine_id) for engine in now.engines)
    room = sum(max(0, min(engine.capacity, now.level) - engine.owned) for engine in now.engines)
    assert shed + now.free - now.short <= room


def test_a_joining_engine_gets_its_share_and_not_a_device_more_moves() -> None:
    settled = census(300, (1000, 150), (1000, 150), (1000, 0))
    assert [settled.surplus(engine) for engine in range(3)] == [50, 50, 0]
    after, moves = one_pass(one_pass(settled)[0])
    assert [engine.owned for engine in after.engines] == [100, 100, 100]
    assert moves == 100


def test_one_device_more_or_less_moves_none() -> None:
    assert one_pass(census(301, (1000, 101), (1000, 101), (1000, 99)))[1] == 0
    assert one_pass(census(300, (1000, 101), (1000, 100), (1000, 99)))[1] == 1
    assert census(299, (1000, 99), (1000, 100), (1000, 100)).surplus(0) == 0


def test_devices_beyond_what_all_may_work_wait() -> None:
    full = census(12, (5, 5), (5, 5))
    assert full.short == 2
    assert full.room(0) == full.room(1) == 0


def test_an_engine_that_is_not_alive_takes_and_gives_nothing() -> None:
    assert census(10, (5, 0)).room(7) == 0
    assert census(10, (5, 0)).surplus(7) == 0
