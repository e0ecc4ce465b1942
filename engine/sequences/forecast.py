"""What happens when a sequence starts or goes on: who moves, what is skipped, what goes out. Pure.

It asks the rules that every claim asks (`admission.put_off`), message after message, at the instants at which the
devices will come to them. Only what is decided at once is in it: who waits for a later time keeps that.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from engine.broadcast.admission import Defer, End, StepFacts, put_off
from engine.broadcast.throughput import Line
from engine.sequences.calendar import Due, QuietHours, Run, SendingDays, StepTime, next_due
from models.enums import ContentKind, EnrolmentStatus, MissedPolicy, SequenceStatus


@dataclass(frozen=True, slots=True)
class Rules:
    """What a sequence does about time."""

    days: SendingDays
    missed_policy: MissedPolicy
    late_window: timedelta
    quiet: QuietHours | None
    steps: tuple[StepTime, ...]  # the live ones


@dataclass(frozen=True, slots=True)
class Wait:
    """What a run waits for. Messages that wait already have an `expires_at` of their own."""

    step: StepTime
    due_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Group:
    """People who stand at the same place. `refusal`: why none of them may be written to."""

    people: int
    device_id: int
    run: Run
    had: frozenset[int]
    wait: Wait | None  # None: nothing is written that they could wait for
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class Overload:
    """More is due on a day than the devices can send before it is too late."""

    day: date
    messages: int
    in_time: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """Messages by what becomes of them. Nothing that was sent, or is unsure, is sent again."""

    go_out: int  # what is due already …
    from_at: datetime | None  # … from now on or when quiet hours end …
    until_at: datetime | None  # … and when the devices are through with it
    moved: Mapping[int, int]  # how many by so many days, of their whole runs
    skipped: Mapping[str, int]  # how many by why
    keep: int  # their time is still to come
    barred: int  # and is still to come, but they may not be written to any more
    next_at: datetime | None  # when the first message goes out
    ends_at: datetime | None  # about when the last one does, as far as steps and moves tell
    overload: Overload | None


def foresee(groups: Sequence[Group], rules: Rules, lines: Mapping[int, Line], now: datetime) -> Forecast:
    """`lines`: of every device of these groups. They are used up by it."""
    walk = _Walk(rules, lines, now)
    for group in sorted(groups, key=lambda group: group.wait.due_at if group.wait else now):
        walk.follow(group)
    return walk.forecast()


@dataclass(frozen=True, slots=True)
class _Timed:
    due_at: datetime
    expires_at: datetime
    quiet: QuietHours | None


@dataclass(slots=True)
class _Walk:
    rules: Rules
    lines: Mapping[int, Line]
    now: datetime
    sends: list[datetime] = field(default_factory=list)
    moved: Counter[int] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    keep: int = 0
    barred: int = 0
    # People by where they stand afterwards: their run, what it has had, and what they then wait for, by device.
    ahead: Counter[tuple[int, Run, frozenset[int], Due]] = field(default_factory=Counter)
    nexts: dict[tuple[Run, frozenset[int]], Due | None] = field(default_factory=dict)

    def follow(self, group: Group) -> None:
        if group.wait is None:
            return
        if group.refusal is not None:
            if group.wait.due_at > self.now:
                self.barred += group.people
            else:
                self.skipped[group.refusal] += group.people
        elif group.wait.due_at > self.now:
            self.keep += group.people
            self._stand(group, group.run, Due(group.wait.step.step_id, group.wait.due_at), group.people)
        else:
            waiting = tuple(step for step in self.rules.steps if step.step_id not in group.had)
            left = group.people
            while left:
                before = len(self.sends)
                self._go_on(group, group.wait, waiting, 1)
                left -= 1
                if left and len(self.sends) == before:  # it took no turn of the device: so it is for all others
                    self._go_on(group, group.wait, waiting, left)
                    left = 0

    def _go_on(self, group: Group, wait: Wait, waiting: tuple[StepTime, ...], people: int) -> None:
        """Let people come to what is due, until something lies ahead. Only one at a time can be sent to."""
        run, line, at = group.run, self.lines[group.device_id], self.now
        set_for = wait.due_at
        while True:
            at = line.free_from(at)
            timed = _Timed(wait.due_at, wait.expires_at, self.rules.quiet)
            match put_off(timed, self._facts(run, wait.step, waiting), at):
                case Defer(until=until, expires=expires, anchor=None):
                    at, wait = until, Wait(wait.step, until, expires or wait.expires_at)
                    continue
                case Defer(until=until, anchor=date() as anchor):
                    days = (until.astimezone(run.zone).date() - set_for.astimezone(run.zone).date()).days
                    self.moved[days] += people
                    self._stand(group, replace(run, anchor=anchor), Due(wait.step.step_id, until), people)
                    return
                case End(code=code):
                    self.skipped[code] += people
                    run = replace(run, last_place=wait.step.place)
                case None:
                    line.take(at)
                    self.sends.append(at)
                    on = at.astimezone(run.zone).date()
                    run = replace(run, last_place=wait.step.place, reached_day=wait.step.day, reached_on=on)
            due = self._next(run, group.had, waiting)
            if due is None:
                return
            if due.at > at:
                self._stand(group, run, due, people)
                return
            step = next(step for step in waiting if step.step_id == due.step_id)
            wait, set_for = Wait(step, due.at, due.at + self.rules.late_window), due.at

    def _next(self, run: Run, had: frozenset[int], waiting: tuple[StepTime, ...]) -> Due | None:
        """What is next for everybody who has come to the same place."""
        if (run, had) not in self.nexts:
            self.nexts[run, had] = next_due(run, waiting, self.rules.days)
        return self.nexts[run, had]

    def _facts(self, run: Run, step: StepTime, waiting: tuple[StepTime, ...]) -> StepFacts:
        return StepFacts(
            run=run,
            status=EnrolmentStatus.ACTIVE,
            sequence_status=SequenceStatus.ACTIVE,
            step=step,
            waiting=waiting,
            days=self.rules.days,
            missed_policy=self.rules.missed_policy,
            late_window=self.rules.late_window,
            sequence="",  # what it says has no part in when it goes out
            kind=ContentKind.TEXT,
            body="",
            media_id=None,
        )

    def _stand(self, group: Group, run: Run, due: Due, people: int) -> None:
        self.ahead[group.device_id, run, group.had, due] += people

    def forecast(self) -> Forecast:
        first, last = min(self.sends, default=None), max(self.sends, default=None)
        coming = [due.at for _, _, _, due in self.ahead]
        ends = [self._last(run, had, due) for run, had, due in {key[1:] for key in self.ahead}]
        return Forecast(
            go_out=len(self.sends),
            from_at=first,
            until_at=last,
            moved=dict(sorted(self.moved.items())),
            skipped=dict(self.skipped),
            keep=self.keep,
            barred=self.barred,
            next_at=min((at for at in (first, *coming) if at is not None), default=None),
            ends_at=max((at for at in (last, *ends) if at is not None), default=None),
            overload=self._overload(),
        )

    def _last(self, run: Run, had: frozenset[int], due: Due) -> datetime:
        """When the run's last message is due, if nothing comes in between."""
        ahead = [
            step
            for step in self.rules.steps
            if step.step_id not in had and (run.last_place is None or step.place > run.last_place)
        ]
        if not ahead:
            return due.at
        last = next_due(run, [max(ahead, key=lambda step: step.place)], self.rules.days)
        return due.at if last is None else max(due.at, last.at)

    def _overload(self) -> Overload | None:
        """Of the days on which people get their next message, the one on which most cannot get it in time."""
        batches: dict[tuple[date, int], Counter[datetime]] = defaultdict(Counter)
        for (device_id, run, _, due), people in self.ahead.items():
            batches[due.at.astimezone(run.zone).date(), device_id][due.at] += people
        planned: Counter[date] = Counter()
        in_time: Counter[date] = Counter()
        for (day, device_id), dues in batches.items():
            messages, start = dues.total(), min(dues)
            end = max(dues) + self.rules.late_window
            planned[day] += messages
            in_time[day] += self.lines[device_id].room(start, end, self.rules.quiet, most=messages)
        worst = max(planned, key=lambda day: planned[day] - in_time[day], default=None)
        if worst is None or planned[worst] == in_time[worst]:
            return None
        return Overload(worst, planned[worst], in_time[worst])
