"""A review in words: who gets a campaign, until when, what holds it up, and what to look at before. Pure."""

from datetime import datetime, timedelta

from bot.dialogs.campaigns.wording import NEEDED, left_out_words
from bot.dialogs.devices.delays import write_delays
from bot.dialogs.formatting import counted, few, people, verb
from bot.dialogs.launch.wording import duration, idle_words
from bot.dialogs.navigation import when
from engine.broadcast.walk import Limit
from engine.campaigns.faster import Faster, Speedup
from engine.campaigns.review import DeviceShare, Gap, Held, Review

SOON = timedelta(minutes=2)  # what starts by then starts now, but for the time to undo it
MOST_DEVICES = 4
MOST_GAPS = 3

# Of a window's text: the message as a few people get it.
SAMPLES = """\
{% for sample in samples %}

<i>To {{ sample.name|truncate(40) }}:</i>
{% if sample.trouble %}
⚠️ {{ sample.trouble }}
{% else %}
{{ sample.html|safe }}
{% endif %}
{% endfor %}"""


def who(review: Review) -> list[str]:
    """Tell how many get it, how many do not and why, and who gets it later."""
    lines = [f"👥 <b>{people(review.gets)} {verb('get', review.gets)} it.</b>"]
    left_out = left_out_words(review.left_out)
    lines += [f"Left out: {left_out}."] if left_out else []
    if review.capped:
        lines.append(
            f"{review.capped:,} of them had something from you today: "
            f"{'that one' if review.capped == 1 else 'those'} {verb('get', review.capped)} it tomorrow."
        )
    return lines


def times(review: Review) -> list[str]:
    """Tell when the first goes out and when the last."""
    if review.first_at is None or review.last_at is None:
        return []
    if review.last_at - review.first_at < SOON:
        return [f"🕘 All of them {starts(review.first_at, review)}"]
    first, last = starts(review.first_at, review), _at(review.last_at, review)
    return [f"🕘 The first {first}, the last {last}, over about {duration(review.last_at - review.first_at)}"]


def starts(at: datetime, review: Review) -> str:
    """Write "now", "today 14:05" or "tomorrow 09:00"."""
    return "now" if at - review.now <= SOON else _at(at, review)


def devices(review: Review) -> list[str]:
    """Tell what each device sends, until when, and what it is held up by; the last to be through first."""
    lines = [_device(one, review) for one in review.devices[:MOST_DEVICES]]
    rest = review.devices[MOST_DEVICES:]
    if rest:
        lines.append(f"📱 {counted(len(rest), 'more device')}: {sum(one.people for one in rest):,}")
    return lines


def faster(review: Review) -> list[str]:
    return [_faster(one, review) for one in review.faster]


def problems(review: Review) -> list[str]:
    """Tell what somebody should look at before."""
    found = [f"Still needed: {NEEDED[one]}." for one in review.missing]
    if review.stopped:
        found.append("Everything is stopped: nothing goes out until you resume at Home.")
    if review.expires:
        found.append(f"{people(review.expires)} will not get it in time, and then not at all (Pace and hours).")
    if review.later:
        found.append(f"{people(review.later)} will not get it within a year: no device has room for them.")
    found += [_gap(gap, review) for gap in review.gaps[:MOST_GAPS]]
    return found + [idle_words(device) for device in review.idle]


def _device(share: DeviceShare, review: Review) -> str:
    until = f" until {_at(share.last_at, review)}" if share.last_at else ""
    held = _held(share.held_by)
    return f"📱 {share.name}: {share.people:,}{until}{f' ({held})' if held else ''}"


def _held(held: Held) -> str:
    match held.by:
        case Limit.DELAYS if held.delays and held.delays[1]:
            return f"{write_delays(*held.delays)} apart"
        case Limit.CAMPAIGN_DELAYS if held.delays:
            return f"{write_delays(*held.delays)} apart, as you set"
        case Limit.HOURLY_CAP:
            return f"at most {held.cap:,} an hour"
        case Limit.DAILY_CAP:
            return f"at most {held.cap:,} a day"
        case Limit.WARM_UP:
            return f"warm-up: {held.cap:,} on the first day, up to {held.full_cap:,}"
        case Limit.HOURS:
            return "quiet hours and its own hours"
        case Limit.ENOUGH:
            return "its people had something today"
        case Limit.OTHERS:
            return f"{counted(held.others, 'other message')} {'goes' if held.others == 1 else 'go'} first"
        case _:
            return ""


def _faster(one: Faster, review: Review) -> str:
    """Write "With Sales-3 as well: done today 18:00, 5 hours earlier"."""
    named = few(one.devices, most=2)
    match one.by:
        case Speedup.ADD_DEVICE:
            change = f"With {named} as well"
        case Speedup.ONE_MORE_DEVICE:
            change = f"With one more device like {named}"
        case Speedup.DAILY_CAP:
            change = f"With {one.to:,} a day instead of {one.was:,} on {named}"
        case Speedup.HOURLY_CAP:
            change = f"With {one.to:,} an hour instead of {one.was:,} on {named}"
        case Speedup.WINDOW if one.window is not None:
            change = f"From {one.window.start:%H:%M} to {one.window.end:%H:%M} instead of its own hours"
        case Speedup.WINDOW:
            change = "Without its own hours"
        case Speedup.OWN_DELAYS:
            change = "At the devices' own pace"
    gained = f"{duration(one.gains)} earlier" if one.gains > timedelta() else ""
    more = f"{counted(one.more, 'more person gets', 'more people get')} it" if one.more else ""
    return f"{change}: done {_at(one.last_at, review)}, {' and '.join(filter(None, (gained, more)))}"


def _gap(gap: Gap, review: Review) -> str:
    """Tell how many lack what, and how to write it so that nobody does."""
    needed = " or ".join(f"{{{{ {variable} }}}}" for variable in gap.need)
    why = "so nothing would be left of the text" if gap.blank else "so it fails for them"
    return (
        f"{gap.lacking:,} of {people(review.gets)} {'has' if gap.lacking == 1 else 'have'} no {needed}, {why}. "
        f"Add a default: {gap.need[-1].with_default}"
    )


def _at(instant: datetime, review: Review) -> str:
    return when(instant, review.now, review.time_zone)
