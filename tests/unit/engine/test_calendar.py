"""When a step is due. Every instant here is checked against the wall clock of its zone."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.sequences.calendar import (
    Due,
    NoSendableDayError,
    QuietHours,
    Run,
    SendingDays,
    StepTime,
    anchor_for,
    at_local_time,
    dates,
    next_due,
    shifted,
)
from engine.sequences.progress import public_holidays, sending_days
from tests.unit.engine.calendars import local_dates, minutes, moments, sending

KUALA_LUMPUR = ZoneInfo("Asia/Kuala_Lumpur")
BERLIN = ZoneInfo("Europe/Berlin")
WEEKDAYS = SendingDays(rest_days=frozenset({6, 7}))
EVERY_DAY = SendingDays()


def step(number: int, day: int, hour: int = 9, minute: int = 0) -> StepTime:
    return StepTime.of(number, day, time(hour, minute), None)


def joining(number: int, after: int = 0) -> StepTime:
    return StepTime.of(number, 1, None, after)


def run(joined_at: datetime, zone: ZoneInfo, *steps: StepTime, days: SendingDays = EVERY_DAY) -> Run:
    return Run(joined_at, anchor_for(joined_at, zone, steps, days), zone)


def due_dates(joined_at: datetime, zone: ZoneInfo, count: int, days: SendingDays) -> list[date]:
    first = step(1, 1)
    begun = run(joined_at, zone, first, days=days)
    return [days.nth(begun.anchor, number) for number in range(1, count + 1)]


def test_friday_enrolment_skips_the_weekend() -> None:
    friday = datetime(2026, 1, 9, 8, tzinfo=KUALA_LUMPUR)
    assert [day.strftime("%a") for day in due_dates(friday, KUALA_LUMPUR, 4, WEEKDAYS)] == [
        "Fri",
        "Mon",
        "Tue",
        "Wed",
    ]


def test_without_days_of_rest_days_are_plain_days() -> None:
    friday = datetime(2026, 1, 9, 8, tzinfo=KUALA_LUMPUR)
    assert [day.day for day in due_dates(friday, KUALA_LUMPUR, 4, EVERY_DAY)] == [9, 10, 11, 12]


def test_holidays_are_skipped_when_asked() -> None:
    days = sending_days(skip_weekends=False, rest_days=(6, 7), skip_holidays=True, country="MY")
    assert not days.may_send_on(date(2026, 8, 31))  # Merdeka
    assert days.may_send_on(date(2026, 8, 29))


def test_an_unknown_country_has_no_holidays() -> None:
    assert not public_holidays("XX")


@pytest.mark.parametrize(("hour", "expected"), [(8, 5), (9, 6), (10, 6)])
def test_day_one_is_today_only_while_its_time_is_ahead(hour: int, expected: int) -> None:
    joined_at = datetime(2026, 1, 5, hour, tzinfo=KUALA_LUMPUR)
    assert anchor_for(joined_at, KUALA_LUMPUR, [step(1, 1)], EVERY_DAY).day == expected


def test_today_is_the_day_of_the_contacts_zone() -> None:
    joined_at = datetime(2026, 1, 5, 23, 30, tzinfo=UTC)  # 07:30 on the sixth in Kuala Lumpur
    assert anchor_for(joined_at, KUALA_LUMPUR, [step(1, 1)], EVERY_DAY) == date(2026, 1, 6)


def test_right_after_joining_goes_at_once() -> None:
    joined_at = datetime(2026, 1, 5, 22, 10, tzinfo=KUALA_LUMPUR)
    steps = [joining(1, 15), step(2, 1, 9)]
    due = next_due(run(joined_at, KUALA_LUMPUR, *steps), steps, EVERY_DAY)
    assert due is not None
    assert (due.step_id, due.at) == (1, datetime(2026, 1, 5, 22, 25, tzinfo=KUALA_LUMPUR))


def test_right_after_joining_on_a_day_of_rest_waits_for_the_same_time_of_the_next_day() -> None:
    saturday = datetime(2026, 1, 10, 15, tzinfo=KUALA_LUMPUR)
    begun = run(saturday, KUALA_LUMPUR, joining(1), days=WEEKDAYS)
    due = next_due(begun, [joining(1)], WEEKDAYS)
    assert due is not None
    assert due.at == datetime(2026, 1, 12, 15, tzinfo=KUALA_LUMPUR)


def if_joined(joined_at: datetime, *steps: StepTime, days: SendingDays = EVERY_DAY) -> list[tuple[int, str]]:
    """When each step goes out to somebody in Kuala Lumpur who joins then, in the order of sending."""
    sent = dates(run(joined_at, KUALA_LUMPUR, *steps, days=days), steps, days)
    return [(number, f"{instant.astimezone(KUALA_LUMPUR):%a %H:%M}") for number, instant in sent.items()]


MONDAY_AT_TEN = datetime(2026, 1, 5, 10, tzinfo=KUALA_LUMPUR)
FRIDAY_AT_FIVE = datetime(2026, 1, 9, 17, tzinfo=KUALA_LUMPUR)
SATURDAY_AT_THREE = datetime(2026, 1, 10, 15, tzinfo=KUALA_LUMPUR)


def test_who_joins_after_the_time_of_day_one_is_welcomed_at_once_and_begins_it_on_the_next_date() -> None:
    steps = joining(1), step(2, 1, 9), step(3, 1, 18), step(4, 2, 9)
    assert if_joined(MONDAY_AT_TEN, *steps) == [
        (1, "Mon 10:00"), (2, "Tue 09:00"), (3, "Tue 18:00"), (4, "Wed 09:00"),
    ]  # fmt: skip


def test_who_joins_before_it_has_both_on_one_day() -> None:
    steps = joining(1), joining(2, 30), step(3, 1, 11), step(4, 2, 9)
    assert if_joined(MONDAY_AT_TEN, *steps) == [
        (1, "Mon 10:00"), (2, "Mon 10:30"), (3, "Mon 11:00"), (4, "Tue 09:00"),
    ]  # fmt: skip


def test_day_one_begins_after_the_last_message_on_joining() -> None:
    steps = joining(1, 12 * 60), step(2, 1, 18)
    assert if_joined(MONDAY_AT_TEN, *steps) == [(1, "Mon 22:00"), (2, "Tue 18:00")]


def test_with_nothing_set_for_day_one_day_two_is_the_day_after_joining() -> None:
    assert if_joined(MONDAY_AT_TEN, joining(1), step(2, 2, 9)) == [(1, "Mon 10:00"), (2, "Tue 09:00")]


def test_a_message_on_joining_that_comes_after_midnight_makes_that_date_day_one() -> None:
    steps = joining(1, 15 * 60), step(2, 2, 9), step(3, 4, 9)
    assert if_joined(MONDAY_AT_TEN, *steps) == [(1, "Tue 01:00"), (2, "Wed 09:00"), (3, "Fri 09:00")]


def test_a_message_on_joining_that_waits_for_another_day_still_comes_before_day_one() -> None:
    steps = joining(1), step(2, 1, 9), step(3, 1, 16)
    assert if_joined(SATURDAY_AT_THREE, *steps, days=WEEKDAYS) == [
        (1, "Mon 15:00"), (2, "Tue 09:00"), (3, "Tue 16:00"),
    ]  # fmt: skip


def test_hours_after_joining_that_end_on_a_day_of_rest_end_on_the_next_sendable_date() -> None:
    assert if_joined(FRIDAY_AT_FIVE, joining(1, 12 * 60), days=WEEKDAYS) == [(1, "Mon 05:00")]


def test_minutes_after_joining_count_from_where_joining_on_a_day_of_rest_counts() -> None:
    late_on_saturday = datetime(2026, 1, 10, 23, tzinfo=KUALA_LUMPUR)
    assert if_joined(late_on_saturday, joining(1), joining(2, 120), days=WEEKDAYS) == [
        (1, "Mon 23:00"), (2, "Tue 01:00"),
    ]  # fmt: skip


def test_dates_are_those_of_somebody_to_whom_every_message_comes_when_it_is_due() -> None:
    steps = step(1, 1), step(2, 2), step(3, 3, 10), step(4, 3, 18)
    assert if_joined(FRIDAY_AT_FIVE, *steps, days=WEEKDAYS) == [
        (1, "Mon 09:00"), (2, "Tue 09:00"), (3, "Wed 10:00"), (4, "Wed 18:00"),
    ]  # fmt: skip


def test_dates_begin_behind_the_runs_place() -> None:
    begun = Run(MONDAY_AT_TEN, date(2026, 1, 5), KUALA_LUMPUR, (1, 660), 1, date(2026, 1, 6))
    sent = dates(begun, [step(1, 1, 11), step(2, 2), step(3, 3)], EVERY_DAY)
    assert [(number, instant.astimezone(KUALA_LUMPUR).day) for number, instant in sent.items()] == [(2, 7), (3, 8)]


def test_no_date_is_before_that_of_the_message_before_it() -> None:
    steps = step(1, 1, 18), joining(2, 12 * 60)  # a message on joining, written when this run had begun
    sent = dates(Run(MONDAY_AT_TEN, date(2026, 1, 5), KUALA_LUMPUR), steps, EVERY_DAY)
    assert sent == dict.fromkeys((2, 1), datetime(2026, 1, 5, 22, tzinfo=KUALA_LUMPUR))


@pytest.mark.parametrize(
    ("zone", "day", "local", "utc"),
    [
        # Gaps: the first valid instant.
        ("Europe/Berlin", date(2026, 3, 29), time(2, 30), datetime(2026, 3, 29, 1, tzinfo=UTC)),
        ("America/New_York", date(2026, 3, 8), time(2, 0), datetime(2026, 3, 8, 7, tzinfo=UTC)),
        ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 15), datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
        ("America/Santiago", date(2026, 9, 6), time(0, 0), datetime(2026, 9, 6, 4, tzinfo=UTC)),
        ("Pacific/Apia", date(2011, 12, 30), time(9, 0), datetime(2011, 12, 30, 10, tzinfo=UTC)),
        # Folds: the first of the two.
        ("Europe/Berlin", date(2026, 10, 25), time(2, 30), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("Australia/Lord_Howe", date(2026, 4, 5), time(1, 45), datetime(2026, 4, 4, 14, 45, tzinfo=UTC)),
        # Neither.
        ("Asia/Kathmandu", date(2026, 1, 5), time(9, 0), datetime(2026, 1, 5, 3, 15, tzinfo=UTC)),
    ],
)
def test_local_times_around_clock_changes(zone: str, day: date, local: time, utc: datetime) -> None:
    assert at_local_time(day, local, ZoneInfo(zone)) == utc


def test_the_set_local_time_holds_across_a_clock_change() -> None:
    joined_at = datetime(2026, 3, 27, 8, tzinfo=BERLIN)
    steps = [step(number, number) for number in range(1, 5)]
    begun = run(joined_at, BERLIN, steps[0])
    dues = [next_due(begun, [one], EVERY_DAY) for one in steps]
    assert [due.at.astimezone(BERLIN).hour for due in dues if due] == [9, 9, 9, 9]
    assert [due.at.hour for due in dues if due] == [8, 8, 7, 7]


def test_apia_has_no_thirtieth_so_two_days_still_fall_on_two_dates() -> None:
    apia = ZoneInfo("Pacific/Apia")
    begun = Run(datetime(2011, 12, 29, tzinfo=UTC), date(2011, 12, 30), apia)
    first = next_due(begun, [step(1, 1), step(2, 2)], EVERY_DAY)
    assert first is not None
    assert first.at.astimezone(apia).date() == date(2011, 12, 31)
    after = Run(begun.joined_at, begun.anchor, apia, (1, 540), 1, date(2011, 12, 31))
    second = next_due(after, [step(1, 1), step(2, 2)], EVERY_DAY)
    assert second is not None
    assert second.at.astimezone(apia).date() == date(2012, 1, 1)


def test_a_step_that_was_skipped_does_not_push_the_next_day_away() -> None:
    begun = Run(datetime(2026, 1, 5, tzinfo=UTC), date(2026, 1, 5), KUALA_LUMPUR, last_place=(1, 540))
    due = next_due(begun, [step(2, 2)], EVERY_DAY)
    assert due is not None
    assert due.at.astimezone(KUALA_LUMPUR).date() == date(2026, 1, 6)


def test_the_second_step_of_a_day_does_not_share_the_date_of_the_day_before() -> None:
    # Day 1 came late, on the sixth; the first step of Day 2 was then skipped.
    late = Run(datetime(2026, 1, 5, tzinfo=UTC), date(2026, 1, 5), KUALA_LUMPUR, (2, 540), 1, date(2026, 1, 6))
    due = next_due(late, [step(3, 2, 18)], EVERY_DAY)
    assert due is not None
    assert due.at == datetime(2026, 1, 7, 18, tzinfo=KUALA_LUMPUR)


def test_a_year_without_a_sendable_day_is_an_error() -> None:
    with pytest.raises(NoSendableDayError):
        SendingDays(rest_days=frozenset(range(1, 8))).first_from(date(2026, 1, 1))


@settings(max_examples=1500)  # few of them lie in a gap
@given(moments, st.one_of(minutes, st.integers(0, 239).map(lambda minute: time(*divmod(minute, 60)))))
def test_a_local_time_is_never_early_and_exact_wherever_it_exists(
    moment: tuple[datetime, ZoneInfo], local: time
) -> None:
    on, zone = moment
    day = on.astimezone(zone).date()
    instant = at_local_time(day, local, zone)
    wall = instant.astimezone(zone).replace(tzinfo=None)
    asked = datetime.combine(day, local)
    assert wall >= asked
    exists = asked.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) == asked
    if exists:
        assert wall == asked
    else:  # a second before, the clock had not come so far
        before = (instant - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None)
        assert before < asked
    assert at_local_time(day, local, zone) == instant


@given(local_dates, st.integers(1, 60), sending)
def test_anchor_of_is_nth_the_other_way_round(anchor: date, number: int, days: SendingDays) -> None:
    anchor = days.first_from(anchor)
    assert days.anchor_of(days.nth(anchor, number), number) == anchor


@given(moments, sending, st.integers(1, 12), minutes)
def test_a_missed_step_moves_to_the_next_date_at_its_set_time(
    moment: tuple[datetime, ZoneInfo], days: SendingDays, day: int, local: time
) -> None:
    now, zone = moment
    missed = StepTime.of(1, day, local, None)
    begun = Run(now - timedelta(days=30), now.date() - timedelta(days=30), zone)
    anchor, due = shifted(begun, missed, now, days)
    assert due > now
    on = days.nth(anchor, day)
    assert days.may_send_on(on)
    assert at_local_time(on, local, zone) == due
    assert next_due(replace(begun, anchor=anchor), [missed], days) == Due(1, due), "planned again it stays there"
    today = now.astimezone(zone).date()
    sooner = [today + timedelta(days=n) for n in range((on - today).days)]
    assert not [one for one in sooner if days.may_send_on(one) and at_local_time(one, local, zone) > now]


@given(moments, sending, st.lists(st.tuples(st.integers(1, 30), minutes), min_size=1, unique=True))
def test_day_n_is_the_nth_sendable_date_from_the_first_on_which_day_one_is_ahead(
    moment: tuple[datetime, ZoneInfo], days: SendingDays, times: list[tuple[int, time]]
) -> None:
    joined_at, zone = moment
    steps = [StepTime.of(number, day, local, None) for number, (day, local) in enumerate(times)]
    first = min(steps, key=lambda one: one.place)
    today = joined_at.astimezone(zone).date()
    sendable = [day for day in (today + timedelta(days=n) for n in range(600)) if days.may_send_on(day)]
    if first.day == 1 and first.send_time and at_local_time(today, first.send_time, zone) <= joined_at:
        sendable = [day for day in sendable if day != today]
    begun = run(joined_at, zone, *steps, days=days)
    expected = {number: at_local_time(sendable[day - 1], local, zone) for number, (day, local) in enumerate(times)}
    assert {one.step_id: next_due(begun, [one], days) for one in steps} == {
        number: Due(number, at) for number, at in expected.items()
    }
    assert dates(begun, steps, days) == expected


@given(moments, minutes, minutes)
def test_quiet_hours_end_later_and_outside_of_themselves(
    moment: tuple[datetime, ZoneInfo], start: time, end: time
) -> None:
    now, zone = moment
    quiet = QuietHours(start, end)
    loud = (start.hour * 60 + start.minute) - (end.hour * 60 + end.minute)
    assume(
        loud % 1440 > 180
    )  # what is shorter may lie in a gap: then they end, and are asked again, in themselves
    until = quiet.end_after(now, zone)
    if until is None:
        assert not quiet.contain(now.astimezone(zone).time())
    else:
        assert quiet.contain(now.astimezone(zone).time())
        assert now < until < now + timedelta(days=1, hours=3)
        assert not quiet.contain(until.astimezone(zone).time())
        assert quiet.contain((until - timedelta(seconds=1)).astimezone(zone).time())


@pytest.mark.parametrize(
    ("local", "ends"),
    [((21, 0), (6, 8)), ((23, 30), (6, 8)), ((7, 59), (5, 8)), ((8, 0), None), ((20, 59), None)],
)
def test_quiet_hours_may_cross_midnight_and_their_end_is_not_quiet(
    local: tuple[int, int], ends: tuple[int, int] | None
) -> None:
    now = datetime(2026, 1, 5, *local, tzinfo=KUALA_LUMPUR)
    expected = None if ends is None else datetime(2026, 1, *ends, tzinfo=KUALA_LUMPUR)
    assert QuietHours(time(21), time(8)).end_after(now, KUALA_LUMPUR) == expected


def test_quiet_hours_that_come_twice_as_the_clocks_go_back_end_twice() -> None:
    quiet = QuietHours(time(1, 0), time(2, 30))
    second_two_fifteen = datetime(2026, 10, 25, 1, 15, tzinfo=UTC)
    assert quiet.end_after(second_two_fifteen, BERLIN) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
