"""What the claim would do later: followed from claim to claim. That each obstacle is the claim's, see test_card."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from engine.broadcast.admission import Admit, Candidate, ContactFacts, DeviceFacts, StepFacts, decide
from engine.broadcast.outlook import Outlook, Rule, outlook, refusals, resumed
from engine.broadcast.pacing import Pace, Tally
from engine.sequences.calendar import QuietHours, Run, SendingDays, StepTime
from models.enums import ConsentState, ContentKind, EnrolmentStatus, Lane, MissedPolicy, SequenceStatus

ZONE = ZoneInfo("Asia/Kuala_Lumpur")
MONDAY = date(2026, 1, 5)
DAY_1 = StepTime(1, 1, 9 * 60)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 1, day, hour, minute, tzinfo=ZONE)


NOW = at(5, 9)
STEP = StepFacts(
    run=Run(at(5, 8), MONDAY, ZONE),
    status=EnrolmentStatus.ACTIVE,
    sequence_status=SequenceStatus.ACTIVE,
    step=DAY_1,
    waiting=(DAY_1,),
    days=SendingDays(),
    missed_policy=MissedPolicy.SHIFT,
    late_window=timedelta(hours=12),
    sequence="Welcome",
    kind=ContentKind.TEXT,
    body="Hi",
    media_id=None,
)
DUE = Candidate(
    lane=Lane.SEQUENCE,
    body=None,
    due_at=NOW,
    expires_at=at(5, 21),
    device=DeviceFacts(Pace(10, 30), Tally(NOW.astimezone(UTC), 3, MONDAY, 7), ZONE, None, paused=False),
    contact=ContactFacts("+60120000001", "Siti", {}, ConsentState.OPTED_IN, suppressed=False),
    quiet=None,
    step=STEP,
)


def paced(**pace: int) -> Candidate:
    return replace(DUE, device=replace(DUE.device, pace=Pace(10, 30, **pace)))


def test_a_cap_until_midnight_ends_in_quiet_hours_and_those_in_the_morning():
    capped = replace(paced(daily_cap=7), quiet=QuietHours(time(22), time(8)), expires_at=at(6, 12))
    assert outlook(capped, NOW) == Outlook(at=at(6, 8))


def test_what_is_late_by_then_moves_to_its_time():
    assert outlook(paced(daily_cap=7), NOW) == Outlook(at=at(6, 9))


def test_the_next_hour_has_its_own_count():
    assert outlook(paced(hourly_cap=3), NOW) == Outlook(at=at(5, 10))


def test_a_shift_past_the_days_of_rest():
    friday = at(9, 22)
    late = replace(
        DUE, due_at=at(9, 9), expires_at=at(9, 21),
        step=replace(STEP, days=SendingDays(rest_days=frozenset({6, 7}))),
    )  # fmt: skip
    assert outlook(late, friday) == Outlook(at=at(12, 9))


def test_while_a_pause_holds_it_nothing_can_be_said_and_afterwards_it_can():
    held = replace(DUE, step=replace(STEP, status=EnrolmentStatus.PAUSED))
    assert outlook(held, NOW) == Outlook()
    assert outlook(resumed(held), NOW) == Outlook(at=NOW)


def test_everything_in_its_way_in_the_order_of_the_claim():
    held = replace(
        DUE,
        device=replace(
            DUE.device, paused=True, next_send_at=at(5, 9, 1), pace=Pace(10, 30, hourly_cap=3, daily_cap=7)
        ),
        contact=replace(DUE.contact, suppressed=True),
        quiet=QuietHours(time(8), time(10)),
        step=replace(STEP, status=EnrolmentStatus.PAUSED, sequence_status=SequenceStatus.PAUSED, body="{{ car }}"),
    )
    assert [refusal.rule for refusal in refusals(held, NOW)] == [
        Rule.DEVICE_PAUSED, Rule.DELAY, Rule.CAP, Rule.OPTED_OUT, Rule.SEQUENCE, Rule.RUN, Rule.QUIET_HOURS,
        Rule.TEXT,
    ]  # fmt: skip


hours = st.integers(0, 23).map(time)


@given(
    now=st.integers(0, 60 * 24 * 9).map(lambda minutes: at(4, 0) + timedelta(minutes=minutes)),
    quiet=st.none() | st.builds(QuietHours, hours, hours),
    rest=st.frozensets(st.integers(1, 7), max_size=6),
    daily=st.none() | st.integers(1, 9),
    policy=st.sampled_from(MissedPolicy),
)
def test_nothing_refuses_it_at_the_time_that_is_told(now, quiet, rest, daily, policy):
    step = replace(STEP, days=SendingDays(rest_days=rest), missed_policy=policy)
    candidate = replace(paced(**({"daily_cap": daily} if daily else {})), quiet=quiet, step=step)
    foreseen = outlook(candidate, now)
    if foreseen.at is None:
        assert foreseen.end is not None or (quiet is not None and quiet.contain(time(9)))
        return
    assert foreseen.at >= max(now, candidate.due_at)
    local = foreseen.at.astimezone(ZONE)
    assert step.days.may_send_on(local.date())
    assert quiet is None or not quiet.contain(local.time())
    fresh = replace(candidate.device, tally=replace(candidate.device.tally, day_count=0, day=local.date()))
    there = replace(candidate, device=fresh, due_at=foreseen.at, expires_at=None)
    assert isinstance(decide(there, foreseen.at), Admit)
