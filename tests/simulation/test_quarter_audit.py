"""Each rule of the quarter's audit finds the breach that it is there for, and nothing in a clean story."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from models.enums import EnrolmentStatus, MissedPolicy
from tests.simulation.quarter.almanac import Moment, Quiet
from tests.simulation.quarter.audit import audit_sends
from tests.simulation.quarter.record import (
    Attempt,
    Device,
    Fate,
    Known,
    Person,
    Record,
    Refusal,
    Run,
    Sequence,
    Step,
    Team,
)
from tests.simulation.quarter.rest import Rest, RunRow, StepBooks, audit_end, audit_rest

BERLIN = ZoneInfo("Europe/Berlin")
BEGAN = datetime(2026, 3, 26, tzinfo=UTC)  # Thursday; the clocks go forward on Sunday
EVENING = datetime(2026, 3, 27, 20, tzinfo=UTC)
FRIDAY = date(2026, 3, 27)


def local(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of March 2026 in Berlin."""
    return datetime(2026, 3, day, hour, minute, tzinfo=BERLIN)


class Story:
    """One person joins on Thursday evening and has Day 1 on Friday at 9:00 and 14:00; Day 2 is to come on Monday."""

    def __init__(self) -> None:
        team = Team(1, "DE", BERLIN, frozenset({6, 7}), Quiet(time(21), time(8)))
        self.device = Device(5, team, min_delay=60)
        self.sequence = Sequence(
            3, team, BERLIN, own_zones=True, policy=MissedPolicy.SHIFT, late_window=720, skip_rest=True,
            skip_holidays=True,
        )  # fmt: skip
        moments = [Moment(1, time(9)), Moment(1, time(14)), Moment(2, time(9))]
        for number, moment in enumerate(moments, 1):
            self.sequence.steps[number] = Step(
                number, moment, f"{{{{ name }}}}, {number}", BEGAN, self.sequence.days
            )
        person = Person(8, team, "+491510000001", "Person 1", BERLIN)
        self.run = Run(9, self.sequence, person, BERLIN, local(26, 19), FRIDAY)
        self.record = Record([team], {5: self.device}, [self.sequence], {8: person}, {9: self.run})
        self.sends = [self.send(1, local(27, 9)), self.send(2, local(27, 14))]

    def send(self, step: int, at: datetime, message: int | None = None, fate: Fate = Fate.SENT) -> Attempt:
        known = Known(self.run, step, self.run.person)
        message = message or 100 + step
        self.record.messages[message] = known
        attempt = Attempt(
            at=at.astimezone(UTC),
            device=self.device,
            message=message,
            epoch=self.device.epoch,
            body=f"Person 1, {step}",
            to=self.run.person,
            run=self.run,
            step=step,
            stood=self.record.stood(message, known),
            forbidden=self.record.forbidden(known, self.device),
            current_epoch=self.device.epoch,
            min_delay=self.device.min_delay,
            hourly_cap=self.device.hourly_cap,
            daily_cap=self.device.daily_cap,
            fate=fate,
        )
        self.record.begun(attempt)
        self.record.ended(attempt, attempt.at)
        self.record.outcomes[message] = "sent"
        return attempt

    def row(self) -> RunRow:
        return RunRow(
            9, EnrolmentStatus.ACTIVE, self.run.joined_at, FRIDAY, self.run.place, 3, local(30, 9), None,
            frozenset(self.run.had),
        )  # fmt: skip

    def rest(self, **changed: object) -> Rest:
        books = [StepBooks(step, 1, 0, {"sent": 1}) for step in (1, 2)]
        counts = {(1, "sent"): 1, (2, "sent"): 1}
        return replace(Rest(EVENING, [self.row()], books, counts, {}), **changed)

    def broken(self) -> set[str]:
        return {violation.rule for violation in audit_sends(self.record, BEGAN)}

    def broken_at_rest(self, **changed: object) -> set[str]:
        return {violation.rule for violation in audit_rest(self.record, self.rest(**changed))}

    def waiting(self, **changed: object) -> set[str]:
        return self.broken_at_rest(runs=[replace(self.row(), **changed)])


