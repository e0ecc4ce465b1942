"""How joining is told: how many would, did and did not, and why."""

from collections.abc import Mapping, Sequence

from bot.dialogs.formatting import short_date
from engine.contacts.rejects import csv_file
from engine.sequences.enrolment import JoinReport, Who
from engine.sequences.joining import Refusal, RefusalReason

REFUSALS = {
    RefusalReason.OPTED_OUT: "opted out",
    RefusalReason.NO_CONSENT: "without permission",
    RefusalReason.ALREADY_IN_IT: "in it already",
    RefusalReason.HAD_IT_BEFORE: "had it before",
    RefusalReason.HAD_IT_LATELY: "had it lately",
    RefusalReason.NOT_A_PHONE: "not a phone number",
    RefusalReason.NOT_FOUND: "not in your contacts",
}


def chosen_words(who: Who, name: str | None) -> str:
    """Name whom somebody has chosen; those named one by one need no name. `name`: of the list or segment."""
    if who.everyone:
        return "everyone"
    if who.niche is not None:
        return f"interested in {who.niche}"
    if who.segment_id is not None:
        return f"segment “{name}”"
    return f"list “{name}”" if name is not None else ""


def told(report: JoinReport) -> str:
    """Tell in words who joined and who did not, and why."""
    last = f", the last of them on {short_date(report.last_on)}" if report.last_on else ""
    return " · ".join(filter(None, (f"{report.joined:,} joined{last}", left_out(report.refused))))


def left_out(refused: Mapping[RefusalReason, int]) -> str:
    return " · ".join(f"{count:,} {REFUSALS[reason]}" for reason, count in refused.items())


def refusal_line(refusal: Refusal) -> dict[str, str]:
    return {
        "who": " ".join(filter(None, (refusal.name, refusal.phone))) or "somebody who was deleted",
        "why": refusal.detail or REFUSALS[refusal.reason],
    }


def refusals_csv(refusals: Sequence[Refusal]) -> bytes:
    rows = ((one.name, one.phone or "", one.detail or REFUSALS[one.reason]) for one in refusals)
    return csv_file([("Name", "Phone", "Reason"), *rows])
