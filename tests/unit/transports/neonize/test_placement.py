"""Which device lives in which host, and who is to blame for crashes."""

from math import ceil, log2

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from engine.transports.neonize.placement import CALM_AFTER, MOST_ALONE, SOON, Placement


def seated(placement: Placement) -> dict[int, list[int]]:
    for number in placement.numbers:
        placement.forget(number)
    return {number: list(placement.devices_in(number)) for number in placement.numbers}


def crash(placement: Placement, device: int, now: float) -> list[int]:
    """The host that this device is in crashes."""
    return placement.crashed(placement.seat(device), now)


def test_devices_fill_hosts_evenly_and_a_new_one_comes_only_when_all_are_full():
    placement = Placement(2)
    for device in range(1, 6):
        placement.seat(device)
    assert seated(placement) == {1: [1, 2], 2: [3, 4], 3: [5]}
    placement.leave(1)
    placement.leave(2)
    placement.leave(3)
    assert [placement.forget(number) for number in (1, 2)] == [True, False]
    assert placement.numbers == [2, 3]
    placement.seat(6)
    assert seated(placement) == {2: [4, 6], 3: [5]}


def test_after_one_crash_the_group_comes_back_together():
    placement = Placement(40)
    for device in range(5):
        placement.seat(device)
    assert crash(placement, 0, now=0) == []
    assert seated(placement) == {1: [0, 1, 2, 3, 4]}


def test_when_the_same_devices_crash_again_soon_they_come_back_as_two_halves_and_who_came_later_stays():
    placement = Placement(40)
    for device in range(5):
        placement.seat(device)
    crash(placement, 0, now=0)
    placement.seat(9)
    assert crash(placement, 0, now=SOON - 1) == []
    assert seated(placement) == {1: [9], 2: [0, 1, 2], 3: [3, 4]}
    assert [placement.is_suspected(number) for number in (1, 2, 3)] == [False, True, True]
    placement.seat(10)
    assert placement.seat(10) == 1  # nobody comes to suspects


def test_crashes_that_lie_far_apart_have_nothing_to_do_with_each_other():
    placement = Placement(40)
    for device in range(4):
        placement.seat(device)
    for number in range(5):
        crash(placement, 0, now=number * SOON)
    assert seated(placement) == {1: [0, 1, 2, 3]}


def test_a_host_that_is_killed_from_outside_makes_nobody_a_suspect():
    placement = Placement(40)
    for device in range(4):
        placement.seat(device)
    for now in range(20):
        assert placement.crashed(1, now, from_outside=True) == []
    crash(placement, 0, now=20)
    assert seated(placement) == {1: [0, 1, 2, 3]}


@given(st.integers(1, 50), st.data())
@settings(max_examples=200)
def test_who_kills_every_host_is_found_and_parked_and_nobody_else_is(count, data):
    poisoner = data.draw(st.integers(0, count - 1))
    placement = Placement(50)
    for device in range(count):
        placement.seat(device)
    now, crashes, alone_after = 0.0, 0, None
    while True:
        now += data.draw(st.floats(0, SOON - 1))
        if alone_after is None and len(placement.devices_in(placement.seat(poisoner))) == 1:
            alone_after = crashes
        crashes += 1
        if parked := crash(placement, poisoner, now):
            break
    assert parked == [poisoner]
    assert alone_after <= ceil(log2(count)) + 1
    assert crashes == alone_after + MOST_ALONE
    assert sorted(one for group in seated(placement).values() for one in group) == sorted(
        set(range(count)) - {poisoner}
    )


def test_who_was_parked_and_is_restarted_gets_one_more_try_far_from_the_others():
    placement = Placement(40)
    for device in range(3):
        placement.seat(device)
    now = 0
    while not crash(placement, 1, now):
        now += 1
    assert len(placement.devices_in(placement.seat(1))) == 1
    assert crash(placement, 1, now + 10 * SOON) == [1]
    number = placement.seat(1)
    placement.started(number, now + 10 * SOON)
    placement.settle(now + 10 * SOON + CALM_AFTER)
    assert not placement.is_suspected(number)
    assert crash(placement, 1, now + 12 * SOON) == []


