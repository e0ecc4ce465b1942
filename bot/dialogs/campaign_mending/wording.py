"""Deleting for those who got it, and trying again, in words. Pure."""

from bot.dialogs.campaigns.wording import FAILED
from bot.dialogs.formatting import counted, people, verb
from engine.campaigns.retrying import Retriable
from engine.campaigns.revoking import Revocations

MOST_REASONS = 5


def before_revoking(found: Revocations) -> str:
    """Tell how many can still be deleted, and how many cannot."""
    beyond = found.sent - found.possible - found.asked
    kept = f" {people(beyond)} {verb('keep', beyond)} it: it is too old, or its device cannot." if beyond else ""
    if not found.possible:
        return f"None of it can be deleted any more.{kept}" if not found.asked else ""
    return (
        f"{counted(found.possible, 'message')} can be deleted for those who got "
        f"{'it' if found.possible == 1 else 'them'}.{kept} Whoever has read it has read it, and WhatsApp shows "
        "that a message was deleted."
    )


def while_revoking(found: Revocations) -> str:
    """Tell how far it is."""
    if not found.asked:
        return ""
    parts = [f"{found.revoked:,} of {found.asked:,} deleted"]
    parts += [f"{found.waiting:,} to go"] if found.waiting else []
    parts += [f"{found.refused:,} WhatsApp did not delete"] if found.refused else []
    return " · ".join(parts)


def before_retrying(found: Retriable) -> list[str]:
    """Tell what failed, and what it failed for."""
    shown = list(found.reasons.items())[:MOST_REASONS]
    lines = [f"{count:,} × {FAILED.get(reason, reason) or 'without a reason'}" for reason, count in shown]
    if found.of_removed:
        lines.append(f"{people(found.of_removed)} had a device that is removed; they are left out.")
    return lines
