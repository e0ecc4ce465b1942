"""A device that could send now: what tests of "Why?" and of the health check begin with."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from engine.broadcast.pacing import Pace, Tally
from engine.devices.why import Next, Standing
from engine.sequences.calendar import QuietHours
from models.enums import DeviceState, Lane

KUALA_LUMPUR = ZoneInfo("Asia/Kuala_Lumpur")
NOW = datetime(2026, 1, 5, 2, 40, tzinfo=UTC)  # Monday, 10:40 in Kuala Lumpur
TODAY = date(2026, 1, 5)
DUE = Next(Lane.SEQUENCE, NOW - timedelta(minutes=5), KUALA_LUMPUR)


def tally(hour: int = 0, day: int = 0) -> Tally:
    return Tally(NOW.replace(minute=0), hour, TODAY, day)


READY = Standing(
    device_id=1,
    state=DeviceState.ONLINE,
    state_since=NOW,
    state_until=None,
    state_reason="",
    worked=True,
    paused_at=None,
    stopped_at=None,
    next_send_at=None,
    last_sent_at=None,
    in_flight=False,
    pace=Pace(10, 30),
    tally=tally(),
    zone=KUALA_LUMPUR,
    quiet=None,
    next=DUE,
)


def standing(**facts: Any) -> Standing:
    return replace(READY, **facts)


BLOCKED = {
    "everything is stopped": standing(stopped_at=NOW),
    "the device is paused": standing(paused_at=NOW),
    "no engine": standing(worked=False),
    "logged out": standing(state=DeviceState.LOGGED_OUT),
    "banned": standing(state=DeviceState.TEMP_BANNED, state_until=NOW),
    "the line is down": standing(state=DeviceState.PHONE_OFFLINE),
    "the daily cap": standing(pace=Pace(10, 30, daily_cap=5), tally=tally(day=5)),
    "the warm-up": standing(
        pace=Pace(10, 30, daily_cap=9, ramp_start_cap=2, ramp_days=7, ramp_started_on=TODAY), tally=tally(day=2)
    ),
    "the hourly cap": standing(pace=Pace(10, 30, hourly_cap=5), tally=tally(hour=5)),
    "the delay": standing(next_send_at=NOW + timedelta(seconds=12)),
    "quiet hours": standing(quiet=QuietHours(time(10), time(12))),
    "nothing is due": standing(next=Next(Lane.SEQUENCE, NOW + timedelta(seconds=1), KUALA_LUMPUR)),
    "an empty queue": standing(next=None),
}
