"""What a change of the messages would do, and to whom, worked out as saving it would. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from engine.sequences.calendar import Due, Run, SendingDays, StepTime
from engine.sequences.changes import Place, PlanEdit, place_of
from engine.sequences.progress import next_for
from models import SequenceStep
from models.enums import EnrolmentStatus


class Change(StrEnum):
    ADDED = "added"
    TEXT = "text"
    MOVED = "moved"  # perhaps with another text, too
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Wait:
    """So many people wait for a message: when it is due to them now, and what comes when after the change.

    Local times of theirs. Both None: it is new, and next for them; their run is complete without it.
    """

    people: int
    now_at: datetime | None
    then_at: datetime | None
    then_header: str | None = None  # of the message that comes instead, if it is another one


@dataclass(frozen=True, slots=True)
class Touched:
    """One message of the change.

    `waits`: for whom it is next, those whom it reaches first in front. Then those who come to it `later`; those
    who have `passed` it (had it, or stand behind it: a new one does not reach them); and those who `lose` it, who
    were to come to it and stand behind its new place.
    """

    change: Change
    header: str
    to: str | None  # its header after the change, if it is another
    old_text: str | None
    new_text: str | None
    waits: tuple[Wait, ...]
    later: int
    passed: int
    lose: int

    @property
    def waiting(self) -> int:
        return sum(wait.people for wait in self.waits)


@dataclass(frozen=True, slots=True)
class Standing:
    """People who are all at the same point of their run.

    `open_step`: that of their message without an outcome; it is `queued`, or else on its way. `waits_for`: what
    is next for them, unless it is on its way. `had`: the steps of all their messages, that one included.
    """

    people: int
    status: EnrolmentStatus
    run: Run
    had: frozenset[int]
    waits_for: Due | None
    open_step: int | None
    queued: bool


@dataclass(frozen=True, slots=True)
class Foresight:
    """`changed`: how many people will wait for something else, or for another time."""

    touched: tuple[Touched, ...]
    changed: int


@dataclass(frozen=True, slots=True)
class _Future:
    """What people are to get before the change and after it, and what of that is next."""

    standing: Standing
    before: frozenset[int]
    after: frozenset[int]
    then: Due | None

    @property
    def next_step(self) -> int | None:
        return self.standing.waits_for.step_id if self.standing.waits_for else None

    def has_passed(self, step: StepTime) -> bool:
        run, ended_early = self.standing.run, self.standing.status is EnrolmentStatus.EXITED
        behind = run.last_place is not None and step.place <= run.last_place
        return step.step_id not in self.before and (behind or not ended_early)


def foresee(
    edit: PlanEdit,
    there: Sequence[SequenceStep],
    standings: Sequence[Standing],
    days: SendingDays,
    now: datetime,
    *,
    begun: bool,
) -> Foresight:
    """Work out a change that `changes.checked` has passed. The messages to come have the ids -1, -2 …"""
    old = {step.id: place_of(step) for step in there}
    come = {-number: one.place for number, one in enumerate(edit.added, start=1)}
    new = {id_: place for id_, place in {**old, **edit.places, **come}.items() if id_ not in edit.removed}
    times = _times(old), _times(new)
    futures = [_future(one, edit, *times, days, now, list(come) if begun else []) for one in standings]
    touched = [_touched(step, edit, times[0][step.id], new, futures) for step in there if step.id in edit.step_ids]
    for id_, addition in zip(come, edit.added, strict=True):
        touched.append(_added(id_, addition.place.header, addition.body, futures))
    changed = sum(one.standing.people for one in futures if one.standing.waits_for != one.then)
    return Foresight(tuple(touched), changed)


def _times(places: Mapping[int, Place]) -> dict[int, StepTime]:
    return {
        id_: StepTime.of(id_, place.day, place.send_time, place.after_join_minutes)
        for id_, place in places.items()
    }


def _future(  # noqa: PLR0917
    standing: Standing,
    edit: PlanEdit,
    old: Mapping[int, StepTime],
    new: Mapping[int, StepTime],
    days: SendingDays,
    now: datetime,
    inserted: Sequence[int],
) -> _Future:
    run, had, open_step = standing.run, standing.had, standing.open_step
    if standing.status not in {EnrolmentStatus.ACTIVE, EnrolmentStatus.PAUSED}:
        return _Future(standing, frozenset(), frozenset(), None)
    behind_them = had - {open_step}
    moved, then = next_for(run, [step for id_, step in new.items() if id_ not in behind_them], days, now, inserted)
    if open_step is not None and not _goes_back(standing, edit, then, new):
        if open_step in old:  # when that message has ended they stand behind it
            run = replace(run, last_place=old[open_step].place)
        due_first = {open_step} if standing.queued else frozenset()
        before, after = _ahead(run, old, had) | due_first, _ahead(run, new, had) | due_first
        return _Future(standing, before, after, standing.waits_for)
    return _Future(standing, _ahead(run, old, behind_them), _ahead(moved, new, behind_them), then)


def _goes_back(standing: Standing, edit: PlanEdit, then: Due | None, new: Mapping[int, StepTime]) -> bool:
    """Whether their queued message goes back into the plan: it was changed, or another now comes before it."""
    overtaken = standing.open_step in new and then is not None and then.step_id != standing.open_step
    return standing.queued and (standing.open_step in edit.replanned or overtaken)


def _ahead(run: Run, steps: Mapping[int, StepTime], had: frozenset[int]) -> frozenset[int]:
    place = run.last_place
    return frozenset(
        id_ for id_, step in steps.items() if id_ not in had and (place is None or step.place > place)
    )


def _touched(
    step: SequenceStep, edit: PlanEdit, time: StepTime, new: Mapping[int, Place], futures: Sequence[_Future]
) -> Touched:
    gone, waits = step.id in edit.removed, Counter[Wait]()
    later = passed = lose = 0
    for future in futures:
        people = future.standing.people
        if future.next_step == step.id:
            waits[_wait(future, new)] += people
        elif step.id in future.before and (gone or step.id in future.after):
            later += people
        elif step.id in future.before:
            lose += people
        elif future.has_passed(time):
            passed += people
    change = Change.REMOVED if gone else Change.MOVED if step.id in edit.places else Change.TEXT
    to = new[step.id].header if change is Change.MOVED else None
    text = None if gone else edit.texts.get(step.id)
    return Touched(change, place_of(step).header, to, step.body, text, _sorted(waits), later, passed, lose)


def _wait(future: _Future, new: Mapping[int, Place]) -> Wait:
    """Read who waits for a message that is there now; `people` is counted by who asks."""
    zone, due, then = future.standing.run.zone, future.standing.waits_for, future.then
    other = then is not None and due is not None and then.step_id != due.step_id
    return Wait(
        0,
        due.at.astimezone(zone) if due else None,
        then.at.astimezone(zone) if then else None,
        new[then.step_id].header if then and other else None,
    )


def _added(id_: int, header: str, body: str, futures: Sequence[_Future]) -> Touched:
    waits = Counter[Wait]()
    later = passed = 0
    for future in futures:
        people, then = future.standing.people, future.then
        if then is not None and then.step_id == id_:
            waits[Wait(0, None, then.at.astimezone(future.standing.run.zone))] += people
        elif id_ in future.after:
            later += people
        elif future.standing.status is not EnrolmentStatus.EXITED:
            passed += people
    return Touched(Change.ADDED, header, None, None, body, _sorted(waits), later, passed, 0)


def _sorted(waits: Counter[Wait]) -> tuple[Wait, ...]:
    counted = [replace(wait, people=people) for wait, people in waits.items()]
    return tuple(sorted(counted, key=_instant))


def _instant(wait: Wait) -> datetime:
    instant = wait.now_at or wait.then_at
    assert instant is not None  # noqa: S101 (who waits has an instant)
    return instant
