"""What sequences are going to send in the days to come, by device: campaigns yield to it. Pure.

Who will join meanwhile is not known, nor who will answer and be paused for it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from engine.broadcast.hours import Hours
from engine.broadcast.walk import Load
from engine.sequences.calendar import QuietHours, Run, SendingDays, StepTime, dates
from models.enums import Lane, MissedPolicy


@dataclass(frozen=True, slots=True)
class Course:
    """What a sequence sends, and when. `steps`: the live ones."""

    steps: tuple[StepTime, ...]
    days: SendingDays
    missed_policy: MissedPolicy
    late_window: timedelta


@dataclass(frozen=True, slots=True)
class Runners:
    """People who stand at the same place of a sequence. `due_at`: of their next step; None: its message waits."""

    people: int
    device_id: int
    sequence_id: int
    run: Run
    due_at: datetime | None


def traffic(
    runners: Iterable[Runners], courses: Mapping[int, Course], quiet: QuietHours | None, now: datetime
) -> dict[int, list[Load]]:
    """By device; what waits in the queue already is not in it."""
    known: dict[tuple[int, Run], list[datetime]] = {}
    coming: dict[int, Counter[tuple[datetime, int, ZoneInfo]]] = defaultdict(Counter)
    for one in runners:
        course = courses[one.sequence_id]
        key = one.sequence_id, one.run
        if key not in known:
            known[key] = sorted(dates(one.run, course.steps, course.days).values())
        dues = known[key][1:]
        if one.due_at is not None:
            dues = [one.due_at, *dues]
        for due in dues:
            coming[one.device_id][max(due, now), one.sequence_id, one.run.zone] += one.people
    return {
        device_id: [
            _load(people, due, courses[sequence_id], Hours(zone, quiet))
            for (due, sequence_id, zone), people in loads.items()
        ]
        for device_id, loads in coming.items()
    }


def _load(people: int, due: datetime, course: Course, hours: Hours) -> Load:
    policy = course.missed_policy
    expires_at = None if policy is MissedPolicy.SEND_NOW else due + course.late_window
    return Load(people, Lane.SEQUENCE, due, hours, expires_at, shifts=policy is MissedPolicy.SHIFT)
