"""Where a run stands after somebody has been moved to a step, and when that step is due. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from engine.sequences.calendar import ONE_DAY, Due, Run, SendingDays, StepTime, at_local_time, next_due


@dataclass(frozen=True, slots=True)
class Move:
    """`again`: the step lies behind, so that a new run begins with it. The others are passed over."""

    run: Run
    due: Due
    again: bool
    passed_over: tuple[StepTime, ...]


def plan_move(
    run: Run,
    target: StepTime,
    steps: Sequence[StepTime],
    *,
    had: frozenset[int],
    days: SendingDays,
    now: datetime,
) -> Move:
    """Make `target` the next of a run whose sequence has these live steps, at its first time from now on.

    `had` are the steps that the run has a message for. What it has reached the contact with counts in a new run
    as well: no two days of a sequence come to one contact on the same date.
    """
    behind = run.last_place is not None and target.place <= run.last_place
    if again := behind or target.step_id in had:
        run = Run(now, run.anchor, run.zone, None, run.reached_day, run.reached_on)
    before = [step for step in steps if step.place < target.place]
    skipped = [step for step in before if run.last_place is None or step.place > run.last_place]
    passed_over = () if again else tuple(step for step in skipped if step.step_id not in had)
    last = max((step.place for step in skipped), default=run.last_place)
    moved, due = _first_from(replace(run, last_place=last), target, days, now)
    return Move(moved, due, again, passed_over)


def _first_from(run: Run, target: StepTime, days: SendingDays, now: datetime) -> tuple[Run, Due]:
    """Try one sendable date after the other; the anchor goes with it, so that later steps keep their distance.

    What is sent on joining is sent as if they joined then: now, or at this time of a later date.
    """
    time_of_day = now.astimezone(run.zone).time().replace(fold=0)
    day = days.first_from(now.astimezone(run.zone).date())
    while True:
        moved = replace(run, anchor=days.anchor_of(day, target.day))
        if target.send_time is None:
            moved = replace(moved, joined_at=max(now, at_local_time(day, time_of_day, run.zone)))
        due = _due(moved, target, days)
        on: date = due.at.astimezone(run.zone).date()
        if due.at >= now and on == day and (on != run.reached_on or target.day == run.reached_day):
            return moved, due
        if target.send_time is None and on > day:  # so many minutes after joining is on the next date
            return replace(moved, anchor=days.anchor_of(on, target.day)), due
        day = days.first_from(max(on, day + ONE_DAY))


def _due(run: Run, target: StepTime, days: SendingDays) -> Due:
    due = next_due(run, [target], days)
    if due is None:
        raise AssertionError("a run stands before the step that it is moved to")
    return due
