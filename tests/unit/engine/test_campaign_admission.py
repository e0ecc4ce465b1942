"""Whether a message of a campaign may go out now: one test a rule. Its contact is in Kuala Lumpur."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.broadcast.admission import (
    Admit,
    CampaignFacts,
    Candidate,
    ContactFacts,
    Decision,
    Defer,
    DeviceFacts,
    End,
    Hold,
    StepFacts,
    decide,
)
from engine.broadcast.frequency import Reached
from engine.broadcast.hours import Window, open_from
from engine.broadcast.outlook import Outlook, Rule, outlook, refusals
from engine.broadcast.pacing import Pace, Tally
from engine.sequences.calendar import QuietHours, Run, SendingDays, StepTime
from models.enums import (
    CampaignStatus,
    ConsentState,
    ContentKind,
    EnrolmentStatus,
    Lane,
    MessageStatus,
    MissedPolicy,
    SequenceStatus,
)

ZONE = ZoneInfo("Asia/Kuala_Lumpur")
BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 1, 5)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 1, day, hour, minute, tzinfo=ZONE)


NOW = at(5, 9)
SALE = CampaignFacts(
    status=CampaignStatus.RUNNING,
    source_id=1,
    name="Sale",
    kind=ContentKind.TEXT,
    body="Sale for {{ name }}",
    media_id=None,
    window=None,
    delays=None,
    zone=ZONE,
)
CANDIDATE = Candidate(
    lane=Lane.CAMPAIGN,
    body=None,
    due_at=NOW,
    expires_at=None,
    device=DeviceFacts(Pace(10, 30), Tally(NOW.astimezone(UTC), 3, MONDAY, 7), ZONE, None, paused=False),
    contact=ContactFacts("+60120000001", "Siti", {}, ConsentState.OPTED_IN, suppressed=False),
    quiet=None,
    step=None,
    campaign=SALE,
)
ADMITTED = Admit(ContentKind.TEXT, "Sale for Siti", None)
ENOUGH = Reached(cap=1, day=MONDAY, others=("Welcome",))


def sale(candidate: Candidate = CANDIDATE, **facts: object) -> Candidate:
    return replace(candidate, campaign=replace(SALE, **facts))  # type: ignore[arg-type]


def ended(decision: Decision) -> tuple[MessageStatus, str]:
    assert isinstance(decision, End)
    return decision.outcome, decision.code


def test_it_is_filled_in_when_it_is_claimed() -> None:
    assert decide(CANDIDATE, NOW) == ADMITTED
    assert decide(sale(kind=ContentKind.IMAGE, body="{{ name }}!", media_id=4), NOW) == Admit(
        ContentKind.IMAGE, "Siti!", 4
    )


def test_what_cannot_be_filled_in_names_its_campaign() -> None:
    decision = decide(sale(body="In {{ attributes.city }}"), NOW)
    assert ended(decision) == (MessageStatus.FAILED, "missing_variable")
    assert isinstance(decision, End)
    assert decision.text.startswith("“Sale”: {{ attributes.city }} has no value")


@pytest.mark.parametrize("status", [CampaignStatus.PAUSED, CampaignStatus.SCHEDULED, CampaignStatus.DRAFT])
def test_what_does_not_run_holds_it_also_when_it_is_late(status: CampaignStatus) -> None:
    assert decide(sale(status=status), NOW) == Hold()
    assert decide(replace(sale(status=status), expires_at=at(5, 8)), NOW) == Hold()


@pytest.mark.parametrize("status", [CampaignStatus.CANCELLED, CampaignStatus.FINISHED])
def test_what_is_left_of_a_campaign_that_is_over_is_cancelled(status: CampaignStatus) -> None:
    assert ended(decide(sale(status=status), NOW)) == (MessageStatus.CANCELLED, "cancelled")


@pytest.mark.parametrize(
    ("facts", "code"),
    [({"suppressed": True}, "opted_out"), ({"consent": None}, "no_consent")],
)
def test_without_permission_it_is_skipped(facts: dict[str, object], code: str) -> None:
    refused = replace(CANDIDATE, contact=replace(CANDIDATE.contact, **facts))  # type: ignore[arg-type]
    assert ended(decide(refused, NOW)) == (MessageStatus.SKIPPED, code)


def test_it_goes_within_its_window_only() -> None:
    window = sale(window=Window(time(10), time(18)))
    assert decide(window, NOW) == Defer(at(5, 10))
    assert decide(window, at(5, 10)) == ADMITTED
    assert decide(window, at(5, 17, 59)) == ADMITTED
    assert decide(window, at(5, 18)) == Defer(at(6, 10))


def test_a_window_may_cross_midnight() -> None:
    window = sale(window=Window(time(20), time(2)))
    assert decide(window, at(5, 23)) == ADMITTED
    assert decide(window, at(6, 1, 59)) == ADMITTED
    assert decide(window, at(6, 2)) == Defer(at(6, 20))


def test_the_window_is_the_contacts_own() -> None:
    abroad = sale(window=Window(time(10), time(18)), zone=BERLIN)
    assert decide(abroad, NOW) == Defer(datetime(2026, 1, 5, 10, tzinfo=BERLIN))


def test_quiet_hours_and_the_window_are_both_waited_out() -> None:
    both = replace(sale(window=Window(time(7), time(21))), quiet=QuietHours(time(20), time(9)))
    assert decide(both, at(5, 20, 30)) == Defer(at(6, 9))
    assert decide(both, at(5, 6)) == Defer(at(5, 9))
    assert decide(both, at(5, 19, 59)) == ADMITTED


def test_a_window_that_begins_in_a_gap_of_the_clock_begins_behind_it() -> None:
    window = sale(window=Window(time(2, 30), time(6)), zone=BERLIN)
    spring = datetime(2026, 3, 29, 1, 0, tzinfo=BERLIN)  # 02:00 is followed by 03:00
    assert decide(window, spring) == Defer(datetime(2026, 3, 29, 3, 0, tzinfo=BERLIN))


def test_a_window_that_ends_in_the_hour_that_comes_twice_ends_both_times() -> None:
    """Whoever was put off in between has their turn on the next day; whoever comes first then still goes."""
    window, tonight = sale(window=Window(time(0), time(2, 30)), zone=BERLIN), datetime(2026, 10, 25, tzinfo=UTC)
    tomorrow = datetime(2026, 10, 26, 0, 0, tzinfo=BERLIN)
    assert decide(window, tonight.replace(minute=45)) == Defer(tomorrow)  # 02:45
    assert decide(window, tonight.replace(hour=1, minute=15)) == ADMITTED  # 02:15 for the second time
    assert decide(window, tonight.replace(hour=1, minute=45)) == Defer(tomorrow)


def test_what_may_wait_waits_as_long_as_it_takes() -> None:
    assert decide(CANDIDATE, NOW + timedelta(days=30)) == ADMITTED


def test_what_expires_is_skipped_when_it_is_too_late_or_will_be() -> None:
    expiring = replace(CANDIDATE, expires_at=at(5, 21))
    assert decide(expiring, at(5, 21)) == ADMITTED
    assert ended(decide(expiring, at(5, 21, 1))) == (MessageStatus.SKIPPED, "expired")
    evening = replace(sale(expiring, window=Window(time(9), time(18))))
    assert ended(decide(evening, at(5, 18))) == (MessageStatus.SKIPPED, "expired")


def test_its_own_delays_slow_the_device_and_never_speed_it_up() -> None:
    assert sale(delays=(20, 25)).pace == Pace(20, 30)
    assert sale(delays=(40, 60)).pace == Pace(40, 60)
    assert sale(delays=(1, 2)).pace == Pace(10, 30)
    delays = {sale(delays=(40, 60)).pace.draw_delay(Random(number)).total_seconds() for number in range(50)}
    assert min(delays) >= 40


def test_who_had_enough_today_gets_it_tomorrow() -> None:
    """At the time of day at which it was due; with a window, when that begins."""
    capped = replace(CANDIDATE, reached=ENOUGH)
    assert decide(capped, at(5, 15)) == Defer(at(6, 9), capped=True)
    window = replace(sale(window=Window(time(8), time(20))), reached=ENOUGH)
    assert decide(window, at(5, 15)) == Defer(at(6, 8), capped=True)
    quiet = replace(window, quiet=QuietHours(time(22), time(10)))
    assert decide(quiet, at(5, 15)) == Defer(at(6, 10), capped=True)
    assert decide(capped, at(6, 9)) == ADMITTED


def test_the_cap_has_nothing_to_say_where_the_hours_put_it_off_to_the_next_day() -> None:
    """Asked at night, it comes in the morning, and not in the evening of that day."""
    evening = replace(CANDIDATE, reached=ENOUGH, quiet=QuietHours(time(22), time(9)), due_at=at(5, 22, 30))
    assert decide(evening, at(5, 22, 30)) == Defer(at(6, 9))
    over = sale(evening, window=Window(time(8), time(20)))
    assert decide(over, at(5, 21)) == Defer(at(6, 9))
    assert decide(replace(evening, due_at=at(5, 8)), at(5, 8)) == Defer(at(6, 9), capped=True)


def test_who_had_enough_today_does_not_get_what_expires_before_tomorrow() -> None:
    capped = replace(CANDIDATE, reached=ENOUGH, expires_at=at(5, 21))
    assert ended(decide(capped, NOW)) == (MessageStatus.SKIPPED, "capped")
    assert decide(replace(capped, expires_at=at(6, 9)), NOW) == Defer(at(6, 9), capped=True)


@pytest.mark.parametrize(
    ("reached", "enough"),
    [
        (Reached(1, MONDAY), False),
        (Reached(1, MONDAY, ("Welcome",)), True),
        (Reached(2, MONDAY, ("Welcome",)), False),
        (Reached(2, MONDAY, ("Diet", "Welcome")), True),
        (Reached(1, MONDAY, ("Welcome",), own=True), False),
    ],
)
def test_the_cap_counts_sources_and_what_has_come_already_counts_once(reached: Reached, *, enough: bool) -> None:
    assert (decide(replace(CANDIDATE, reached=reached), NOW) != ADMITTED) is enough


def test_what_an_operator_sends_once_more_goes_as_it_was() -> None:
    """A pause and the hours hold it, nothing else does."""
    again = replace(CANDIDATE, by_hand=True, body="Old words", reached=ENOUGH, expires_at=at(5, 8))
    assert decide(again, NOW) == Admit(ContentKind.TEXT, "Old words", None)
    over = sale(again, status=CampaignStatus.CANCELLED)
    assert decide(over, NOW) == Admit(ContentKind.TEXT, "Old words", None)
    assert decide(sale(again, status=CampaignStatus.PAUSED), NOW) == Hold()
    assert decide(sale(again, window=Window(time(10), time(18))), NOW) == Defer(at(5, 10))


DAY_1 = StepTime(1, 1, 540)
STEP = replace(
    CANDIDATE,
    lane=Lane.SEQUENCE,
    campaign=None,
    expires_at=at(5, 21),
    reached=Reached(cap=1, day=MONDAY, others=("Sale",)),
    step=StepFacts(
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
    ),
)


@pytest.mark.parametrize("policy", [MissedPolicy.SHIFT, MissedPolicy.SEND_NOW])
def test_a_step_for_who_had_enough_today_moves_the_run_to_the_next_date(policy: MissedPolicy) -> None:
    assert STEP.step is not None
    capped = replace(STEP, step=replace(STEP.step, missed_policy=policy))
    assert decide(capped, NOW) == Defer(at(6, 9), at(6, 21), date(2026, 1, 6), capped=True)
    assert decide(replace(capped, due_at=at(6, 9), expires_at=at(6, 21)), at(6, 9)) == Admit(
        ContentKind.TEXT, "Hi", None
    )


def test_a_step_that_is_skipped_when_missed_is_skipped() -> None:
    assert STEP.step is not None
    decision = decide(replace(STEP, step=replace(STEP.step, missed_policy=MissedPolicy.SKIP)), NOW)
    assert ended(decision) == (MessageStatus.SKIPPED, "capped")
    assert isinstance(decision, End)
    assert decision.text == "they had a message of “Sale” today"


def test_why_not_tells_each_rule_of_a_campaign_in_the_claims_order() -> None:
    held = replace(
        sale(status=CampaignStatus.PAUSED, window=Window(time(10), time(18))),
        quiet=QuietHours(time(8), time(11)),
        reached=ENOUGH,
    )
    assert [refusal.rule for refusal in refusals(held, NOW)] == [
        Rule.CAMPAIGN, Rule.FREQUENCY, Rule.QUIET_HOURS, Rule.WINDOW,
    ]  # fmt: skip
    assert [refusal.until for refusal in refusals(held, NOW)] == [None, at(6, 11), at(5, 11), at(5, 10)]


@pytest.mark.parametrize(
    ("candidate", "rule"),
    [
        (replace(CANDIDATE, expires_at=at(5, 8)), Rule.EXPIRED),
        (sale(status=CampaignStatus.CANCELLED), Rule.CAMPAIGN),
        (replace(CANDIDATE, reached=ENOUGH, expires_at=at(5, 21)), Rule.FREQUENCY),
        (sale(body="{{ attributes.car }}"), Rule.TEXT),
    ],
)
def test_what_will_never_go_has_one_reason(candidate: Candidate, rule: Rule) -> None:
    assert [refusal.rule for refusal in refusals(candidate, NOW)] == [rule]
    assert outlook(candidate, NOW).end is not None


def test_what_is_capped_today_goes_tomorrow() -> None:
    assert outlook(replace(CANDIDATE, reached=ENOUGH), NOW) == Outlook(at=at(6, 9))
    assert outlook(STEP, NOW) == Outlook(at=at(6, 9))
    assert [refusal.rule for refusal in refusals(STEP, NOW)] == [Rule.FREQUENCY]


def test_who_seems_to_ask_to_stop_is_left_alone_until_somebody_has_decided() -> None:
    asks = replace(CANDIDATE, contact=replace(CANDIDATE.contact, asks_to_stop=True))
    for one in (asks, replace(asks, by_hand=True, body="Sale"), replace(asks, reached=ENOUGH)):
        assert decide(one, NOW) == Defer(at(5, 10), undecided=True)
    assert [refusal.rule for refusal in refusals(asks, NOW)] == [Rule.ASKS_TO_STOP]
    assert ended(decide(replace(asks, expires_at=at(5, 8)), NOW)) == (MessageStatus.SKIPPED, "expired")


hours = st.times().map(lambda local: local.replace(microsecond=0))


@given(
    minutes=st.integers(0, 60 * 24 * 365),
    zone=st.sampled_from([ZONE, BERLIN, ZoneInfo("America/Sao_Paulo"), ZoneInfo("Australia/Lord_Howe")]),
    window=st.tuples(hours, hours).filter(lambda both: both[0] != both[1]).map(lambda both: Window(*both)),
    quiet=st.none() | st.builds(QuietHours, hours, hours),
)
def test_what_is_open_is_neither_quiet_nor_outside_of_the_window(
    minutes: int, zone: ZoneInfo, window: Window, quiet: QuietHours | None
) -> None:
    instant = at(1, 0) + timedelta(minutes=minutes)
    opens = open_from(instant, zone, quiet, window)
    assert opens >= instant
    assert open_from(instant, zone, None, None) == instant
    local = opens.astimezone(zone).time()
    closed = window.opens_after(opens, zone) is not None
    silent = quiet is not None and quiet.contain(local)
    if closed or silent:  # there is no room between the two: it is asked again, much later
        assert quiet is not None
        assert opens >= instant + timedelta(days=2)
    elif opens > instant:  # a minute before it was not open
        before = opens - timedelta(minutes=1)
        shut = window.opens_after(before, zone) is not None
        assert before < instant or shut or (quiet is not None and quiet.contain(before.astimezone(zone).time()))
