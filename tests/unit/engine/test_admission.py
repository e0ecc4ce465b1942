"""Whether a message may go out now: one test a rule. The sequence and its one contact are in Kuala Lumpur."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.broadcast.admission import (
    Admit,
    Candidate,
    ContactFacts,
    Defer,
    DeviceFacts,
    End,
    Hold,
    Pause,
    StepFacts,
    decide,
)
from engine.broadcast.pacing import Pace, Tally
from engine.sequences.calendar import QuietHours, Run, SendingDays, StepTime
from models.enums import (
    ConsentState,
    ContentKind,
    EnrolmentStatus,
    Lane,
    MessageStatus,
    MissedPolicy,
    SequenceStatus,
)

ZONE = ZoneInfo("Asia/Kuala_Lumpur")
MONDAY = date(2026, 1, 5)
WINDOW = timedelta(hours=12)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 1, day, hour, minute, tzinfo=ZONE)


NOW = at(5, 9)
TALLY = Tally(NOW.astimezone(UTC), 3, MONDAY, 7)
ONE, TWO, THREE = (StepTime(number, number, 540) for number in (1, 2, 3))

STEP = StepFacts(
    run=Run(at(5, 8), MONDAY, ZONE),
    status=EnrolmentStatus.ACTIVE,
    sequence_status=SequenceStatus.ACTIVE,
    step=ONE,
    waiting=(ONE, TWO, THREE),
    days=SendingDays(),
    missed_policy=MissedPolicy.SHIFT,
    late_window=WINDOW,
    sequence="Welcome",
    kind=ContentKind.TEXT,
    body="Hi {{ name }}",
    media_id=None,
)
DEVICE = DeviceFacts(Pace(10, 30), TALLY, ZONE, next_send_at=None, paused=False)
CONTACT = ContactFacts("+60120000001", "Siti", {}, ConsentState.OPTED_IN, suppressed=False)
CANDIDATE = Candidate(Lane.SEQUENCE, None, NOW, NOW + WINDOW, DEVICE, CONTACT, quiet=None, step=STEP)
REPLY = replace(CANDIDATE, lane=Lane.REPLY, body="You are unsubscribed.", expires_at=None, step=None)
TEST = replace(REPLY, lane=Lane.TEST, body="Hi", kind=ContentKind.IMAGE, media_id=7, expires_at=NOW + WINDOW)
ADMITTED = Admit(ContentKind.TEXT, "Hi Siti", None)


def moved(due: datetime, anchor: date) -> Defer:
    """The whole run has moved, and lateness counts from there."""
    return Defer(due, due + WINDOW, anchor)


def device(**facts: object) -> Candidate:
    return replace(CANDIDATE, device=replace(DEVICE, **facts))


def contact(**facts: object) -> Candidate:
    return replace(CANDIDATE, contact=replace(CONTACT, **facts))


def step(**facts: object) -> Candidate:
    return replace(CANDIDATE, step=replace(STEP, **facts))


def test_what_nothing_forbids_is_filled_in_and_admitted() -> None:
    assert decide(CANDIDATE, NOW) == ADMITTED


def test_a_paused_device_sends_nothing_not_even_replies() -> None:
    paused = replace(DEVICE, paused=True)
    assert decide(device(paused=True), NOW) == Pause(None)
    assert decide(replace(REPLY, device=paused), NOW) == Pause(None)


def test_the_pause_between_two_sends_holds_for_replies_too() -> None:
    soon = NOW + timedelta(seconds=1)
    assert decide(device(next_send_at=soon), NOW) == Pause(soon)
    assert decide(replace(REPLY, device=replace(DEVICE, next_send_at=soon)), NOW) == Pause(soon)
    assert decide(device(next_send_at=NOW), NOW) == ADMITTED


def test_a_reached_cap_pauses_the_device() -> None:
    assert decide(device(pace=Pace(10, 30, hourly_cap=3)), NOW) == Pause(at(5, 10))
    assert decide(device(pace=Pace(10, 30, daily_cap=7)), NOW) == Pause(at(6, 0))
    assert decide(device(pace=Pace(10, 30, hourly_cap=4, daily_cap=8)), NOW) == ADMITTED


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"suppressed": True}, "opted_out"),
        ({"consent": ConsentState.OPTED_OUT}, "opted_out"),
        ({"consent": None}, "no_consent"),
    ],
)
def test_without_permission_it_is_skipped_and_the_run_ends(facts: dict[str, object], code: str) -> None:
    decision = decide(contact(**facts), NOW)
    assert isinstance(decision, End)
    assert (decision.outcome, decision.code, decision.exit_reason) == (MessageStatus.SKIPPED, code, code)


def test_a_reply_goes_out_whatever_caps_quiet_hours_and_suppression_say() -> None:
    reply = replace(
        REPLY,
        device=replace(DEVICE, pace=Pace(10, 30, daily_cap=1)),
        contact=replace(CONTACT, suppressed=True, consent=None),
        quiet=QuietHours(time(0), time(23)),
    )
    assert decide(reply, NOW) == Admit(ContentKind.TEXT, "You are unsubscribed.", None)


@pytest.mark.parametrize(
    "paused",
    [
        step(status=EnrolmentStatus.PAUSED),
        step(sequence_status=SequenceStatus.PAUSED),
        step(sequence_status=SequenceStatus.DRAFT),
    ],
)
def test_a_pause_holds_it_also_when_it_is_late(paused: Candidate) -> None:
    assert decide(paused, NOW) == Hold()
    assert decide(paused, NOW + 2 * WINDOW) == Hold()


@pytest.mark.parametrize("status", [EnrolmentStatus.COMPLETED, EnrolmentStatus.EXITED])
def test_what_is_left_of_a_run_that_is_over_is_cancelled(status: EnrolmentStatus) -> None:
    decision = decide(step(status=status), NOW)
    assert isinstance(decision, End)
    assert (decision.outcome, decision.code) == (MessageStatus.CANCELLED, "run_ended")


def test_what_was_set_for_quiet_hours_is_set_for_their_end() -> None:
    quiet = replace(CANDIDATE, quiet=QuietHours(time(21), time(9, 30)))
    assert decide(quiet, NOW) == Defer(at(5, 9, 30), at(5, 9, 30) + WINDOW)
    assert decide(quiet, at(5, 9, 30)) == ADMITTED


def test_what_was_set_for_quiet_hours_is_not_late_before_they_end() -> None:
    """Also when it is first asked for long after its time: the device may have been away in the night."""
    quiet = replace(CANDIDATE, quiet=QuietHours(time(8), time(23)))
    assert decide(quiet, at(5, 22)) == Defer(at(5, 23), at(5, 23) + WINDOW)
    assert decide(quiet, at(6, 7)) == ADMITTED


def test_what_was_set_for_quiet_hours_before_a_day_of_rest_is_not_late_before_the_next_date() -> None:
    """Late on Friday, and the device is back on Monday at seven."""
    friday = at(9, 22)
    facts = replace(
        STEP,
        days=SendingDays(rest_days=frozenset({6, 7})),
        late_window=timedelta(hours=3),
        missed_policy=MissedPolicy.SKIP,
    )
    quiet = replace(
        CANDIDATE,
        due_at=friday,
        expires_at=friday + timedelta(hours=3),
        quiet=QuietHours(time(21), time(8)),
        step=facts,
    )
    assert decide(quiet, at(12, 7)) == Defer(at(12, 8), at(12, 11))
    assert decide(quiet, at(12, 11)) == ADMITTED


def test_quiet_hours_do_not_make_a_late_message_any_less_late() -> None:
    quiet = replace(CANDIDATE, quiet=QuietHours(time(20), time(6)))
    assert decide(quiet, at(5, 20, 30)) == Defer(at(6, 6))


def test_quiet_hours_that_end_on_a_day_of_rest_end_on_the_next_sendable_date() -> None:
    """Set for ten in the evening with such a morning after every sendable date, it would never be sent."""
    days = SendingDays(rest_days=frozenset({2, 4, 6, 7}))
    at_ten = step(step=StepTime(1, 1, 22 * 60), days=days)
    quiet = replace(at_ten, due_at=at(5, 22), expires_at=at(5, 22) + WINDOW, quiet=QuietHours(time(21), time(8)))
    assert decide(quiet, at(5, 22)) == Defer(at(7, 8), at(7, 8) + WINDOW)
    put_off = replace(quiet, due_at=at(7, 8), expires_at=at(7, 8) + WINDOW)
    assert decide(put_off, at(7, 8)) == ADMITTED


def test_a_retry_in_quiet_hours_is_as_late_as_the_message_was() -> None:
    """It was rejected a minute before they begin."""
    again = replace(CANDIDATE, due_at=at(5, 20, 1), quiet=QuietHours(time(20), time(8)))
    assert decide(again, at(5, 20, 1)) == Defer(at(6, 8))


def test_within_the_late_window_it_still_goes_out() -> None:
    assert decide(CANDIDATE, NOW + WINDOW) == ADMITTED


def test_missed_and_shift_moves_the_whole_run_to_the_next_date_at_the_set_time() -> None:
    assert decide(CANDIDATE, at(6, 8)) == moved(at(6, 9), date(2026, 1, 6))
    assert decide(CANDIDATE, at(6, 10)) == moved(at(7, 9), date(2026, 1, 7))


def test_missed_and_shift_on_a_later_day_keeps_the_distance() -> None:
    assert decide(step(step=THREE, waiting=(THREE,)), at(9, 8)) == moved(at(9, 9), date(2026, 1, 7))


def test_missed_and_shift_of_a_message_on_joining_keeps_its_time_of_day() -> None:
    on_joining = StepTime.of(1, 1, None, 30)
    assert decide(step(step=on_joining, waiting=(on_joining,)), at(6, 12)) == moved(at(7, 8, 30), date(2026, 1, 7))


def test_missed_and_skip_records_it_as_skipped() -> None:
    decision = decide(step(missed_policy=MissedPolicy.SKIP), at(6, 8))
    assert isinstance(decision, End)
    assert (decision.outcome, decision.code, decision.exit_reason) == (MessageStatus.SKIPPED, "missed", None)


def test_missed_and_send_now_sends_the_latest_only() -> None:
    late = step(missed_policy=MissedPolicy.SEND_NOW)
    assert decide(late, at(6, 8)) == ADMITTED
    decision = decide(late, at(6, 10))  # Day 2 is due as well by now
    assert isinstance(decision, End)
    assert (decision.outcome, decision.code) == (MessageStatus.SKIPPED, "missed")


def test_missed_and_send_now_does_not_mind_what_lies_before_it() -> None:
    inserted_later = StepTime(9, 1, 60)
    late = step(missed_policy=MissedPolicy.SEND_NOW, step=TWO, waiting=(inserted_later, TWO))
    assert decide(late, at(7, 10)) == ADMITTED


@pytest.mark.parametrize("policy", MissedPolicy)
def test_nothing_goes_out_on_a_day_of_rest(policy: MissedPolicy) -> None:
    resting = step(days=SendingDays(rest_days=frozenset({6, 7})), missed_policy=policy)
    assert decide(replace(resting, expires_at=at(11, 23)), at(10, 8)) == moved(at(12, 9), date(2026, 1, 12))


def test_a_missing_value_fails_it_with_words_for_the_operator() -> None:
    decision = decide(step(body="Hi {{ attributes.city }}"), NOW)
    assert isinstance(decision, End)
    assert (decision.outcome, decision.code) == (MessageStatus.FAILED, "missing_variable")
    assert "city" in decision.text


def test_media_is_passed_on_with_its_caption() -> None:
    assert decide(step(kind=ContentKind.IMAGE, media_id=4), NOW) == Admit(ContentKind.IMAGE, "Hi Siti", 4)


TESTED = Admit(ContentKind.IMAGE, "Hi", 7)


@pytest.mark.parametrize("consent", [None, ConsentState.OPTED_IN])
def test_a_test_goes_with_its_file_to_whom_nobody_asked_for_permission(consent: ConsentState | None) -> None:
    asked = replace(TEST, contact=replace(CONTACT, consent=consent), quiet=QuietHours(time(8), time(20)))
    assert decide(asked, NOW) == TESTED


@pytest.mark.parametrize("facts", [{"suppressed": True}, {"consent": ConsentState.OPTED_OUT}])
def test_a_test_does_not_reach_an_opted_out_phone(facts: dict[str, object]) -> None:
    decision = decide(replace(TEST, contact=replace(CONTACT, **facts)), NOW)
    assert isinstance(decision, End)
    assert (decision.outcome, decision.code) == (MessageStatus.SKIPPED, "opted_out")


def test_a_test_keeps_the_devices_pace_and_caps() -> None:
    resting = replace(DEVICE, next_send_at=at(5, 9, 1))
    assert decide(replace(TEST, device=resting), NOW) == Pause(at(5, 9, 1))
    capped = replace(DEVICE, pace=Pace(10, 30, daily_cap=7))
    assert decide(replace(TEST, device=capped), NOW) == Pause(at(6, 0))
    assert decide(replace(TEST, device=replace(DEVICE, paused=True)), NOW) == Pause(None)


def test_a_test_that_waited_too_long_is_skipped() -> None:
    decision = decide(TEST, NOW + WINDOW + timedelta(seconds=1))
    assert isinstance(decision, End)
    assert (decision.outcome, decision.code) == (MessageStatus.SKIPPED, "expired")


def test_what_cannot_be_filled_in_names_its_sequence_and_its_day() -> None:
    decision = decide(step(body="In {{ attributes.city }}"), NOW)
    assert isinstance(decision, End)
    assert decision.text.startswith("“Welcome”, Day 1 09:00: {{ attributes.city }} has no value")


def test_a_text_of_which_nothing_is_left_fails() -> None:
    decision = decide(step(body="{{ attributes.offer | default('') }}"), NOW)
    assert isinstance(decision, End)
    assert (decision.outcome, decision.code) == (MessageStatus.FAILED, "blank_text")
