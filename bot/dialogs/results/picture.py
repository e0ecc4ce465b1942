"""The funnel of a sequence as a picture for a phone: what was sent, delivered, read and answered, step by step."""

import io
import unicodedata
from typing import Any
from zoneinfo import ZoneInfo

from engine.sequences.results import SequenceResults, StepResults

MOST_STEPS = 12  # rows; if there are more steps, the last row sums them up
DOTS_AN_INCH, WIDTH, HEAD, ROW, FOOT = 120, 6.4, 1.75, 0.86, 0.12  # inches
# From light to dark, so that they are told apart without seeing colours as well (after ColorBrewer's Blues).
STAGES = (("sent", "#c6dbef"), ("delivered", "#6baed6"), ("read", "#2171b5"), ("replied", "#08306b"))
INK, SOFT, EMPTY = "#1b1b1b", "#5a5a5a", "#f2f2f2"
LONGEST_NAME = 34

Row = tuple[str, StepResults]


def draw(results: SequenceResults) -> bytes:
    """Make a PNG. It takes a moment, the first time a second: call it in a thread."""
    # Imported here, since few processes ever draw. Not pyplot, which keeps its figures for ever.
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    rows = _rows(results)
    height = HEAD + ROW * len(rows) + FOOT
    figure = Figure(figsize=(WIDTH, height), dpi=DOTS_AN_INCH, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))  # in inches from the upper left corner
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(height, 0)
    axes.axis("off")
    _draw_head(axes, results)
    most = max((step.results.sent for step in results.steps), default=0)
    for place, row in enumerate(rows):
        _draw_row(axes, HEAD + ROW * place, row, max(most, row[1].sent))  # the sum is longer than any other
    out = io.BytesIO()
    figure.savefig(out, format="png")
    return out.getvalue()


def printable(text: str) -> str:
    """Leave out what the font has no shape for, such as emoji: it would show boxes."""
    from matplotlib.font_manager import findfont, get_font  # noqa: PLC0415

    shapes = get_font(findfont("DejaVu Sans")).get_charmap()
    kept = "".join(one for one in unicodedata.normalize("NFC", text) if ord(one) in shapes)
    return " ".join(kept.split())


def _rows(results: SequenceResults) -> list[Row]:
    rows = [
        (f"{number}. {step.header}{' (removed)' if step.removed else ''}", step.results)
        for number, step in enumerate(results.steps, start=1)
    ]
    if len(rows) <= MOST_STEPS:
        return rows
    rest = rows[MOST_STEPS - 1 :]
    summed = StepResults.sum(funnel for _, funnel in rest)
    return [*rows[: MOST_STEPS - 1], (f"{MOST_STEPS}–{len(rows)}. the other {len(rest)} together", summed)]


def _draw_head(axes: Any, results: SequenceResults) -> None:
    name = printable(results.name) or "Sequence"
    name = name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1].rstrip() + "…"
    axes.text(0.3, 0.42, name, size=19, weight="bold", color=INK, va="center", parse_math=False)
    local = results.now.astimezone(ZoneInfo(results.time_zone))
    as_of = f"as of {local:%a} {local.day} {local:%b %H:%M}"
    axes.text(0.3, 0.73, as_of, size=11, color=SOFT, va="center")
    for place, (stage, colour) in enumerate(STAGES):
        x = 0.3 + place * (WIDTH - 0.6) / len(STAGES)
        count = getattr(results.total, stage)
        axes.add_patch(_box(x, 1.05, 0.2, 0.36, colour))
        axes.text(x + 0.3, 1.13, f"{count:,}", size=14, weight="bold", color=INK, va="center")
        axes.text(x + 0.3, 1.35, stage, size=11, color=SOFT, va="center")


def _draw_row(axes: Any, top: float, row: Row, most: int) -> None:
    """The stages of one step lie on each other: each is a part of the one before."""
    label, funnel = row
    width = WIDTH - 0.6
    axes.text(0.3, top + 0.16, label, size=12.5, weight="bold", color=INK, va="center")
    axes.text(WIDTH - 0.3, top + 0.16, _in_words(funnel), size=11, color=SOFT, va="center", ha="right")
    axes.add_patch(_box(0.3, top + 0.32, width, 0.36, EMPTY))
    for stage, colour in STAGES:
        count = getattr(funnel, stage)
        if count:
            axes.add_patch(_box(0.3, top + 0.32, width * min(count, most) / most, 0.36, colour))


def _in_words(funnel: StepResults) -> str:
    if not funnel.sent:
        waiting = funnel.due + funnel.queued
        return f"{waiting:,} waiting" if waiting else "nothing yet"
    shares = (f"{getattr(funnel, stage) / funnel.sent:.0%} {stage}" for stage in ("read", "replied"))
    return f"{funnel.sent:,} sent · {' · '.join(shares)}"


def _box(x: float, y: float, width: float, height: float, colour: str) -> Any:
    from matplotlib.patches import Rectangle  # noqa: PLC0415

    return Rectangle((x, y), width, height, facecolor=colour, linewidth=0)
