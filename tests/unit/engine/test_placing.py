"""Moving somebody to a step: where their run stands then. The property holds for every run there can be."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from engine.sequences.calendar import Due, Run, SendingDays, StepTime, next_due
from engine.sequences.placing import plan_move

KUALA_LUMPUR = ZoneInfo("Asia/Kuala_Lumpur")
WEEKDAYS = SendingDays(rest_days=frozenset({6, 7}))
ONE, TWO, THREE, FIVE = (StepTime(number, number, 9 * 60) for number in (1, 2, 3, 5))
STEPS = (ONE, TWO, THREE, FIVE)
NONE: frozenset[int] = frozenset()


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 1, day, hour, minute, tzinfo=KUALA_LUMPUR)


# Joined on Monday, has had Day 1 that day at 09:00.
BEGUN = Run(at(5, 8), date(2026, 1, 5), KUALA_LUMPUR, ONE.place, 1, date(2026, 1, 5))


def test_ahead_the_first_time_from_now_on_and_what_lies_between_is_passed_over():
    move = plan_move(BEGUN, THREE, STEPS, had=frozenset({1}), days=SendingDays(), now=at(5, 20))
    assert (move.due, move.again, move.passed_over) == (Due(3, at(6, 9)), False, (TWO,))


def test_later_steps_keep_their_distance():
    move = plan_move(BEGUN, THREE, STEPS, had=frozenset({1}), days=SendingDays(), now=at(5, 20))
    assert next_due(replace(move.run, last_place=THREE.place), STEPS, SendingDays()) == Due(5, at(8, 9))


def test_not_on_the_date_of_another_day_s_message():
    move = plan_move(BEGUN, THREE, STEPS, had=frozenset({1}), days=SendingDays(), now=at(5, 8, 30))
    assert move.due == Due(3, at(6, 9))


def test_another_message_of_the_same_day_may_come_on_that_date():
    later = StepTime(9, 1, 18 * 60)
    move = plan_move(BEGUN, later, (*STEPS, later), had=frozenset({1}), days=SendingDays(), now=at(5, 12))
    assert move.due == Due(9, at(5, 18))


def test_not_on_a_day_of_rest():
    move = plan_move(BEGUN, TWO, STEPS, had=frozenset({1}), days=WEEKDAYS, now=at(9, 10))  # Friday
    assert move.due == Due(2, at(12, 9))


def test_back_a_new_run_begins_with_it_and_the_rest_comes_once_more():
    run = replace(BEGUN, last_place=FIVE.place, reached_day=5, reached_on=date(2026, 1, 9))
    move = plan_move(run, TWO, STEPS, had=frozenset({1, 2, 3, 5}), days=SendingDays(), now=at(9, 8))
    assert (move.again, move.passed_over, move.run.joined_at) == (True, (), at(9, 8))
    assert move.due == Due(2, at(10, 9))  # they had Day 5 today
    assert next_due(replace(move.run, last_place=TWO.place), STEPS, SendingDays()) == Due(3, at(11, 9))


def test_what_was_passed_over_lies_behind():
    run = replace(BEGUN, last_place=THREE.place)
    assert plan_move(run, TWO, STEPS, had=frozenset({1, 3}), days=SendingDays(), now=at(8, 8)).again


def test_right_after_joining_comes_at_once_in_a_new_run():
    joining = StepTime(8, 1, 10 - 1440)
    run = replace(BEGUN, last_place=TWO.place, reached_day=1)
    move = plan_move(run, joining, (joining, *STEPS), had=frozenset({8, 1, 2}), days=SendingDays(), now=at(5, 10))
    assert (move.due, move.run.last_place) == (Due(8, at(5, 10, 10)), None)


instants = st.integers(0, 60 * 24 * 365 * 3).map(
    lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
zones = st.sampled_from(["Asia/Kuala_Lumpur", "America/New_York", "Australia/Lord_Howe", "UTC"]).map(ZoneInfo)
places = st.tuples(st.integers(1, 9), st.integers(0, 1439)) | st.tuples(st.just(1), st.integers(-1440, -1))


@st.composite
def situations(draw):
    """Now, a run, its sequence's live steps, those it has had, and one of them all."""
    now, zone = draw(instants), draw(zones)
    days = SendingDays(rest_days=draw(st.frozensets(st.integers(1, 7), max_size=6)))
    steps = sorted(draw(st.lists(places, min_size=1, max_size=8, unique=True)))
    live = [StepTime(number, *place) for number, place in enumerate(steps)]
    had = live[: draw(st.integers(0, len(live)))]
    joined = now - timedelta(minutes=draw(st.integers(0, 60 * 24 * 40)))
    run = Run(joined, days.first_from(joined.astimezone(zone).date()), zone)
    if had:
        run = replace(run, last_place=had[-1].place)
        if (ago := draw(st.integers(0, 3) | st.none())) is not None:
            reached_on = now.astimezone(zone).date() - timedelta(days=ago)
            run = replace(run, reached_day=had[-1].day, reached_on=reached_on)
    return now, run, live, frozenset(step.step_id for step in had), days, draw(st.sampled_from(live))


@given(situations())
def test_the_step_is_the_next_on_an_allowed_date_from_now_on(situation):
    now, run, live, had, days, wanted = situation
    move = plan_move(run, wanted, live, had=had, days=days, now=now)
    waiting = live if move.again else [step for step in live if step.step_id not in had]
    assert next_due(move.run, waiting, days) == move.due
    assert move.due.step_id == wanted.step_id
    assert move.due.at >= now
    on = move.due.at.astimezone(run.zone).date()
    assert days.may_send_on(on)
    assert on != run.reached_on or wanted.day == run.reached_day
    assert move.again is (wanted.step_id in had)
