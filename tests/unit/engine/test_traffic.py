"""What sequences will send besides a campaign."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from engine.broadcast.hours import Hours
from engine.broadcast.walk import Load
from engine.sequences.calendar import QuietHours, Run, SendingDays, StepTime
from engine.sequences.traffic import Course, Runners, traffic
from models.enums import Lane, MissedPolicy

KUALA_LUMPUR = ZoneInfo("Asia/Kuala_Lumpur")
NIGHT = QuietHours(time(21), time(9))
WINDOW = timedelta(hours=12)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 1, day, hour, minute, tzinfo=KUALA_LUMPUR).astimezone(UTC)


NOW = at(5, 10)
STEPS = tuple(StepTime.of(day, day, time(11), None) for day in (1, 2, 4))
COURSE = Course(STEPS, SendingDays(), MissedPolicy.SHIFT, WINDOW)
RUN = Run(NOW, date(2026, 1, 5), KUALA_LUMPUR)


def load(people: int, due: datetime, *, shifts: bool = True, late: datetime | None = None) -> Load:
    return Load(people, Lane.SEQUENCE, due, Hours(KUALA_LUMPUR, NIGHT), late or due + WINDOW, shifts)


def test_every_step_to_come_is_sent_on_its_day_from_the_device_of_the_run() -> None:
    runners = [
        Runners(3, 1, 7, RUN, at(5, 11)),
        Runners(2, 2, 7, replace(RUN, last_place=STEPS[1].place), at(8, 11)),
    ]
    assert traffic(runners, {7: COURSE}, NIGHT, NOW) == {
        1: [load(3, at(5, 11)), load(3, at(6, 11)), load(3, at(8, 11))],
        2: [load(2, at(8, 11))],
    }


def test_what_waits_in_the_queue_already_is_not_counted_twice() -> None:
    assert traffic([Runners(3, 1, 7, RUN, None)], {7: COURSE}, NIGHT, at(5, 11, 5)) == {
        1: [load(3, at(6, 11)), load(3, at(8, 11))]
    }


def test_people_who_stand_apart_but_get_the_same_at_once_are_one_load() -> None:
    elsewhere = replace(RUN, anchor=date(2026, 1, 4), last_place=STEPS[0].place)
    runners = [Runners(3, 1, 7, RUN, at(5, 11)), Runners(2, 1, 7, elsewhere, at(5, 11))]
    assert traffic(runners, {7: COURSE}, NIGHT, NOW)[1][0] == load(5, at(5, 11))


def test_what_is_overdue_is_sent_now_and_what_is_too_late_follows_the_sequence() -> None:
    (overdue, *_) = traffic([Runners(1, 1, 7, RUN, at(5, 9))], {7: COURSE}, NIGHT, NOW)[1]
    assert overdue.due_at == NOW
    skips = {7: replace(COURSE, missed_policy=MissedPolicy.SKIP)}
    assert not traffic([Runners(1, 1, 7, RUN, at(5, 11))], skips, NIGHT, NOW)[1][0].shifts
    sends = {7: replace(COURSE, missed_policy=MissedPolicy.SEND_NOW)}
    assert traffic([Runners(1, 1, 7, RUN, at(5, 11))], sends, NIGHT, NOW)[1][0].expires_at is None
