from itertools import combinations

import pytest

from tests.simulation.plan import SHORT, Kind, Size, plan, short_plan

LONG = Size(engines=3, devices=300, messages=30_000, seconds=120)
SEEDS = range(20)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_always_plans_the_same(seed: int) -> None:
    assert plan(seed, LONG) == plan(seed, LONG) != plan(seed + 1, LONG)
    assert short_plan(seed) == short_plan(seed) != short_plan(seed + 1)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_kind_happens(seed: int) -> None:
    assert {fault.kind for fault in plan(seed, LONG)} == set(Kind)
    assert {fault.kind for fault in short_plan(seed)} == set(Kind)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_engine_has_one_fault_of_its_own_at_a_time(seed: int) -> None:
    for faults in (plan(seed, LONG), short_plan(seed)):
        for one, other in combinations([fault for fault in faults if fault.kind.on_engine], 2):
            if one.target == other.target:
                assert one.at + one.lasts < other.at


@pytest.mark.parametrize("seed", SEEDS)
def test_targets_exist(seed: int) -> None:
    for size, faults in ((LONG, plan(seed, LONG)), (SHORT, short_plan(seed))):
        assert all(fault.target < size.engines for fault in faults if fault.kind.on_engine)
        assert all(fault.target < size.devices for fault in faults if fault.kind.on_device)
        assert all(fault.target < size.sequences for fault in faults if fault.kind is Kind.PAUSE_SEQUENCE)


def test_some_outages_last_until_an_engine_is_replaced_and_others_do_not() -> None:
    stops = [fault.lasts for seed in SEEDS for fault in plan(seed, LONG) if fault.kind is Kind.STOP]
    assert min(stops) < 9
    assert max(stops) > 12