def test_a_clean_story_has_no_violations() -> None:
    story = Story()
    story.send(3, local(30, 9))
    assert audit_sends(story.record, BEGAN) == []
    assert audit_rest(Story().record, Story().rest()) == []


def test_a_violation_says_when_whose_and_what_was_expected() -> None:
    story = Story()
    story.send(3, local(30, 8, 59))
    (violation,) = audit_sends(story.record, BEGAN)
    assert violation.at == local(30, 8, 59)
    assert "run 9 (Person 1, Europe/Berlin)" in violation.who
    assert str(local(30, 9).astimezone(UTC)) in violation.detail


def test_another_text_than_the_step_has_by_then() -> None:
    story = Story()
    story.sequence.steps[3].body = "edited"
    story.send(3, local(30, 9))
    assert story.broken() == {"text"}


def _stop(story: Story) -> None:
    story.device.team.stopped = True


def _pause_device(story: Story) -> None:
    story.device.paused = True


def _pause_sequence(story: Story) -> None:
    story.sequence.paused = True


def _pause_run(story: Story) -> None:
    story.run.paused = True


def _opt_out(story: Story) -> None:
    story.run.person.opted_out = True


def _end_run(story: Story) -> None:
    story.run.over = "not on WhatsApp"


@pytest.mark.parametrize("forbid", [_stop, _pause_device, _pause_sequence, _pause_run, _opt_out, _end_run])
def test_a_send_that_somebody_had_forbidden(forbid: Callable[[Story], None]) -> None:
    story = Story()
    forbid(story)
    story.send(3, local(30, 9))
    assert story.broken() == {"forbidden"}


def test_a_send_of_an_engine_that_has_lost_the_device() -> None:
    story = Story()
    story.send(3, local(30, 9)).current_epoch += 1
    assert story.broken() == {"fencing"}


@pytest.mark.parametrize("day", [28, 29], ids=["Saturday", "Sunday"])
def test_a_send_on_a_day_of_rest(day: int) -> None:
    story = Story()
    story.send(3, local(day, 9))
    assert "day" in story.broken()


def test_a_send_on_a_holiday() -> None:
    story = Story()
    story.send(3, datetime(2026, 4, 3, 9, tzinfo=BERLIN))  # Good Friday
    assert "day" in story.broken()


@pytest.mark.parametrize("at", [local(30, 21), local(31, 7, 59)])
def test_a_send_in_quiet_hours(at: datetime) -> None:
    story = Story()
    story.send(3, at)
    assert "quiet" in story.broken()


def test_a_send_before_its_time_by_the_old_offset() -> None:
    """On the Monday after the change 9:00 is an hour earlier in UTC; an hour too early is 8:00."""
    story = Story()
    story.send(3, local(30, 8))
    assert story.broken() == {"too_early"}


def test_a_send_on_a_date_before_its_day() -> None:
    story = Story()
    story.sequence.steps[3].moment = Moment(4, time(9))
    story.send(3, local(30, 9))
    assert story.broken() == {"too_early"}


def test_a_send_after_it_was_too_late() -> None:
    story = Story()
    story.sequence.late_window = 60
    story.send(3, local(30, 10))
    assert story.broken() == set()
    story = Story()
    story.sequence.late_window = 60
    story.send(3, local(30, 10, 1))
    assert story.broken() == {"too_late"}


def test_what_is_to_be_sent_late_is_not_too_late() -> None:
    story = Story()
    story.sequence.late_window, story.sequence.policy = 60, MissedPolicy.SEND_NOW
    story.send(3, local(30, 10, 1))
    assert story.broken() == set()


def test_steps_out_of_their_order() -> None:
    story = Story()
    story.sequence.steps[3].moment = Moment(1, time(11))
    story.send(3, local(30, 11))
    assert story.broken() == {"order"}