def test_suspects_who_stay_calm_are_cleared_and_give_their_host_up_where_there_is_room():
    placement = Placement(3)
    for device in range(5):
        placement.seat(device)
    crash(placement, 0, now=0)
    crash(placement, 0, now=1)
    assert seated(placement) == {2: [3, 4], 3: [0, 1], 4: [2]}
    placement.started(3, 5)
    placement.started(4, 5)
    placement.settle(4 + CALM_AFTER)
    assert placement.is_suspected(3)
    assert placement.is_suspected(4)
    placement.settle(5 + CALM_AFTER)
    assert placement.retiring == [4]
    assert placement.move(2) == 2
    assert seated(placement) == {2: [3, 4, 2], 3: [0, 1]}


def test_a_suspect_that_leaves_and_comes_back_is_a_suspect_still():
    placement = Placement(40)
    for device in range(4):
        placement.seat(device)
    crash(placement, 0, now=0)
    crash(placement, 0, now=1)
    assert seated(placement) == {2: [0, 1], 3: [2, 3]}
    placement.leave(0)
    assert placement.seat(0) == 2
    placement.leave(2)
    placement.leave(3)
    assert placement.is_suspected(placement.seat(3))


def test_a_host_that_retires_hands_its_devices_to_a_fresh_one_and_keeps_a_place_for_each():
    placement = Placement(3)
    for device in range(3):
        placement.seat(device)
    placement.retire(1)
    assert placement.move(0) == 2
    assert placement.seat(9) == 3  # the fresh host has no room: two are still to come
    placement.leave(1)
    assert placement.move(2) == 2
    assert seated(placement) == {2: [0, 2], 3: [9]}


def test_what_a_retiring_host_still_had_when_it_crashed_is_in_the_fresh_one():
    placement = Placement(3)
    for device in range(3):
        placement.seat(device)
    placement.retire(1)
    placement.move(0)
    placement.crashed(1, 0)
    assert seated(placement) == {2: [0, 1, 2]}


class Fleet(RuleBasedStateMachine):
    """Whatever happens in whatever order: each device is in one host, and no host is above its capacity."""

    MOST = 4

    def __init__(self) -> None:
        super().__init__()
        self.placement = Placement(self.MOST)
        self.inside: set[int] = set()
        self.now = 0.0

    def number(self, choice: int) -> int | None:
        numbers = self.placement.numbers
        return numbers[choice % len(numbers)] if numbers else None

    @rule(device=st.integers(1, 20))
    def seat(self, device):
        number = self.placement.seat(device)
        self.inside.add(device)
        assert device in self.placement.devices_in(number)

    @rule(device=st.integers(1, 20))
    def leave(self, device):
        self.placement.leave(device)
        self.inside.discard(device)

    @rule(choice=st.integers(0, 20), passed=st.floats(0, SOON), from_outside=st.booleans())
    def crash(self, choice, passed, from_outside):
        self.now += passed
        if (number := self.number(choice)) is not None:
            parked = self.placement.crashed(number, self.now, from_outside=from_outside)
            assert not (parked and from_outside)
            self.inside -= set(parked)

    @rule(choice=st.integers(0, 20))
    def retire(self, choice):
        if (number := self.number(choice)) is not None:
            self.placement.retire(number)

    @rule(choice=st.integers(0, 20))
    def start(self, choice):
        if (number := self.number(choice)) is not None:
            self.placement.started(number, self.now)

    @rule()
    def calm(self):
        self.now += CALM_AFTER
        self.placement.settle(self.now)

    @rule(choice=st.integers(0, 20))
    def forget(self, choice):
        if (number := self.number(choice)) is not None and self.placement.forget(number):
            assert number not in self.placement.numbers

    @rule(choice=st.integers(0, 20))
    def move(self, choice):
        for number in self.placement.retiring:
            devices = list(self.placement.devices_in(number))
            if devices:
                self.placement.move(devices[choice % len(devices)])

    def seated(self):
        return [list(self.placement.devices_in(number)) for number in self.placement.numbers]

    @invariant()
    def each_device_is_in_one_host(self):
        everywhere = [one for group in self.seated() for one in group]
        assert sorted(everywhere) == sorted(self.inside)

    @invariant()
    def no_host_is_too_full(self):
        assert all(len(group) <= self.MOST for group in self.seated())


TestFleet = Fleet.TestCase
