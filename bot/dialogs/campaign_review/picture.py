"""When a campaign goes out, as a picture for a phone: how many have it by when, day by day."""

import io
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from bot.dialogs.results.picture import DOTS_AN_INCH, INK, LONGEST_NAME, SOFT, WIDTH, printable
from engine.campaigns.review import Review
from engine.sequences.calendar import ONE_DAY

HEIGHT = 4.6  # inches
BOX = (0.125, 0.13, 0.825, 0.60)  # of the axes: left, bottom, width, height, as parts of the figure
LINE, AREA = "#2171b5", "#c6dbef"
MOST_DAYS = 7  # with a name each
SHORT = timedelta(hours=42)  # then hours are told, not days
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360)  # minutes between the hours that are told
MOST_HOURS = 7


def draw(review: Review) -> bytes | None:
    """Make a PNG, or None if nothing would go out. It takes a moment: call it in a thread."""
    # Imported here, since few processes ever draw. Not pyplot, which keeps its figures for ever.
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    if not review.curve:
        return None
    zone = ZoneInfo(review.time_zone)
    figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DOTS_AN_INCH, facecolor="white")
    FigureCanvasAgg(figure)
    _draw_head(figure, review, zone)
    axes = figure.add_axes(BOX)
    _draw_curve(axes, review)
    _draw_people(axes)
    _draw_times(axes, review, zone)
    out = io.BytesIO()
    figure.savefig(out, format="png")
    return out.getvalue()


def _draw_head(figure: Any, review: Review, zone: ZoneInfo) -> None:
    name = printable(review.name) or "Campaign"
    name = name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1].rstrip() + "…"
    (first, _), (last, sent) = review.curve[0], review.curve[-1]
    left = 0.3 / WIDTH
    figure.text(left, 0.92, name, size=19, weight="bold", color=INK, va="center", parse_math=False)
    span = _span(first.astimezone(zone), last.astimezone(zone))
    figure.text(left, 0.845, f"{sent:,} people · {span}", size=12.5, color=INK, va="center")
    told = [f"half of them by {_moment(_half(review).astimezone(zone))}"] if sent > 1 else []
    told += [f"{review.expires:,} too late"] if review.expires else []
    figure.text(left, 0.785, " · ".join(told), size=11, color=SOFT, va="center")


def _draw_curve(axes: Any, review: Review) -> None:
    moments = [moment for moment, _ in review.curve]
    counts = [by_then for _, by_then in review.curve]
    axes.fill_between(moments, counts, color=AREA, linewidth=0)
    axes.plot(moments, counts, color=LINE, linewidth=2.5, solid_joinstyle="round")
    axes.plot(moments[-1:], counts[-1:], "o", color=LINE, markersize=8, clip_on=False)
    edge = max((moments[-1] - moments[0]) * 0.02, timedelta(seconds=30))
    axes.set_xlim(moments[0] - edge, moments[-1] + edge)
    axes.set_ylim(0, counts[-1] * 1.06)


def _draw_people(axes: Any) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator  # noqa: PLC0415

    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda count, _: _short(int(count))))
    axes.tick_params(axis="y", labelsize=11, labelcolor=SOFT, length=0)
    axes.grid(visible=True, axis="y", color="#e2e2e2", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color("#b0b0b0")


def _draw_times(axes: Any, review: Review, zone: ZoneInfo) -> None:
    first, last = review.curve[0][0], review.curve[-1][0]
    moments = _hours(first, last, zone) if last - first < SHORT else _days(first, last, zone)
    axes.set_xticks([moment for moment, _ in moments], [label for _, label in moments])
    axes.tick_params(axis="x", labelsize=11.5, labelcolor=INK, color="#b0b0b0", length=5)


def _days(first: datetime, last: datetime, zone: ZoneInfo) -> list[tuple[datetime, str]]:
    """Midnights, and under them the day that begins."""
    midnight = first.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    days = []
    while (midnight := midnight + ONE_DAY) <= last:  # in its own zone: the clocks may change
        days.append(midnight)
    every = -(-len(days) // MOST_DAYS)
    months = every * len(days) > 25
    return [(day, f"{day.day} {day:%b}" if months else _day(day)) for day in days[:: max(1, every)]]


def _hours(first: datetime, last: datetime, zone: ZoneInfo) -> list[tuple[datetime, str]]:
    """Round times of the day; where a day begins, that day."""
    minutes = (last - first).total_seconds() / 60
    step = next((step for step in STEPS if minutes / step <= MOST_HOURS), STEPS[-1])
    moment = first.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    hours = []
    while (moment := moment + timedelta(minutes=step)) <= last:
        if moment >= first:
            hours.append(moment)
    local = first.astimezone(zone)
    return [(hour, f"{hour:%H:%M}" if hour.hour or hour.minute else _day(hour)) for hour in hours or [local]]


def _half(review: Review) -> datetime:
    """When half of them have it; between two moments of the curve it rises evenly."""
    half = review.curve[-1][1] / 2
    for (since, before), (until, after) in pairwise(review.curve):
        if after >= half:
            return since + (until - since) * max(0.0, (half - before) / (after - before))
    return review.curve[-1][0]


def _span(first: datetime, last: datetime) -> str:
    """Local times; a date that is the same is told once."""
    if last - first < timedelta(minutes=1):
        return _moment(first)
    return f"{_moment(first)} – {f'{last:%H:%M}' if last.date() == first.date() else _moment(last)}"


def _moment(local: datetime) -> str:
    return f"{local:%a} {local.day} {local:%b %H:%M}"


def _day(local: datetime) -> str:
    return f"{local:%a} {local.day}"


def _short(count: int) -> str:
    """12,000 as 12k."""
    return f"{count // 1000:,}k" if count >= 10_000 and count % 1000 == 0 else f"{count:,}"
