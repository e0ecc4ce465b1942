import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.alerts.rendering import TITLES, Acknowledge, Answer, Decide, render
from models import Alert
from models.enums import AlertKind, AlertStatus

START = datetime(2026, 1, 5, 6, 2, tzinfo=UTC)  # 14:02 in Kuala Lumpur
ZONE = "Asia/Kuala_Lumpur"


def alert(**fields: object) -> Alert:
    standard = {
        "id": 7,
        "kind": AlertKind.DEVICE_DOWN,
        "status": AlertStatus.FIRING,
        "text": "Alpha is not sending: banned.",
        "occurrences": 1,
        "first_at": START,
        "last_at": START,
    }
    return Alert(**standard | fields)


def later(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def test_a_firing_alert_says_what_since_when_and_can_be_acknowledged():
    shown = render(alert(), ZONE, None)
    assert shown.html == "🔴 <b>Device down</b>\nAlpha is not sending: banned.\nSince 14:02"
    assert shown.buttons == (("Acknowledge", Acknowledge(alert_id=7)),)


def test_a_request_to_stop_is_decided_with_one_tap_until_somebody_has_decided():
    asks = {"kind": AlertKind.ASKS_TO_STOP, "subject": "contact:12"}
    buttons = (
        ("🚫 Opt out", Decide(contact_id=12, answer=Answer.OPT_OUT)),
        ("Keep", Decide(contact_id=12, answer=Answer.KEEP)),
    )
    assert render(alert(**asks), ZONE, None).buttons == buttons
    seen = alert(**asks, status=AlertStatus.ACKNOWLEDGED, acknowledged_at=later(1))
    assert render(seen, ZONE, "Aisyah").buttons == buttons
    over = alert(**asks, status=AlertStatus.RESOLVED, resolved_at=later(3), resolution="Kept by Aisyah.")
    assert render(over, ZONE, None).buttons == ()


def test_what_needs_no_hurry_is_yellow():
    assert render(alert(kind=AlertKind.SEND_FAILED), ZONE, None).html.startswith("🟡 <b>Not sent</b>")


def test_repetitions_are_counted_in_one_alert():
    lines = render(alert(occurrences=12, last_at=later(5)), ZONE, None).html.splitlines()
    assert lines[0] == "🔴 <b>Device down</b> ×12"
    assert lines[2] == "Since 14:02, last 14:07"


def test_an_acknowledged_alert_names_who_saw_it():
    seen = alert(status=AlertStatus.ACKNOWLEDGED, acknowledged_at=later(1))
    shown = render(seen, ZONE, "Aisyah")
    assert shown.html.splitlines()[0] == "🟠 <b>Device down</b>"
    assert shown.html.splitlines()[-1] == "Seen by Aisyah 14:03"
    assert shown.buttons == ()


def test_a_resolved_alert_says_how():
    over = alert(status=AlertStatus.RESOLVED, resolved_at=later(3), resolution="Alpha is online again.")
    shown = render(over, ZONE, None)
    assert shown.html.splitlines()[0] == "✅ <b>Device down</b>"
    assert shown.html.splitlines()[-1] == "Resolved 14:05: Alpha is online again."
    assert shown.buttons == ()


def test_what_ends_by_being_acknowledged_says_so_once():
    over = alert(
        kind=AlertKind.SEND_FAILED, status=AlertStatus.RESOLVED, acknowledged_at=later(1), resolved_at=later(1)
    )
    lines = render(over, ZONE, "Aisyah").html.splitlines()
    assert (lines[0], lines[-1]) == ("⚪ <b>Not sent</b>", "Seen by Aisyah 14:03")
    assert "Resolved" not in lines[-1]


def test_another_day_is_named():
    over = alert(status=AlertStatus.RESOLVED, resolved_at=later(24 * 60), resolution="Back.")
    assert render(over, ZONE, None).html.endswith("Resolved 6 Jan 14:02: Back.")


def test_the_day_is_the_teams_not_utc():
    """23:30 and 00:30 in UTC are one morning in Kuala Lumpur."""
    at = datetime(2026, 1, 5, 23, 30, tzinfo=UTC)
    shown = render(alert(first_at=at, last_at=at + timedelta(hours=1)), ZONE, None)
    assert shown.html.endswith("Since 07:30, last 08:30")


def test_words_from_outside_are_no_markup():
    seen = alert(text="<b>Alpha & co", status=AlertStatus.ACKNOWLEDGED, acknowledged_at=later(1))
    html = render(seen, ZONE, "<i>").html
    assert "&lt;b&gt;Alpha &amp; co" in html
    assert "Seen by &lt;i&gt; 14:03" in html


def test_the_button_is_small_and_stable():
    assert Acknowledge(alert_id=12).pack() == "ack:12"


@pytest.mark.parametrize("kind", AlertKind)
def test_every_kind_has_a_title_whose_colour_can_change(kind: AlertKind):
    assert re.fullmatch(r"[🔴🟡] <b>[A-Z][a-z ]+</b>", TITLES[kind])


@given(text=st.text(min_size=1), name=st.text(min_size=1), times=st.sampled_from([1, 400, 5000]))
def test_no_alert_is_longer_than_a_message(text: str, name: str, times: int):
    fields = {"acknowledged_at": later(2000), "resolved_at": later(3000), "last_at": later(4000)}
    long = alert(
        text=text * times, resolution=text * times, status=AlertStatus.RESOLVED, occurrences=10**9, **fields
    )
    html = render(long, ZONE, name * times).html
    parsed = unescape(re.sub(r"</?b>", "", html))
    assert len(parsed.encode("utf-16-le", "surrogatepass")) // 2 <= 4096
