"""Results in words. Pure."""

from collections.abc import Mapping

from engine.sequences.results import StepResults, Volume

SKIPPED = {
    "missed": "too late",
    "opted_out": "opted out",
    "no_consent": "without permission",
    "not_on_whatsapp": "not on WhatsApp",
}

NOT_SHOWN = "could not be shown"  # their phone has said so


def reached(results: StepResults) -> str:
    """Tell how far it got: "228 sent · 220 delivered (96%) · 180 read (79%) · 12 replied (5%)"."""
    parts = [f"{results.sent:,} sent"]
    parts += [
        f"{count:,} {word}{share(count, results.sent)}"
        for word, count in (
            ("delivered", results.delivered),
            ("read", results.read),
            (NOT_SHOWN, results.not_shown),
            ("replied", results.replied),
        )
        if count
    ]
    return " · ".join(parts)


def open_ones(results: StepResults) -> str:
    """Tell what is still to come: "5 due · 3 queued"."""
    return _joined({"due": results.due, "queued": results.queued})


def fell_out(results: StepResults) -> str:
    """Tell what did not arrive, and why: "2 failed · 9 skipped (5 too late, 4 opted out) · 1 not sure"."""
    return _joined(
        {
            "failed": results.failed,
            f"skipped{_reasons(results.skipped_by)}": results.skipped,
            "not sure": results.unknown,
            "cancelled": results.cancelled,
        }
    )


def volume(volume: Volume) -> str:
    """Tell what is due within some time: "1,200, of which the devices send about 400"."""
    if volume.in_time >= volume.due:
        return f"{volume.due:,}"
    return f"{volume.due:,}, of which the devices send about {volume.in_time:,}"


def share(count: int, whole: int) -> str:
    return f" ({count / whole:.0%})" if whole and count <= whole else ""


def _reasons(skipped: Mapping[str, int]) -> str:
    if not skipped:
        return ""
    if len(skipped) == 1:
        return f" ({', '.join(SKIPPED.get(reason, reason) for reason in skipped)})"
    most_first = sorted(skipped.items(), key=lambda one: -one[1])
    return f" ({', '.join(f'{count:,} {SKIPPED.get(reason, reason)}' for reason, count in most_first)})"


def _joined(counts: Mapping[str, int]) -> str:
    return " · ".join(f"{count:,} {word}" for word, count in counts.items() if count)
