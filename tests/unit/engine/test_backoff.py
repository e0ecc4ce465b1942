from random import Random

from engine.devices.backoff import AN_HOUR, GOOD_AFTER, LONGEST, MOST_AN_HOUR, SHORTEST, RestartPolicy


def test_restarts_come_ever_later_with_jitter() -> None:
    policy = RestartPolicy(Random(1))
    delays = [policy.next_delay(float(number)) for number in range(MOST_AN_HOUR)]
    for number, delay in enumerate(delays):
        full = min(LONGEST, SHORTEST * 2**number)
        assert delay is not None
        assert full / 2 <= delay <= full


def test_after_too_many_within_an_hour_the_worker_is_parked() -> None:
    policy = RestartPolicy(Random(1))
    for number in range(MOST_AN_HOUR):
        assert policy.next_delay(float(number)) is not None
    assert policy.next_delay(AN_HOUR - 1) is None
    assert policy.next_delay(AN_HOUR + MOST_AN_HOUR) is not None


def test_a_good_while_makes_the_next_restart_the_first_again() -> None:
    policy = RestartPolicy(Random(1))
    waits = [policy.next_delay(float(number)) or 0 for number in range(5)]
    delay = policy.next_delay(4 + waits[-1] + GOOD_AFTER)
    assert delay is not None
    assert delay <= SHORTEST


def test_waiting_for_a_restart_is_no_good_while() -> None:
    policy, now = RestartPolicy(Random(1)), 0.0
    for _ in range(MOST_AN_HOUR):
        policy.next_delay(now)
        now += AN_HOUR / MOST_AN_HOUR
    waited = policy.next_delay(AN_HOUR + 1) or 0
    assert waited >= LONGEST / 4
    again = policy.next_delay(AN_HOUR + 1 + waited + GOOD_AFTER - 1)
    assert again is not None
    assert again > SHORTEST
    good = policy.next_delay(AN_HOUR + 1 + waited + GOOD_AFTER - 1 + again + GOOD_AFTER)
    assert good is not None
    assert good <= SHORTEST


def test_failing_now_and_then_for_weeks_overflows_nothing() -> None:
    policy = RestartPolicy(Random(1))
    for number in range(3000):
        delay = policy.next_delay(number * (AN_HOUR / MOST_AN_HOUR + 1))
        assert delay is not None
        assert delay <= LONGEST
