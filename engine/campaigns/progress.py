"""How far a campaign is: what became of its messages, how fast it goes, and when it will be through. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from models.enums import MessageStatus

ONE_HOUR = timedelta(hours=1)
SHORTEST = timedelta(minutes=1)  # of what a rate is taken from: a few seconds say nothing


@dataclass(frozen=True, slots=True)
class CampaignProgress:
    """Messages by what became of them; what was pruned is counted in.

    The books: planned = pending + on_its_way + sent + unknown + failed + skipped + cancelled, always.
    Delivered, read and not shown (their phone could not show it) are of those that were sent. Replied and opted
    out: whose last message it was when they did.
    """

    planned: int = 0
    pending: int = 0
    on_its_way: int = 0
    sent: int = 0
    delivered: int = 0
    read: int = 0
    not_shown: int = 0
    replied: int = 0
    opted_out: int = 0
    unknown: int = 0
    failed: Mapping[str, int] = field(default_factory=dict)  # by reason
    skipped: Mapping[str, int] = field(default_factory=dict)
    cancelled: int = 0
    rate_per_hour: float = 0  # over the last hour, or since it began or went on
    ends_at: datetime | None = None  # if it goes on at this rate

    @property
    def ended(self) -> int:
        return self.planned - self.pending - self.on_its_way


def progress_of(rows: Iterable[Any], answers: Any, *, since: datetime | None, now: datetime) -> CampaignProgress:
    """Add up the rows of progress_store.

    `since`: when its messages began to be sent, or went on after a pause (None: they have not).
    """
    counts: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    for row in rows:
        counts["planned"] += row.messages
        for kind in ("delivered", "read", "not_shown", "lately"):
            counts[kind] += getattr(row, kind)
        if row.outcome == MessageStatus.FAILED:
            failed[row.reason] += row.messages
        elif row.outcome == MessageStatus.SKIPPED:
            skipped[row.reason] += row.messages
        else:
            counts[row.outcome] += row.messages
    still_open = counts["pending"] + counts["processing"]
    rate = _rate(counts["lately"], since, now)
    return CampaignProgress(
        planned=counts["planned"],
        pending=counts["pending"],
        on_its_way=counts["processing"],
        sent=counts["sent"],
        delivered=counts["delivered"],
        read=counts["read"],
        not_shown=counts["not_shown"],
        replied=answers.replied,
        opted_out=answers.opted_out,
        unknown=counts["unknown"],
        failed=dict(failed),
        skipped=dict(skipped),
        cancelled=counts["cancelled"],
        rate_per_hour=rate,
        ends_at=now + ONE_HOUR * (still_open / rate) if rate and still_open else None,
    )


def lately(now: datetime) -> datetime:
    """From when on sends count for the rate."""
    return now - ONE_HOUR


def _rate(sends: int, since: datetime | None, now: datetime) -> float:
    if since is None or since >= now:
        return 0
    return sends / (max(SHORTEST, min(ONE_HOUR, now - since)) / ONE_HOUR)
