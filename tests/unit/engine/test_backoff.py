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
    for number in range(5):
        policy.next_delay(float(number))
    delay = policy.next_delay(4 + GOOD_AFTER)
    assert delay is not None
    assert delay <= SHORTEST