def test_two_days_on_one_date() -> None:
    story = Story()
    story.sequence.skip_rest = False
    story.run.anchor = date(2026, 3, 26)
    story.send(3, local(27, 15))
    assert story.broken() == {"spacing"}


@pytest.mark.parametrize("fate", [Fate.SENT, Fate.LOST, Fate.UNCLEAR])
def test_a_step_twice(fate: Fate) -> None:
    story = Story()
    story.send(2, local(27, 15), message=200, fate=fate)
    assert "twice" in story.broken()


def test_what_was_rejected_may_go_again() -> None:
    story = Story()
    story.send(3, local(30, 9), fate=Fate.REJECTED)
    story.send(3, local(30, 9, 5))
    assert story.broken() == set()


def test_a_send_before_the_device_may() -> None:
    story = Story()
    story.send(3, local(30, 9), fate=Fate.REJECTED).ended_at = local(30, 9, 4)
    story.send(3, local(30, 9, 5))
    assert story.broken() == set()
    story = Story()
    story.send(3, local(30, 9), fate=Fate.REJECTED).ended_at = local(30, 9, 4) + timedelta(seconds=1)
    story.send(3, local(30, 9, 5))
    assert story.broken() == {"pace"}


def test_a_send_while_another_is_on_its_way() -> None:
    story = Story()
    story.send(3, local(30, 9), fate=Fate.REJECTED).ended_at = local(30, 10)
    story.send(3, local(30, 9, 5))
    assert story.broken() == {"pace"}


@pytest.mark.parametrize(("cap", "least"), [("hourly_cap", 1), ("daily_cap", 1)])
def test_a_send_above_a_cap(cap: str, least: int) -> None:
    for allowed, rules in ((least + 1, set()), (least, {"cap"})):
        story = Story()
        setattr(story.device, cap, allowed)
        story.send(3, local(30, 9), fate=Fate.REJECTED)
        story.send(3, local(30, 9, 5))
        assert story.broken() == rules


def test_the_books_of_a_step_do_not_balance() -> None:
    assert Story().broken_at_rest(books=[StepBooks(1, 2, 0, {"sent": 1})]) == {"books"}
    assert Story().broken_at_rest(books=[StepBooks(1, 1, 0, {"sent": 0, "failed": 1})]) == {"books"}
    assert Story().broken_at_rest(findings=["1 messages that are in two places at once"]) == {"books_job"}


def test_the_rows_are_not_what_the_phones_have() -> None:
    assert "ledger" in Story().broken_at_rest(books=[], counts={(1, "sent"): 1})
    assert "ledger" in Story().broken_at_rest(books=[], counts={(1, "sent"): 1, (2, "unknown"): 1})


