"""How tests, and what people lack, are told. Pure."""

from collections.abc import Sequence
from datetime import timedelta

from bot.dialogs.formatting import counted, people
from engine.sequences.coverage import Gap

MOST_GAPS = 3


def about(duration: timedelta) -> str:
    """Write how long something takes, no more exactly than one can know it."""
    seconds = duration.total_seconds()
    if seconds < 15:
        return "in a few seconds"
    if seconds < 50:
        return f"in about {round(seconds / 10) * 10} seconds"
    if seconds < 90 * 60:
        return f"in about {counted(round(seconds / 60) or 1, 'minute')}"
    return f"in about {counted(round(seconds / 3600), 'hour')}"


def gap_words(gap: Gap) -> str:
    """Tell who lacks what, and how to write it so that nobody does."""
    needed = " or ".join(f"{{{{ {variable} }}}}" for variable in gap.need)
    return (
        f"{gap.header} needs {needed}: {gap.lacking:,} of {people(gap.people)} have none. "
        f"Add a default: {gap.need[-1].with_default}"
    )


def gaps_words(gaps: Sequence[Gap]) -> list[str]:
    words = [gap_words(gap) for gap in gaps[:MOST_GAPS]]
    left = len(gaps) - MOST_GAPS
    return [*words, f"… and {counted(left, 'more like this', 'more like these')}."] if left > 0 else words
