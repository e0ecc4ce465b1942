from datetime import UTC, datetime, time, timedelta

import pytest

from engine.broadcast.pacing import Pace
from engine.devices.why import Next, Reason, ReasonKind, Standing, Surroundings, may_send_now, why
from engine.sequences.calendar import QuietHours
from models.enums import DeviceState, Lane
from tests.unit.engine.standing import BLOCKED, DUE, KUALA_LUMPUR, NOW, READY, standing, tally

ALONE = Surroundings()
LATER = NOW + timedelta(days=1)
MIDNIGHT = datetime(2026, 1, 5, 16, 0, tzinfo=UTC)


def test_a_device_that_may_send_is_sending() -> None:
    assert why(READY, ALONE, NOW).kind is ReasonKind.SENDING
    assert why(standing(last_sent_at=NOW), ALONE, NOW) == Reason(ReasonKind.SENDING, since=NOW)
    assert why(standing(next=None, in_flight=True), ALONE, NOW).kind is ReasonKind.SENDING


@pytest.mark.parametrize("device", BLOCKED.values(), ids=BLOCKED)
def test_whatever_stands_in_the_way_is_told(device: Standing) -> None:
    assert why(device, ALONE, NOW).kind is not ReasonKind.SENDING
    assert not may_send_now(device, NOW)


def test_the_heaviest_reason_comes_first() -> None:
    """Take away one reason after another, and see what is left."""
    facts = {
        "stopped_at": NOW,
        "paused_at": NOW,
        "state": DeviceState.TEMP_BANNED,
        "state_until": LATER,
        "worked": False,
        "pace": Pace(10, 30, daily_cap=5, hourly_cap=5),
        "tally": tally(hour=5, day=5),
        "next_send_at": NOW + timedelta(seconds=12),
        "quiet": QuietHours(time(10), time(12)),
    }
    told = [why(standing(**facts), Surroundings(engines=1), NOW).kind]
    mends = [
        ("stopped_at", None),
        ("paused_at", None),
        ("state_until", None),
        ("state", DeviceState.CONNECTING),
        ("worked", True),
        ("state", DeviceState.ONLINE),
        ("tally", tally(hour=5, day=4)),
        ("pace", Pace(10, 30)),
        ("next_send_at", None),
        ("quiet", None),
    ]
    for fact, mended in mends:
        facts[fact] = mended
        told.append(why(standing(**facts), Surroundings(engines=1), NOW).kind)
    assert told == [
        ReasonKind.STOPPED,
        ReasonKind.PAUSED,
        ReasonKind.BANNED,
        ReasonKind.STATE,
        ReasonKind.ENGINES_FULL,
        ReasonKind.STATE,
        ReasonKind.DAILY_CAP,
        ReasonKind.HOURLY_CAP,
        ReasonKind.DELAY,
        ReasonKind.QUIET_HOURS,
        ReasonKind.SENDING,
    ]


def test_a_device_that_only_a_person_brings_back_lacks_no_engine() -> None:
    device = standing(state=DeviceState.LOGGED_OUT, worked=False)
    assert why(device, Surroundings(engines=0), NOW).kind is ReasonKind.STATE
    unpaired = standing(state=DeviceState.UNPAIRED, worked=False)
    assert why(unpaired, Surroundings(engines=1), NOW).kind is ReasonKind.STATE


def test_who_stopped_and_who_paused() -> None:
    around = Surroundings(stopped_by="Ann", paused_by="Bob")
    assert why(standing(stopped_at=NOW), around, NOW) == Reason(ReasonKind.STOPPED, since=NOW, who="Ann")
    assert why(standing(paused_at=NOW), around, NOW) == Reason(ReasonKind.PAUSED, since=NOW, who="Bob")


def test_without_any_engine_it_is_the_engine_that_is_missing() -> None:
    assert why(standing(worked=False), Surroundings(engines=0), NOW).kind is ReasonKind.NO_ENGINE


def test_caps_say_how_much_of_them_is_used_and_when_they_end() -> None:
    assert why(BLOCKED["the daily cap"], ALONE, NOW) == Reason(ReasonKind.DAILY_CAP, until=MIDNIGHT, used=5, cap=5)
    assert why(BLOCKED["the warm-up"], ALONE, NOW) == Reason(ReasonKind.DAILY_CAP, until=MIDNIGHT, used=2, cap=2)
    end_of_hour = NOW.replace(hour=3, minute=0)
    hourly = why(BLOCKED["the hourly cap"], ALONE, NOW)
    assert hourly == Reason(ReasonKind.HOURLY_CAP, until=end_of_hour, used=5, cap=5)


def test_replies_go_out_in_spite_of_caps_and_quiet_hours() -> None:
    reply = Next(Lane.REPLY, NOW, None)
    device = standing(
        pace=Pace(10, 30, daily_cap=1), tally=tally(day=1), quiet=QuietHours(time(10), time(12)), next=reply
    )
    assert may_send_now(device, NOW)


def test_quiet_hours_are_the_recipients_and_explain_what_they_put_off() -> None:
    quiet = QuietHours(time(22), time(8))
    night = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)  # 23:00 in Kuala Lumpur
    morning = datetime(2026, 1, 6, 0, 0, tzinfo=UTC)
    put_off = Next(Lane.SEQUENCE, morning, KUALA_LUMPUR)
    assert why(standing(quiet=quiet, next=put_off), ALONE, night) == Reason(ReasonKind.QUIET_HOURS, until=morning)
    after = Next(Lane.SEQUENCE, morning + timedelta(hours=1), KUALA_LUMPUR)
    assert why(standing(quiet=quiet, next=after), ALONE, night).kind is ReasonKind.NOTHING_DUE


def test_the_delay_matters_only_to_what_is_due() -> None:
    device = standing(next_send_at=NOW + timedelta(seconds=12), next=Next(Lane.TEST, LATER, None))
    assert why(device, ALONE, NOW) == Reason(ReasonKind.NOTHING_DUE, until=LATER)


def test_what_comes_next_may_be_planned_and_not_queued_yet() -> None:
    around = Surroundings(planned_at=LATER, paused_sequences=("Welcome",))
    assert why(standing(next=None), around, NOW) == Reason(ReasonKind.NOTHING_DUE, until=LATER)


def test_paused_sequences_are_named_when_nothing_else_is_planned() -> None:
    around = Surroundings(paused_sequences=("A", "B"))
    assert why(standing(next=None), around, NOW) == Reason(ReasonKind.SEQUENCES_PAUSED, names=("A", "B"))
    assert why(READY, around, NOW).kind is ReasonKind.SENDING
    assert why(standing(next=None), ALONE, NOW) == Reason(ReasonKind.NOTHING_PLANNED)


def test_due_is_due_at_its_very_instant() -> None:
    assert may_send_now(standing(next=Next(Lane.SEQUENCE, NOW, KUALA_LUMPUR)), NOW)
    assert may_send_now(standing(next=DUE, next_send_at=NOW), NOW)
