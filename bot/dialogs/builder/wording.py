"""A change of the messages in words: what becomes of each message, and of the people whom it touches. Pure."""

from collections.abc import Sequence
from datetime import datetime
from html import escape

from bot.dialogs.formatting import counted, people, to_telegram_html, verb
from bot.dialogs.navigation import when
from engine.sequences.foresight import Change, Touched, Wait
from engine.sequences.pasting import StepDraft

LONGEST_REVIEW = 2600  # characters, with markup; Telegram takes 4096 with everything around it
MOST_WAITS = 3  # lines about who waits for one message
LONGEST_EXCERPT = 300  # characters of a text; less where many are shown
ALL_EXCERPTS = 1500
MOST_EXPLAINED = 5


def review(touched: Sequence[Touched], now: datetime) -> str:
    """Tell a change, message by message, as HTML."""
    longest = min(LONGEST_EXCERPT, max(40, ALL_EXCERPTS // (2 * len(touched) or 1)))
    told: list[str] = []
    for number, one in enumerate(touched):
        lines = "\n".join(_message(one, now, longest))
        if told and sum(map(len, told)) + len(lines) > LONGEST_REVIEW:
            told.append(f"… and {counted(len(touched) - number, 'more message')}.")
            break
        told.append(lines)
    return "\n\n".join(told)


def others(sentences: Sequence[str]) -> list[str]:
    """Tell what others did meanwhile: the last few of it."""
    earlier = len(sentences) - MOST_EXPLAINED
    first = [f"{counted(earlier, 'earlier change')}."] if earlier > 0 else []
    return [*first, *sentences[-MOST_EXPLAINED:]]


def _message(one: Touched, now: datetime, longest: int) -> list[str]:
    header = f"<b>{escape(one.header)}</b>"
    match one.change:
        case Change.ADDED:
            return [f"＋ {header}", _quoted(one.new_text, longest), *_added(one, now)]
        case Change.REMOVED:
            return [f"− {header}", _quoted(one.old_text, longest), *_removed(one, now)]
        case Change.MOVED:
            texts = [] if one.new_text is None else _texts(one, longest)
            return [f"⇄ {header} → <b>{escape(one.to or '')}</b>", *texts, *_moved(one, now)]
        case Change.TEXT:
            return [f"✎ {header}", *_texts(one, longest), *_new_text(one)]


def _texts(one: Touched, longest: int) -> list[str]:
    return [f"was: {_quoted(one.old_text, longest)}", f"now: {_quoted(one.new_text, longest)}"]


def _quoted(text: str | None, longest: int) -> str:
    shown = " ".join((text or "").split())
    return to_telegram_html(shown[:longest] + ("…" if len(shown) > longest else "")) or "<i>no text</i>"


def _added(one: Touched, now: datetime) -> list[str]:
    if not one.waiting + one.later + one.passed:
        return []
    lines = [f"{people(one.waiting + one.later)} will get it."]
    lines += [f"{wait.people:,} of them next, {_moment(wait.then_at, now)}." for wait in one.waits[:MOST_WAITS]]
    return [*lines, *([f"{one.passed:,} {_are(one.passed)} past its place and will not."] if one.passed else [])]


def _moved(one: Touched, now: datetime) -> list[str]:
    lines = [_wait(wait, now) for wait in one.waits[:MOST_WAITS]]
    rest = sum(wait.people for wait in one.waits[MOST_WAITS:])
    lines += [f"{rest:,} more {verb('wait', rest)} for it at other times, which move as well."] if rest else []
    lines += [f"{one.later:,} more {verb('come', one.later)} to it later."] if one.later else []
    lines += (
        [f"⚠️ {one.lose:,} {verb('stand', one.lose)} behind its new place and will not get it."] if one.lose else []
    )
    return [*lines, *([f"{one.passed:,} already passed it."] if one.passed else [])]


def _removed(one: Touched, now: datetime) -> list[str]:
    lines = [_wait(wait, now) for wait in one.waits[:MOST_WAITS]]
    rest = sum(wait.people for wait in one.waits[MOST_WAITS:])
    lines += [f"{rest:,} more {verb('wait', rest)} for it at other times; the next comes instead."] if rest else []
    lines += [f"{one.later:,} more would have got it later."] if one.later else []
    return [*lines, *([f"{one.passed:,} already passed it."] if one.passed else [])]


def _new_text(one: Touched) -> list[str]:
    lines = [f"{people(one.waiting + one.later)} will get the new text."] if one.waiting + one.later else []
    return [
        *lines,
        *([f"{one.passed:,} already had the old one, or {_are(one.passed)} past it."] if one.passed else []),
    ]


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _wait(wait: Wait, now: datetime) -> str:
    """Write "412 wait for it: today 09:00 → today 14:00"."""
    told = f"{wait.people:,} {verb('wait', wait.people)} for it: {_moment(wait.now_at, now)}"
    if wait.then_at is None:
        return f"{told} → nothing more."
    instead = f"{escape(wait.then_header)}, " if wait.then_header else ""
    return f"{told} → {instead}{_moment(wait.then_at, now)}."


def _moment(instant: datetime | None, now: datetime) -> str:
    """Write an instant in the time of those whom it is about."""
    return when(instant, now, str(instant.tzinfo)) if instant is not None else ""


def without_file(drafts: Sequence[StepDraft]) -> list[str]:
    return [
        f"⚠️ {draft.header} is not in yet: text cannot carry its {draft.file}. Send the {draft.file} itself, with "
        "these lines of the paste as its caption."
        for draft in drafts[:MOST_EXPLAINED]
    ]


def unclear(lines: Sequence[tuple[str, str]]) -> list[str]:
    return [
        f"⚠️ “{line[:60]}” looks like a header, but {reason}. It is part of the text."
        for line, reason in lines[:MOST_EXPLAINED]
    ]


def changed(touched: Sequence[Touched]) -> str:
    """Tell what an edit of the operator's own message has done: "✓ Day 2 09:00 changed by your edit."."""
    told = [
        f"{one.to or one.header} {'changed' if one.change in {Change.TEXT, Change.MOVED} else one.change.value}"
        for one in touched[:MOST_EXPLAINED]
    ]
    return f"✓ {', '.join(told)} by your edit." if told else ""
