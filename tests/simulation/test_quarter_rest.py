"""Each rule for the database at the end of a day finds the breach that it is there for."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time

import pytest

from models.enums import EnrolmentStatus, MissedPolicy
from tests.simulation.quarter.almanac import Moment
from tests.simulation.quarter.record import Known, Refusal, Step
from tests.simulation.quarter.rest import StepBooks, audit_end, audit_rest
from tests.simulation.quarter.small import (
    Story,
    end_run,
    local,
    opt_out,
    pause_device,
    pause_sequence,
    stop,
)


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


@pytest.mark.parametrize("end", [opt_out, end_run])
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


@pytest.mark.parametrize("hold", [stop, pause_device, pause_sequence])
def test_a_message_that_waits_for_a_reason(hold: Callable[[Story], None]) -> None:
    story = Story()
    hold(story)
    assert queued(story, local(30, 9), local(30, 11)) == set()


def test_a_message_that_is_put_off_for_too_long() -> None:
    assert queued(Story(), local(31, 9), local(30, 10)) == set()
    assert queued(Story(), local(31, 9, 1), local(30, 10)) == {"forgotten"}


def missed(story: Story, at: datetime, *, held: bool) -> set[str]:
    story.record.messages[103] = Known(story.run, 3, story.run.person)
    story.record.refused[103] = Refusal(at, held, (2, 540), story.sequence.days)
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
