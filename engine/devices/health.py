"""What is wrong with a device that is being worked. Pure; machine time throughout.

A worker that is stuck or starving is restarted. Failing and silent are told: a restart does not mend them. What is
paused, capped, in quiet hours or has nothing to do is none of these.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeGuard

from engine.devices.why import Standing, may_send_now

STARVING_AFTER = timedelta(seconds=90)  # a worker that has missed every notification looks again within 65
FAILING_AFTER = 5  # contacts in a row
PHONE_AWAY_AFTER = timedelta(days=10)
LOGGED_OUT_AFTER = timedelta(days=14)  # https://faq.whatsapp.com/378279804439436
SILENT_AFTER = 10  # messages …
SILENT_FOR = timedelta(minutes=5)  # … and at least so long


@dataclass(frozen=True, slots=True)
class Vitals:
    """What a worker knows of itself.

    `failures`: the contacts in a row whose messages were refused, and `failure` the last reason.
    `unconfirmed`: the messages acknowledged since the last receipt, `unconfirmed_for` how long the oldest of them
    has been without one on a line that was up. Nothing of an earlier worker is known here.
    """

    stuck_after: timedelta
    in_flight_for: timedelta | None = None
    still_for: timedelta = timedelta()  # since anything moved: an answer to a claim, an outcome, the line
    failures: int = 0
    failure: str = ""
    succeeded: bool = False  # at some send
    unconfirmed: int = 0
    unconfirmed_for: timedelta = timedelta()
    confirmed: bool = False  # some receipt came


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`restart`: why the worker has to be restarted. For the troubles None means: it cannot be said now."""

    restart: str | None
    failing: bool | None
    silent: bool | None
    limited: bool = False
    phone_away: bool = False


def judge(
    vitals: Vitals, device: Standing, now: datetime, *, ready_for: timedelta, had_receipts: bool
) -> Diagnosis:
    """`ready_for`: how long a message could have left at each look at the device until now.

    `had_receipts`: an earlier worker of the device got some; where receipts never come, none is missed.
    """
    return Diagnosis(
        _restart(vitals, device, ready_for, now),
        _failing(vitals),
        _silent(vitals, device, had_receipts),
        limited=device.limited_until is not None,
        phone_away=is_away(device.phone_away_for),
    )


def is_away(away_for: timedelta | None) -> TypeGuard[timedelta]:
    """Whether a device's own phone was offline for so long that somebody should switch it on."""
    return away_for is not None and away_for >= PHONE_AWAY_AFTER


def _restart(vitals: Vitals, device: Standing, ready_for: timedelta, now: datetime) -> str | None:
    stuck_for = vitals.in_flight_for
    if stuck_for is not None:
        if stuck_for <= vitals.stuck_after:
            return None
        return f"a message was on its way for {stuck_for.total_seconds():.0f} s"
    starved_for = min(ready_for, vitals.still_for)
    if may_send_now(device, now) and starved_for >= STARVING_AFTER:
        return f"messages were due, and for {starved_for.total_seconds():.0f} s nothing moved"
    return None


def _failing(vitals: Vitals) -> bool | None:
    if vitals.failures >= FAILING_AFTER:
        return True
    return False if vitals.succeeded else None


def misses_receipts(vitals: Vitals) -> bool:
    return vitals.unconfirmed >= SILENT_AFTER and vitals.unconfirmed_for >= SILENT_FOR


def _silent(vitals: Vitals, device: Standing, had_receipts: bool) -> bool | None:
    if vitals.confirmed and vitals.unconfirmed < SILENT_AFTER:
        return False
    ever = vitals.confirmed or had_receipts
    return True if misses_receipts(vitals) and ever and device.state.may_send else None
