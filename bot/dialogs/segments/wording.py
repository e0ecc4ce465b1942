"""Conditions in words. Pure."""

from collections.abc import Mapping

from bot.dialogs.formatting import counted
from engine.contacts.segments import (
    Comparison,
    Condition,
    Contacted,
    HasAttribute,
    HasInterest,
    InSequence,
    OnList,
    Replied,
)
from models.enums import LeadStatus

COMPARISONS = {
    Comparison.IS: "is",
    Comparison.IS_NOT: "is not",
    Comparison.CONTAINS: "contains",
    Comparison.AT_LEAST: "is at least",
    Comparison.AT_MOST: "is at most",
    Comparison.KNOWN: "is known",
    Comparison.UNKNOWN: "is not known",
}
ROLES = {LeadStatus.PROSPECT: "a prospect", LeadStatus.CUSTOMER: "a customer"}


def words(condition: Condition, lists: Mapping[int, str], sequences: Mapping[int, str]) -> str:
    """Write one line, such as "is interested in Yoga" or "city is “Ipoh”"."""
    match condition:
        case HasInterest():
            return _interest(condition)
        case OnList(list_id=list_id, holds=holds):
            return f"is {'' if holds else 'not '}on {_name(lists, list_id, 'a list')}"
        case HasAttribute(key=key, comparison=comparison, value=value):
            return f"{key} {COMPARISONS[comparison]}" + (f" “{value}”" if comparison.needs_value else "")
        case InSequence(sequence_id=sequence_id, ever=ever, holds=holds):
            name = _name(sequences, sequence_id, "a sequence")
            if ever:
                return f"was {'once' if holds else 'never'} in {name}"
            return f"is {'' if holds else 'not '}in {name} now"
        case Contacted(days=days, holds=holds):
            return f"{'got' if holds else 'did not get'} a message in the last {counted(days, 'day')}"
        case Replied(days=None, holds=holds):
            return "has written back" if holds else "has never written back"
        case Replied(days=int(days), holds=holds):
            return f"{'wrote' if holds else 'did not write'} back in the last {counted(days, 'day')}"
    raise AssertionError(condition)


def _interest(condition: HasInterest) -> str:
    what = condition.niche or "anything"
    if condition.status is not None:
        return f"is {'' if condition.holds else 'not '}{ROLES[condition.status]} of {what}"
    return f"is {'' if condition.holds else 'not '}interested in {what}"


def _name(names: Mapping[int, str], number: int, thing: str) -> str:
    return f"“{names[number]}”" if number in names else f"{thing} that is gone"
