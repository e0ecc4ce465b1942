"""A whole run, from joining to its last message, with devices that come late and every policy for that.

What the processor, the claim and the outcome do with a run in the database is done here in a loop with the rules that
they ask: `next_due`, `decide`, and where the run stands after a message has ended.
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.broadcast.admission import Admit, Candidate, ContactFacts, Defer, DeviceFacts, End, StepFacts, decide
from engine.broadcast.pacing import Pace, Tally
from engine.sequences.calendar import (
    QuietHours,
    Run,
    SendingDays,
    StepTime,
    anchor_for,
    at_local_time,
    dates,
    next_due,
)
from models.enums import ConsentState, ContentKind, EnrolmentStatus, Lane, MissedPolicy, SequenceStatus
from tests.unit.engine.calendars import minutes, moments, sending

AT_ONCE = timedelta()
MOST_DELAYS = 60

steps = st.builds(
    lambda on_joining, timed: (
        *(StepTime.of(100 + number, 1, None, after) for number, after in enumerate(sorted(on_joining))),
        *(StepTime.of(number, day, local, None) for number, (day, local) in enumerate(sorted(timed))),
    ),
    st.sets(st.integers(0, 1439), max_size=2),
    st.sets(st.tuples(st.integers(1, 9), minutes), min_size=1, max_size=7),
)
delays = st.lists(
    st.one_of(
        st.just(AT_ONCE), st.timedeltas(AT_ONCE, timedelta(hours=3)), st.timedeltas(AT_ONCE, timedelta(days=6))
    ),
    max_size=25,
)
quiet_hours = st.one_of(st.none(), st.builds(QuietHours, minutes, minutes))


@dataclass(frozen=True)
class Sequence:
    steps: tuple[StepTime, ...]
    days: SendingDays
    policy: MissedPolicy = MissedPolicy.SHIFT
    window: timedelta = timedelta(hours=12)
    quiet: QuietHours | None = None


@dataclass(frozen=True)
class Ended:
    """`due`: when it was at first; `set_for`: when it was at last, before quiet hours put it off."""

    step: StepTime
    due: datetime
    set_for: datetime
    at: datetime
    late: bool
    came: bool


@dataclass
class Simulation:
    sequence: Sequence
    run: Run
    delays: list[timedelta]
    ended: list[Ended] = field(default_factory=list)

    def to_its_end(self) -> list[Ended]:
        """Every message reaches its device late by the next of the delays; when they are used up, none is late."""
        had: set[int] = set()
        while True:
            waiting = [step for step in self.sequence.steps if step.step_id not in had]
            due = next_due(self.run, waiting, self.sequence.days)
            assert due == next_due(self.run, reversed(waiting), self.sequence.days), (
                "planned again, another answer"
            )
            if due is None:
                return self.ended
            step = next(step for step in waiting if step.step_id == due.step_id)
            ended = self._deliver(step, due.at, waiting)
            self.ended.append(ended)
            had.add(step.step_id)
            self.run = replace(self.run, last_place=step.place)
            if ended.came:
                on = ended.at.astimezone(self.run.zone).date()
                self.run = replace(self.run, reached_day=step.day, reached_on=on)

    def _deliver(self, step: StepTime, due: datetime, waiting: list[StepTime]) -> Ended:
        now = max([due, *(ended.at for ended in self.ended)])
        first_due = set_for = due
        expires = due + self.sequence.window
        for _ in range(MOST_DELAYS):
            now = max(now, due) + (self.delays.pop() if self.delays else AT_ONCE)
            decision = decide(self._candidate(step, due, expires, waiting), now)
            if not isinstance(decision, Defer):
                assert isinstance(decision, Admit | End)
                late, came = now > self._last_moment(expires), isinstance(decision, Admit)
                return Ended(step, first_due, set_for, now, late=late, came=came)
            assert decision.until > now
            due, expires = decision.until, decision.expires or expires
            if decision.anchor is not None:
                self.run, set_for = replace(self.run, anchor=decision.anchor), due
                if step.send_time is not None:
                    again = next_due(self.run, waiting, self.sequence.days)
                    assert again is not None
                    assert again.at == due, "planned again it would be due at another time"
        raise AssertionError("it is put off for ever")

    def _last_moment(self, expires: datetime) -> datetime:
        """What was set for quiet hours is late a window after they end, on a date on which there is sending."""
        sequence, zone = self.sequence, self.run.zone
        end = sequence.quiet and sequence.quiet.end_after(expires - sequence.window, zone)
        if end is None or sequence.quiet is None:
            return expires
        day = end.astimezone(zone).date()
        if not sequence.days.may_send_on(day):
            end = at_local_time(sequence.days.first_from(day), sequence.quiet.end, zone)
        return max(expires, end + sequence.window)

    def _candidate(self, step: StepTime, due: datetime, expires: datetime, waiting: list[StepTime]) -> Candidate:
        sequence = self.sequence
        facts = StepFacts(
            self.run, EnrolmentStatus.ACTIVE, SequenceStatus.ACTIVE, step, tuple(waiting), sequence.days,
            sequence.policy, sequence.window, "Welcome", ContentKind.TEXT, "Hi", None,
        )  # fmt: skip
        device = DeviceFacts(Pace(0, 0), Tally(due, 0, due.date(), 0), self.run.zone, None, paused=False)
        contact = ContactFacts("+60120000001", "Siti", {}, ConsentState.OPTED_IN, suppressed=False)
        return Candidate(Lane.SEQUENCE, None, due, expires, device, contact, sequence.quiet, facts)


sequences = st.builds(
    Sequence,
    steps=steps,
    days=sending,
    policy=st.sampled_from(MissedPolicy),
    window=st.timedeltas(timedelta(minutes=1), timedelta(days=2)),
    quiet=quiet_hours,
)


def joined(moment: tuple[datetime, ZoneInfo], sequence: Sequence) -> Run:
    joined_at, zone = moment
    return Run(joined_at, anchor_for(joined_at, zone, sequence.steps, sequence.days), zone)


@settings(max_examples=400)
@given(moments, sequences, delays)
def test_whatever_comes_late_every_rule_holds_to_the_end(
    moment: tuple[datetime, ZoneInfo], sequence: Sequence, late: list[timedelta]
) -> None:
    zone = moment[1]
    ended = Simulation(sequence, joined(moment, sequence), list(late)).to_its_end()
    assert [one.step.place for one in ended] == sorted(step.place for step in sequence.steps), (
        "in order, each once"
    )
    assert [one.at for one in ended] == sorted(one.at for one in ended)
    days_on = defaultdict(set)
    for one in ended:
        assert sequence.days.may_send_on(one.set_for.astimezone(zone).date())
        assert one.at >= one.set_for
        if one.step.send_time is not None:
            assert_is_set_time(one, zone)
        if one.came:
            local = one.at.astimezone(zone)
            assert sequence.days.may_send_on(local.date()), "on a forbidden day"
            assert sequence.quiet is None or not sequence.quiet.contain(local.time()), "in quiet hours"
            assert not one.late or sequence.policy is MissedPolicy.SEND_NOW
            days_on[local.date()].add(one.step.day)
        else:
            assert one.late
            assert sequence.policy is not MissedPolicy.SHIFT
    assert all(len(days) == 1 for days in days_on.values()), "two days' steps on one date"


def assert_is_set_time(ended: Ended, zone: ZoneInfo) -> None:
    """It was set for its local time, or the first instant there is after it: that may be on the next date."""
    assert ended.step.send_time is not None
    local = ended.set_for.astimezone(zone).replace(tzinfo=None)
    before = (ended.set_for - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None)
    asked = [datetime.combine(local.date() - timedelta(days=n), ended.step.send_time) for n in (0, 1)]
    assert any(local == one or before < one < local for one in asked), f"{local} instead of {asked[0]}"


@settings(max_examples=400)
@given(moments, sequences)
def test_when_nothing_is_late_every_message_comes_on_the_date_that_was_shown(
    moment: tuple[datetime, ZoneInfo], sequence: Sequence
) -> None:
    sequence = replace(sequence, quiet=None)
    run = joined(moment, sequence)
    shown = dates(run, sequence.steps, sequence.days)
    ended = Simulation(sequence, run, []).to_its_end()
    assert all(one.came for one in ended)
    assert {one.step.step_id: one.at for one in ended} == shown
    for one in ended:
        assert one.at == one.set_for, "reached after its time"


@given(moments, sequences, delays)
def test_with_shift_everybody_gets_everything_and_days_keep_their_distance(
    moment: tuple[datetime, ZoneInfo], sequence: Sequence, late: list[timedelta]
) -> None:
    """A miss moves the whole run. What comes late but in time, after midnight, moves only the day it runs into."""
    zone = moment[1]
    sequence = replace(sequence, policy=MissedPolicy.SHIFT, quiet=None)
    ended = Simulation(sequence, joined(moment, sequence), list(late)).to_its_end()
    assert all(one.came for one in ended)
    for one, following in pairwise(ended):
        first, second = (each.set_for.astimezone(zone).date() for each in (one, following))
        if one.at.astimezone(zone).date() != first:
            break
        between = (first + timedelta(days=1 + number) for number in range((second - first).days))
        apart = sum(sequence.days.may_send_on(day) for day in between)
        assert apart >= following.step.day - one.step.day


@given(moments, sequences, delays)
def test_with_send_now_what_comes_late_is_the_latest_that_is_due(
    moment: tuple[datetime, ZoneInfo], sequence: Sequence, late: list[timedelta]
) -> None:
    sequence = replace(sequence, policy=MissedPolicy.SEND_NOW, quiet=None)
    ended = Simulation(sequence, joined(moment, sequence), list(late)).to_its_end()
    for one, following in pairwise(ended):
        if one.late and one.came:
            assert following.due > one.at
        elif not one.came:
            assert following.due <= one.at
    assert not ended or ended[-1].came
