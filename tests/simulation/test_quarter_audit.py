"""Each rule for sends finds the breach that it is there for, and nothing in a clean story."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import pytest

from models.enums import MissedPolicy
from tests.simulation.quarter.almanac import Moment
from tests.simulation.quarter.audit import audit_sends
from tests.simulation.quarter.record import Fate
from tests.simulation.quarter.rest import audit_rest
from tests.simulation.quarter.small import (
    BEGAN,
    BERLIN,
    Story,
    end_run,
    local,
    opt_out,
    pause_device,
    pause_run,
    pause_sequence,
    stop,
)


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


@pytest.mark.parametrize("forbid", [stop, pause_device, pause_sequence, pause_run, opt_out, end_run])
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
