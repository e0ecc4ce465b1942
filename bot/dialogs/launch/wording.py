"""A forecast in words. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.dialogs.formatting import counted, people, verb
from bot.dialogs.navigation import when
from bot.dialogs.results.wording import SKIPPED
from engine.devices.idle import Idle
from engine.sequences.launch import Review
from models.enums import SequenceStatus

WHILE = timedelta(minutes=2)  # a pile that is gone by then goes out at once


def consequences(review: Review) -> list[str]:
    """Tell what becomes of whom, the largest change first."""
    forecast = review.forecast
    if not review.people:
        lines = ["Nobody is in it yet. Who joins later begins at once."]
        return (
            [*lines, f"{people(review.stay_paused)} {verb('stay', review.stay_paused)} paused."]
            if review.stay_paused
            else lines
        )
    begins = review.status is SequenceStatus.DRAFT
    lines = [f"{people(review.people - forecast.barred)} {verb('begin', review.people - forecast.barred)}."]
    if not begins:
        lines = [
            f"{messages} {verb('move', messages)} by {_days(days)}" for days, messages in forecast.moved.items()
        ]
    if forecast.skipped:
        lines.append(f"{sum(forecast.skipped.values()):,} skipped: {_reasons(forecast.skipped)}")
    if forecast.go_out or not begins:
        lines.append(f"{forecast.go_out:,} {verb('go', forecast.go_out)} out {_how_soon(review)}")
    if not begins:
        lines.append("0 twice: what was sent, or may have arrived, is not sent again")
        lines += _rest(review)
    if review.once_more:
        lines.append(f"{review.once_more:,} once more, as you have asked under “Not sure”")
    return lines


def times(review: Review) -> list[str]:
    """Tell when the first message goes out, and about when the last."""
    forecast, zone = review.forecast, review.time_zone
    lines = []
    if forecast.next_at is not None and forecast.next_at > review.now:
        lines.append(f"First message: {when(forecast.next_at, review.now, zone)}")
    if forecast.ends_at is not None:
        lines.append(f"The last one goes out about {_date(forecast.ends_at, zone)}.")
    return lines


def problems(review: Review) -> list[str]:
    """Tell what somebody should look at before."""
    found = []
    if review.stopped:
        found.append("Everything is stopped: nothing goes out until you resume at Home.")
    found += [idle_words(device) for device in review.idle if device.people or not review.people]
    if review.forecast.barred:
        found.append(f"{people(review.forecast.barred)} may not be written to: no permission, or opted out.")
    overload = review.forecast.overload
    if overload is not None:
        rest = overload.messages - overload.in_time
        day = f"{overload.day:%a} {overload.day.day} {overload.day:%b}"
        found.append(
            f"{day}: {overload.messages:,} are due, and the devices get through about {overload.in_time:,}. "
            f"The other {rest:,} are late by then."
        )
    return found


def _rest(review: Review) -> list[str]:
    lines = []
    if review.forecast.keep:
        lines.append(f"{review.forecast.keep:,} {verb('keep', review.forecast.keep)} their date")
    if review.stay_paused:
        lines.append(f"{review.stay_paused:,} {verb('stay', review.stay_paused)} paused, each on their own")
    if review.on_their_way:
        lines.append(f"{review.on_their_way:,} being sent at this moment")
    return lines


def _how_soon(review: Review) -> str:
    forecast = review.forecast
    if forecast.from_at is None or forecast.until_at is None:
        return "now"
    starts = (
        "now" if forecast.from_at - review.now < WHILE else when(forecast.from_at, review.now, review.time_zone)
    )
    takes = forecast.until_at - forecast.from_at
    return starts if takes < WHILE else f"{starts}, over about {duration(takes)}"


def idle_words(device: Idle) -> str:
    why = "is paused" if device.paused else f"cannot send now ({device.state.replace('_', ' ')})"
    waiting = f"; {people(device.people)} {verb('wait', device.people)} for it" if device.people else ""
    return f"{device.name} {why}{waiting}."


def _reasons(skipped: Mapping[str, int]) -> str:
    if len(skipped) == 1:
        return SKIPPED.get(*skipped, *skipped)
    return ", ".join(f"{count:,} {SKIPPED.get(reason, reason)}" for reason, count in skipped.items())


def _days(days: int) -> str:
    return {0: "some hours", 1: "a day", 2: "two days", 3: "three days"}.get(days, f"{days} days")


def duration(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    if minutes < 90:
        return f"{minutes if minutes < 30 else round(minutes, -1)} minutes"
    hours = round(minutes / 60)
    return f"{hours} hours" if hours < 48 else counted(round(hours / 24), "day")


def _date(instant: datetime, zone: str) -> str:
    local = instant.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b}"
