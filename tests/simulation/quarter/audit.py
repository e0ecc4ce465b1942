"""Every send against the rules of DESIGN.md 4.1 to 4.4. Pure: the same record, the same findings.

Each rule takes what was sent since some instant, and finds what must not have been.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from models.enums import MissedPolicy
from tests.simulation.quarter.almanac import DAY, earliest_day, loud, naive, start_on
from tests.simulation.quarter.record import Attempt, Device, Fate, Record, Run, Stood

BACK = 10  # days that a message can be behind the date that it was planned for
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Violation:
    rule: str
    at: datetime
    who: str
    detail: str


def audit_sends(record: Record, since: datetime) -> list[Violation]:
    sends = recent(record.attempts, since)
    found = [violation for send in sends for violation in _one(send)]
    for run in {send.run.id: send.run for send in sends if send.run is not None}.values():
        found += _run(run, since)
    for device in record.devices.values():
        found += _device(device, since)
    return found


def recent(attempts: Sequence[Attempt], since: datetime) -> list[Attempt]:
    """Those from some instant on, out of a list in the order of time."""
    first = len(attempts)
    while first and attempts[first - 1].at >= since:
        first -= 1
    return list(attempts[first:])


def _one(send: Attempt) -> Iterator[Violation]:
    def found(rule: str, detail: str) -> Violation:
        return Violation(rule, send.at, send.name, detail)

    for reason in send.forbidden:
        yield found("forbidden", reason)
    if send.epoch != send.current_epoch:
        yield found("fencing", f"epoch {send.epoch}, but the device is at {send.current_epoch}")
    run, stood = send.run, send.stood
    if run is None or stood is None:
        return
    local = naive(send.at, run.zone)
    if send.body != stood.expected:
        yield found("text", f"{send.body!r}, not {stood.expected!r}")
    if not stood.days.allow(local.date()):
        yield found("day", f"{local:%a %d %b} is a day of rest or a holiday")
    if stood.quiet is not None and stood.quiet.covers(local.time()):
        yield found("quiet", f"{local:%H:%M:%S} is in the quiet hours {stood.quiet}")
    if not stood.edited_on_its_way:
        yield from (found(rule, detail) for rule, detail in _when(send, run, stood))


def _when(send: Attempt, run: Run, stood: Stood) -> Iterator[tuple[str, str]]:
    """Not before its set time on a date that may be its day, and not after it is too late."""
    moment, days, zone = stood.moment, stood.days, run.zone
    today = naive(send.at, zone).date()
    earliest = earliest_day(moment, run.joined_at, zone, run.anchor, days)
    dates = [day for back in range(BACK) if (day := today - back * DAY) >= earliest and days.allow(day)]
    starts = [start_on(day, moment, run.joined_at, zone, days) for day in dates]
    begun = [start for start in starts if start <= send.at]
    if not begun:
        expected = start_on(max(earliest, today), moment, run.joined_at, zone, days)
        yield "too_early", f"{moment} of Day 1 on {run.anchor}: not before {expected}"
    elif stood.policy is not MissedPolicy.SEND_NOW:
        window = timedelta(minutes=stood.late_window)
        last = max(loud(start, zone, stood.quiet, days) for start in begun) + window
        if send.at > last:
            yield "too_late", f"{moment}: not after {last}, {stood.policy} is what it should do"


def _run(run: Run, since: datetime) -> Iterator[Violation]:
    """What one person gets: each step once, in their order, and different days on different dates."""
    for before, after in pairwise(run.sends):
        if after.at < since or before.stood is None or after.stood is None:
            continue
        one, other = before.stood.moment, after.stood.moment
        if other.place <= one.place and not after.stood.edited_on_its_way:
            yield Violation("order", after.at, after.name, f"{other} came after {one}, message {before.message}")
        on, then = (naive(send.at, run.zone).date() for send in (before, after))
        if on == then and one.day != other.day and not after.stood.edited_on_its_way:
            yield Violation("spacing", after.at, after.name, f"Day {one.day} and Day {other.day} both on {on}")
    first: dict[int | None, Attempt] = {}
    for send in run.sends:
        earlier = first.setdefault(send.step, send)
        if earlier is not send and send.at >= since:
            yield Violation("twice", send.at, send.name, f"they had it at {earlier.at}, message {earlier.message}")


def _device(device: Device, since: datetime) -> Iterator[Violation]:
    """The pause between two sends, counted from the outcome of the first, and the caps."""
    attempts = recent(device.attempts, since - DAY)
    for before, after in pairwise(attempts):
        if after.at < since:
            continue
        known = before.ended_at is not None and before.ended_at <= after.at
        if not known:
            yield Violation("pace", after.at, after.name, f"message {before.message} was still on its way")
        rested = before.at if before.taken_over or before.ended_at is None else before.ended_at
        earliest = rested + timedelta(seconds=before.min_delay)
        if after.at < earliest:
            yield Violation("pace", after.at, after.name, f"after message {before.message}: not before {earliest}")
    for send in attempts:
        if send.at >= since and send.run is not None:
            yield from _caps(send, attempts)


def _caps(send: Attempt, attempts: Sequence[Attempt]) -> Iterator[Violation]:
    """Of a clock hour, and of a day of the team. What never left does not count."""
    zone = send.device.team.zone
    today = naive(send.at, zone).date()
    this_hour = send.at.replace(minute=0, second=0, microsecond=0)
    before = [
        one
        for one in attempts[: attempts.index(send)]
        if one.fate is not Fate.NOT_CONNECTED or one.taken_over or one.ended_at is None
    ]
    day = sum(naive(one.at, zone).date() == today for one in before)
    hour = sum(this_hour <= one.at < this_hour + HOUR for one in before)
    for cap, count, name in ((send.daily_cap, day, "day"), (send.hourly_cap, hour, "hour")):
        if cap is not None and count >= cap:
            yield Violation("cap", send.at, send.name, f"{count} in this {name} already, of {cap}")