def test_a_run_that_is_in_no_table_or_that_nobody_asked_for() -> None:
    assert Story().broken_at_rest(runs=[]) == {"forgotten"}
    story = Story()
    assert story.broken_at_rest(runs=[story.row(), replace(story.row(), id=10)]) == {"nobody"}


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"status": EnrolmentStatus.PAUSED}, "state"),
        ({"status": EnrolmentStatus.EXITED, "next_due": None}, "state"),
        ({"anchor": date(2026, 3, 26)}, "anchor"),
        ({"last_place": (1, 540)}, "place"),
        ({"had": frozenset({1})}, "place"),
        ({"next_due": None}, "waits"),
        ({"open": (103,)}, "waits"),
        ({"status": EnrolmentStatus.COMPLETED}, "waits"),
        ({"next_step": 2}, "next"),
        ({"next_due": local(30, 10)}, "due"),
        ({"next_due": local(28, 9)}, "due"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_a_run_that_stands_where_it_should_not(changed: dict[str, object], rule: str) -> None:
    assert rule in Story().waiting(**changed)


@pytest.mark.parametrize("end", [_opt_out, _end_run])
def test_a_run_that_goes_on_after_its_end(end: Callable[[Story], None]) -> None:
    story = Story()
    end(story)
    story.run.over = "opted out"
    assert story.waiting() == {"state"}


def test_a_run_that_was_due_and_has_no_message() -> None:
    story = Story()
    late = replace(story.rest(), at=local(30, 9, 31))
    assert {violation.rule for violation in audit_rest(story.record, late)} == {"forgotten"}
    story.sequence.paused = True
    assert audit_rest(story.record, late) == []


def queued(story: Story, waits_until: datetime, at: datetime) -> set[str]:
    row = replace(story.row(), next_due=None, open=(103,), device=5, waits_until=waits_until)
    return {violation.rule for violation in audit_rest(story.record, replace(story.rest(), runs=[row], at=at))}


def test_a_message_that_waits_at_an_idle_device() -> None:
    assert queued(Story(), local(30, 9), local(30, 10, 59)) == set()
    assert queued(Story(), local(30, 9), local(30, 11)) == {"forgotten"}


@pytest.mark.parametrize("hold", [_stop, _pause_device, _pause_sequence])
def test_a_message_that_waits_for_a_reason(hold: Callable[[Story], None]) -> None:
    story = Story()
    hold(story)
    assert queued(story, local(30, 9), local(30, 11)) == set()


def test_a_message_that_is_put_off_for_too_long() -> None:
    assert queued(Story(), local(31, 9), local(30, 10)) == set()
    assert queued(Story(), local(31, 9, 1), local(30, 10)) == {"forgotten"}


def missed(story: Story, at: datetime, *, held: bool) -> set[str]:
    story.record.messages[103] = Known(story.run, 3, story.run.person)
    story.record.refused[103] = Refusal(at, held, (2, 540))
    return story.broken_at_rest(missed={103: local(30, 21)})


def test_a_message_that_was_skipped_for_no_reason() -> None:
    story = Story()
    assert missed(story, local(30, 21, 1), held=True) == {"missed"}  # this one shifts
    story.sequence.policy = MissedPolicy.SKIP
    assert missed(story, local(30, 21, 1), held=True) == set()
    assert missed(story, local(30, 21, 1), held=False) == {"missed"}
    assert missed(story, local(30, 21), held=True) == {"missed"}


def at_the_end(story: Story, **changed: object) -> set[str]:
    row = replace(story.row(), status=EnrolmentStatus.COMPLETED, next_due=None, ended_at=local(30, 9))
    rest = replace(story.rest(), runs=[replace(row, **changed)])
    return {violation.rule for violation in audit_end(story.record, rest)}


def test_a_run_that_does_not_end() -> None:
    assert at_the_end(Story(), status=EnrolmentStatus.ACTIVE) == {"drain"}
    story = Story()
    story.run.paused = True
    assert at_the_end(story, status=EnrolmentStatus.PAUSED) == set()


def test_a_step_that_somebody_never_had() -> None:
    assert at_the_end(Story()) == {"passed_over"}
    assert at_the_end(Story(), had=frozenset({1, 2, 3})) == set()


@pytest.mark.parametrize(
    ("moment", "added_at"),
    [
        (Moment(1, time(8)), local(27, 10)),
        (Moment(1, time(12)), local(27, 13)),
        (Moment(3, time(9)), local(30, 9)),
    ],
    ids=["behind their position", "its time had passed", "when their run was over"],
)
def test_a_step_that_was_added_too_late_for_somebody(moment: Moment, added_at: datetime) -> None:
    story = Story()
    story.sequence.steps[4] = Step(4, moment, "new", added_at, story.sequence.days)
    assert at_the_end(story, had=frozenset({1, 2, 3})) == set()


def test_a_step_that_was_added_in_time_and_never_came() -> None:
    story = Story()
    story.sequence.steps[4] = Step(4, Moment(1, time(18)), "new", local(27, 15), story.sequence.days)
    assert at_the_end(story, had=frozenset({1, 2, 3})) == {"passed_over"}
