"""Each rule of the audit finds the breach that it is there for, and nothing in a clean run."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from engine.clock import Anchor
from models.enums import MessageStatus
from tests.e2e.harness import LedgerLine
from tests.simulation.audit import Causes, Evidence, Exit, Message, Pause, StepBooks, Violation, audit

START = datetime(2026, 1, 5, 2, tzinfo=UTC)  # business time
WALL = datetime(2026, 11, 24, 9, tzinfo=UTC)
SPEED = 10
DEVICE, SEQUENCE, STEP = 7, 3, 5


def line(number: int, seconds: float, *, device: int = DEVICE) -> LedgerLine:
    """Message `number` on its phone, so many seconds of business time after the start."""
    return LedgerLine(
        at=WALL + timedelta(seconds=seconds / SPEED),
        business_at=START + timedelta(seconds=seconds - 0.5),
        device=device,
        phone=f"+{number}",
        ref=number,
        body="Hi",
    )


def message(number: int, status: MessageStatus = MessageStatus.SENT) -> Message:
    return Message(number, f"+{number}", STEP, SEQUENCE, DEVICE, status, "Hi")


def clean() -> Evidence:
    """Three messages 10 s apart, all sent."""
    ended = {MessageStatus.SENT: 3, MessageStatus.UNKNOWN: 0}
    return Evidence(
        ledger=[line(1, 10), line(2, 20), line(3, 30)],
        messages=[message(1), message(2), message(3)],
        expected={("+1", STEP), ("+2", STEP), ("+3", STEP)},
        books=[StepBooks(STEP, planned=3, queued=0, ended=ended)],
        irregular=[],
        causes=Causes(),
        pauses=[],
        exits=[],
        waits=[("pause_device", 0.1)],
        outages=[],
        min_delay=5,
        clock=Anchor(WALL, START, SPEED),
    )


def with_status(number: int, status: MessageStatus) -> Evidence:
    """The clean run, but one message has come out otherwise; the books agree."""
    evidence = clean()
    evidence.messages = [message(n, status if n == number else MessageStatus.SENT) for n in (1, 2, 3)]
    evidence.books = [StepBooks(STEP, 3, 0, {MessageStatus.SENT: 2, status: 1})]
    if status not in {MessageStatus.SENT, MessageStatus.UNKNOWN}:
        evidence.ledger = [one for one in evidence.ledger if one.ref != number]
    return evidence


def rules(evidence: Evidence) -> set[str]:
    return {violation.rule for violation in audit(evidence)}


def test_a_clean_run_has_no_violations() -> None:
    assert audit(clean()) == []


@pytest.mark.parametrize("status", [MessageStatus.FAILED, MessageStatus.SKIPPED, MessageStatus.CANCELLED])
def test_an_end_without_a_send_is_an_outcome(status: MessageStatus) -> None:
    assert audit(with_status(2, status)) == []


def test_the_same_message_twice_on_a_phone() -> None:
    evidence = clean()
    evidence.ledger = [*evidence.ledger, line(1, 40)]
    assert "twice" in rules(evidence)


def test_the_same_text_twice_on_a_phone_under_two_ids() -> None:
    evidence = clean()
    evidence.ledger = [*evidence.ledger, replace(line(4, 40), phone="+1")]
    assert Violation("twice", "+1 has 'Hi' 2 times") in audit(evidence)


@pytest.mark.parametrize("status", [MessageStatus.PENDING, MessageStatus.PROCESSING])
def test_a_message_without_an_outcome(status: MessageStatus) -> None:
    evidence = with_status(2, status)
    evidence.books = [StepBooks(STEP, 3, 1, {MessageStatus.SENT: 2})]
    assert rules(evidence) == {"outcomes"}


def test_somebody_who_was_never_planned() -> None:
    evidence = clean()
    evidence.expected = {*evidence.expected, ("+4", STEP)}
    assert rules(evidence) == {"forgotten"}


def test_somebody_who_was_planned_twice() -> None:
    evidence = with_status(3, MessageStatus.SKIPPED)
    evidence.messages = [*evidence.messages[:2], replace(message(3, MessageStatus.SKIPPED), phone="+1")]
    evidence.expected = {("+1", STEP), ("+2", STEP)}
    assert rules(evidence) == {"forgotten"}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda evidence: evidence.ledger.append(replace(line(9, 40), phone="+9")),
        lambda evidence: evidence.ledger.__setitem__(0, replace(line(1, 10), phone="+8")),
        lambda evidence: evidence.ledger.__setitem__(0, replace(line(1, 10), body="Other")),
        lambda evidence: evidence.ledger.__setitem__(0, line(1, 10, device=8)),
        lambda evidence: evidence.ledger.pop(),
    ],
    ids=["no row", "another phone", "another text", "another device", "sent, and on no phone"],
)
def test_the_ledger_and_the_rows_disagree(spoil: Callable[[Evidence], object]) -> None:
    evidence = clean()
    spoil(evidence)
    assert rules(evidence) == {"ledger_against_rows"}


def test_failed_in_the_database_but_on_the_phone() -> None:
    evidence = with_status(2, MessageStatus.FAILED)
    evidence.ledger = clean().ledger
    assert rules(evidence) == {"ledger_against_rows"}


def test_an_unknown_needs_a_cause_on_its_device() -> None:
    evidence = with_status(2, MessageStatus.UNKNOWN)
    assert rules(evidence) == {"unknowns"}
    evidence.causes.spoilt[DEVICE + 1] = 1
    assert rules(evidence) == {"unknowns"}
    evidence.causes.spoilt[DEVICE] = 1
    assert audit(evidence) == []


def test_an_unknown_that_was_in_flight_at_a_kill_has_a_cause() -> None:
    evidence = with_status(2, MessageStatus.UNKNOWN)
    evidence.causes.in_flight[DEVICE].add(2)
    assert audit(evidence) == []
    assert evidence.causes.total == 1


def test_a_gap_below_the_least_delay_by_the_networks_clock() -> None:
    evidence = clean()
    evidence.ledger[1] = replace(evidence.ledger[1], at=line(2, 14.9).at)
    assert [violation.rule for violation in audit(evidence)] == ["gaps"]
    evidence.ledger[1] = replace(evidence.ledger[1], at=line(2, 15).at)
    assert audit(evidence) == []


def test_a_gap_below_the_least_delay_by_business_time() -> None:
    evidence = clean()
    evidence.ledger[1] = replace(evidence.ledger[1], business_at=line(2, 14.9).business_at)
    assert [violation.rule for violation in audit(evidence)] == ["gaps"]


def test_devices_do_not_wait_for_each_other() -> None:
    evidence = clean()
    evidence.ledger[1] = line(2, 11, device=8)
    evidence.messages = [message(1), replace(message(2), device=8), message(3)]
    assert audit(evidence) == []


@pytest.mark.parametrize(
    "books",
    [
        StepBooks(STEP, planned=4, queued=0, ended={MessageStatus.SENT: 3}),
        StepBooks(STEP, planned=4, queued=1, ended={MessageStatus.SENT: 3}),
        StepBooks(STEP, planned=3, queued=0, ended={MessageStatus.SENT: 2, MessageStatus.FAILED: 1}),
    ],
    ids=["the sum is wrong", "more than there are rows", "another outcome than in the rows"],
)
def test_the_books_do_not_balance(books: StepBooks) -> None:
    evidence = clean()
    evidence.books = [books]
    assert rules(evidence) == {"books"}


def test_rows_that_contradict_each_other() -> None:
    evidence = clean()
    evidence.irregular = ["run 1 is active, next due never"]
    assert rules(evidence) == {"irregular"}


SECOND = START + timedelta(seconds=19)  # message 2 is claimed at 19.5 and taken at 20


@pytest.mark.parametrize(
    "pause",
    [
        Pause(SECOND, START + timedelta(seconds=21)),
        Pause(SECOND, START + timedelta(seconds=21), device=DEVICE),
        Pause(SECOND, START + timedelta(seconds=21), sequence=SEQUENCE),
    ],
    ids=["everything", "the device", "the sequence"],
)
def test_a_send_that_started_in_a_pause(pause: Pause) -> None:
    evidence = clean()
    evidence.pauses = [pause]
    assert rules(evidence) == {"sent_in_a_pause"}


@pytest.mark.parametrize(
    "pause",
    [
        Pause(SECOND, START + timedelta(seconds=21), device=DEVICE + 1),
        Pause(SECOND, START + timedelta(seconds=21), sequence=SEQUENCE + 1),
        Pause(SECOND + timedelta(seconds=0.6), START + timedelta(seconds=25)),
        Pause(SECOND, START + timedelta(seconds=19.9)),
    ],
    ids=["another device", "another sequence", "claimed before it", "taken after it"],
)
def test_a_pause_that_was_kept(pause: Pause) -> None:
    evidence = clean()
    evidence.pauses = [pause]
    assert audit(evidence) == []


def test_an_operator_who_waits_too_long() -> None:
    evidence = clean()
    evidence.waits = [("stop_everything", 15.5)]
    assert rules(evidence) == {"operators"}


@pytest.mark.parametrize(
    "one",
    [
        Exit(0, started=0, ended=9, code=1),
        Exit(0, started=0, ended=9, code=2),
        Exit(0, started=0, ended=9, code=1, asked="SIGTERM", asked_at=8),
        Exit(0, started=0, ended=9, code=-15, asked="SIGTERM", asked_at=8),
        Exit(0, started=0, ended=29, code=0, asked="SIGTERM", asked_at=8),
    ],
    ids=["crashed", "refused to start", "stopped badly", "did not drain", "stopped too slowly"],
)
def test_an_engine_that_ended_as_it_should_not(one: Exit) -> None:
    evidence = clean()
    evidence.exits = [one]
    assert rules(evidence) == {"exits"}


def test_engines_that_ended_as_they_should() -> None:
    evidence = clean()
    evidence.outages = [(5, 6)]
    evidence.exits = [
        Exit(0, started=4, ended=7, code=2),  # the database was away
        Exit(0, started=0, ended=9, code=-9, asked="SIGKILL", asked_at=9),
        Exit(0, started=0, ended=27, code=0, asked="SIGTERM", asked_at=8),
        Exit(0, started=0, ended=2, code=-15, asked="SIGTERM", asked_at=1, worked=False),
    ]
    assert audit(evidence) == []
