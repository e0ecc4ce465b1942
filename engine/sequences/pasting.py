"""The builder's text format: a whole sequence typed or pasted at once, and written out again the same.

    Day 1 09:00
    Hi {{ name }}, welcome!
    Day 2
    Here is the price list.        <- no time: the default time
    D4 2.30pm
    Shall we call you?

A header counts only as a whole line: `Day`, `D` or `Hari` and a number, then a time in any common form, or
`on joining` (in Malay `bila sertai`), with `+ 15 min` after it if the message is to wait a little.
Text cannot carry a file: a line such as `[photo: send it with this caption]` below the header stands for it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

from models.enums import ContentKind

LAST_DAY = 365
ESCAPE = "\\"  # in front of a line that looks like a header and is text
LONGEST_AFTER_JOIN = 1439  # minutes
FILE_WORDS = {
    ContentKind.IMAGE: "photo",
    ContentKind.VIDEO: "video",
    ContentKind.AUDIO: "audio",
    ContentKind.DOCUMENT: "file",
}

_HEADER = re.compile(
    r"""^\s*(?:day|hari|d)\s*(?P<day>\d{1,4})\s*(?:[-–—,:@]|\bat\b|\bpukul\b)?\s*(?P<when>[^\n]*?)\s*:?\s*$""",
    re.IGNORECASE | re.VERBOSE,
)
_TIME = re.compile(
    r"""^(?P<hour>\d{1,2})(?:\s*[:.h]\s*(?P<minute>\d{2}))?\s*(?P<half>[ap]\.?\s?m\.?|pagi|petang|malam)?$""",
    re.IGNORECASE | re.VERBOSE,
)
_FILE = re.compile(r"^\s*\[(?P<file>photo|video|audio|file): send it with this caption\]\s*$", re.IGNORECASE)
_AFTERNOON = {"pm", "petang", "malam"}
_JOINING = re.compile(
    r"^(?:(?:right\s+)?(?:on|after|upon)\s+joining|bila\s+sertai)(?:\s*\+?\s*(?P<minutes>\d{1,4})\s*min(?:utes?)?)?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class StepDraft:
    """One message as it was typed. Neither time: the sequence's default time.

    `file` is the word for the file that it carries (photo, video, audio or file), which the text only names.
    """

    day: int
    send_time: time | None
    after_join_minutes: int | None
    body: str
    file: str | None = None

    @property
    def header(self) -> str:
        return write_header(self.day, self.send_time, self.after_join_minutes)


@dataclass(frozen=True, slots=True)
class Header:
    day: int
    send_time: time | None
    after_join_minutes: int | None


def read_header(line: str) -> Header | None:
    """Read a line such as `Day 2 2.30pm`; None if it is ordinary text."""
    match = _HEADER.match(line)
    if not match or not 1 <= (day := int(match["day"])) <= LAST_DAY:
        return None
    when = match["when"].strip()
    if not when:
        return Header(day, None, None)
    if (joining := _JOINING.match(when)) is not None:
        minutes = int(joining["minutes"] or 0)
        return Header(day, None, minutes) if day == 1 and minutes <= LONGEST_AFTER_JOIN else None
    send_time = read_time(when)
    return Header(day, send_time, None) if send_time is not None else None


def read_time(text: str) -> time | None:
    """Read a time of day in any common form: 09:00, 9am, 2.30 pm, 14h30, 9 pagi."""
    match = _TIME.match(text.strip())
    if not match:
        return None
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    half = re.sub(r"[.\s]", "", (match["half"] or "").lower())
    if not half and match["minute"] is None:
        return None  # a bare number is not a time: "Day 2 3" says nothing certain
    if half:
        if not 1 <= hour <= 12:
            return None
        at_midnight = hour == 12 and half == "malam"
        hour = hour % 12 + (12 if half in _AFTERNOON and not at_midnight else 0)
    return time(hour, minute) if hour <= 23 and minute <= 59 else None


def read_plan(text: str, *, next_day: int) -> list[StepDraft]:
    """Read a paste into messages. Text before the first header (or without any) is for `next_day`.

    A header with nothing below it is a message without text yet: the caller says so to the operator.
    """
    drafts: list[StepDraft] = []
    header = Header(next_day, None, None)
    lines: list[str] = []
    headed = False
    file: str | None = None

    def close() -> None:
        body = "\n".join(lines).strip()
        if headed or body:
            drafts.append(StepDraft(header.day, header.send_time, header.after_join_minutes, body, file))

    for line in text.replace("\r\n", "\n").split("\n"):
        found = read_header(line)
        if found is not None:
            close()
            header, lines, headed, file = found, [], True, None
        elif headed and file is None and not "".join(lines).strip() and (named := _FILE.match(line)):
            file = named["file"].lower()
        else:
            lines.append(line[1:] if _is_escaped(line) else line)
    close()
    return drafts


def write_plan(drafts: Sequence[StepDraft]) -> str:
    """Write messages in the form that `read_plan` reads back the same."""
    written: list[str] = []
    for draft in drafts:
        written.append(draft.header)
        if draft.file:
            written.append(f"[{draft.file}: send it with this caption]")
        if draft.body or not draft.file:
            lines = draft.body.split("\n")
            written += (ESCAPE + line if _is_special(line) or _is_escaped(line) else line for line in lines)
    return "\n".join(written)


def starts_with_header(text: str) -> bool:
    """Whether somebody who typed this said which day it is for."""
    return next((read_header(line) is not None for line in text.split("\n") if line.strip()), False)


def _is_special(line: str) -> bool:
    return read_header(line) is not None or _FILE.match(line) is not None


def _is_escaped(line: str) -> bool:
    """Whether it is ordinary text that only looks like a header or a file, and says so."""
    return line.startswith(ESCAPE) and _is_special(line.lstrip(ESCAPE))


def write_header(day: int, send_time: time | None, after_join_minutes: int | None) -> str:
    if after_join_minutes is not None:
        wait = f" + {after_join_minutes} min" if after_join_minutes else ""
        return f"Day {day} on joining{wait}"
    return f"Day {day} {send_time:%H:%M}" if send_time is not None else f"Day {day}"
