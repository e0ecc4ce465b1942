from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.transports.simulator.faults import Fate, Fault, FaultKind, FaultRates, judge, line_refusal, spend
from models.enums import DeviceState

NO_RATES = FaultRates()


def fate(*kinds: FaultKind, rates: FaultRates = NO_RATES) -> Fate:
    return judge({kind: Fault() for kind in kinds}, rates, Random(1)).fate


def test_without_faults_a_message_is_taken():
    verdict = judge({}, NO_RATES, Random(1))
    assert verdict.fate is Fate.TAKEN
    assert not verdict.duplicate_receipts
    assert not verdict.reorder_receipts
    assert verdict.latency_seconds == 0
    assert verdict.spent == frozenset()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (FaultKind.HANG, Fate.UNANSWERED),
        (FaultKind.REJECT, Fate.REJECTED),
        (FaultKind.LOST_ACK, Fate.TAKEN_WITHOUT_ACK),
        (FaultKind.LATENCY, Fate.TAKEN),
        (FaultKind.DUPLICATE_RECEIPTS, Fate.TAKEN),
    ],
)
def test_each_switch_has_its_fate(kind, expected):
    assert fate(kind) is expected


def test_the_graver_fault_wins():
    assert fate(FaultKind.LOST_ACK, FaultKind.REJECT) is Fate.REJECTED
    assert fate(FaultKind.LOST_ACK, FaultKind.REJECT, FaultKind.HANG) is Fate.UNANSWERED
    assert fate(FaultKind.LOST_ACK, rates=FaultRates(drop=1)) is Fate.DROPPED


def test_only_the_fault_that_was_met_is_spent():
    faults = {
        FaultKind.HANG: Fault(times=1),
        FaultKind.REJECT: Fault(times=1),
        FaultKind.LATENCY: Fault(times=1),
    }
    assert judge(faults, NO_RATES, Random(1)).spent == {FaultKind.HANG, FaultKind.LATENCY}


def test_a_fault_goes_off_after_its_times():
    faults = {FaultKind.REJECT: Fault(times=2), FaultKind.HANG: Fault()}
    spent = frozenset(faults)
    assert spend(faults, spent) == {FaultKind.REJECT: Fault(times=1), FaultKind.HANG: Fault()}
    assert spend(spend(faults, spent), spent) == {FaultKind.HANG: Fault()}


def test_a_rejection_by_chance_is_a_passing_one():
    assert not judge({}, FaultRates(reject=1), Random(1)).rejection.permanent
    assert judge({FaultKind.REJECT: Fault()}, FaultRates(reject=1), Random(1)).rejection.permanent


def test_a_device_says_the_gravest_reason_for_having_no_line():
    assert line_refusal({}) is None
    assert line_refusal({FaultKind.HANG: Fault()}) is None
    faults = {FaultKind.OFFLINE: Fault()}
    assert line_refusal(faults).state is DeviceState.CONNECTING
    faults[FaultKind.BAN] = Fault()
    assert line_refusal(faults).state is DeviceState.TEMP_BANNED
    faults[FaultKind.LOGOUT] = Fault()
    assert line_refusal(faults).state is DeviceState.LOGGED_OUT


@given(seed=st.integers(), rates=st.builds(FaultRates, *[st.floats(0, 1)] * 6))
def test_the_same_seed_meets_the_same_fates(seed, rates):
    def fates() -> list[Fate]:
        random = Random(seed)
        return [judge({}, rates, random).fate for _ in range(20)]

    assert fates() == fates()


@given(seed=st.integers(), switched=st.sampled_from([FaultKind.REJECT, FaultKind.HANG, FaultKind.LATENCY]))
def test_a_switch_does_not_shift_the_luck_of_later_sends(seed, switched):
    calm, broken = Random(seed), Random(seed)
    rates = FaultRates(reject=0.5, hang=0.5)
    judge({}, rates, calm)
    judge({switched: Fault()}, rates, broken)
    assert calm.random() == broken.random()


def test_rates_are_met_about_as_often_as_they_say():
    random = Random(7)
    rates = FaultRates(reject=0.2, lost_ack=0.1)
    fates = Counter(judge({}, rates, random).fate for _ in range(5000))
    assert fates[Fate.REJECTED] / 5000 == pytest.approx(0.2, abs=0.03)
    assert fates[Fate.TAKEN_WITHOUT_ACK] / 5000 == pytest.approx(0.8 * 0.1, abs=0.03)


@pytest.mark.parametrize("chance", [-0.1, 1.1])
def test_a_rate_outside_of_0_to_1_is_refused(chance):
    with pytest.raises(ValueError, match="drop is a chance"):
        FaultRates(drop=chance)
