"""The builder's text format: a whole sequence typed or pasted at once, and written out again the same.

    Day 1 09:00
    Hi {{ name }}, welcome!
    Day 2
    Here is the price list.        <- no time: the default time
    D4 2.30pm
    Shall we call you?

A header counts only as a whole line: `Day`, `D` or `Hari` and a number, then a time in any common form (14:30,
2.30pm, 1430, noon, 9 pagi, 2 petang, 12 tengah hari), or `on joining` (in Malay `bila sertai`, `serta-merta
selepas sertai`), with `+ 15 min` after it if the message is to wait a little. What is ambiguous is not guessed:
`9`, `3 malam` and `25:00` are no times, and `unclear_headers` says so.
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

_DAY = r"^\s*(?:day|hari(?:\s+ke[-\s]?)?|d)\s*(?P<day>\d{1,4})(?!\d)"
_HEADER = re.compile(
    _DAY + r"\s*(?:[-–—,:@]|\bat\b|\bpukul\b|\bjam\b)?\s*(?P<when>[^\n]*?)\s*:?\s*$", re.IGNORECASE
)
_HALVES = {  # the word for a half of the day, and the hours that are called so, with what is to be added to them
    "am": {12: -12, **dict.fromkeys(range(1, 12), 0)},
    "pm": {12: 0, **dict.fromkeys(range(1, 12), 12)},
    "pagi": {12: -12, **dict.fromkeys(range(1, 12), 0)},
    "tengah hari": {11: 0, 12: 0, 1: 12, 2: 12},
    "petang": {12: 0, **dict.fromkeys(range(1, 8), 12)},
    "malam": {12: -12, **dict.fromkeys(range(7, 12), 12)},
    "tengah malam": {12: -12},
}
_TIME = re.compile(
    r"""^(?P<hour>\d{1,2})(?:\s*[:.h]\s*(?P<minute>\d{2}))?
        \s*(?P<half>[ap]\.?\s?m\.?|pagi|petang|tengah\s*hari|(?:tengah\s*)?malam)?$""",
    re.IGNORECASE | re.VERBOSE,
)
_FOUR_DIGITS = re.compile(r"^([01]\d|2[0-3])([0-5]\d)\s*(?:h|hrs?|hours)?$", re.IGNORECASE)
_NAMED = {
    "noon": time(12), "midday": time(12), "tengah hari": time(12), "midnight": time(0), "tengah malam": time(0),
}  # fmt: skip
_FILE = re.compile(r"^\s*\[(?P<file>photo|video|audio|file): send it with this caption\]\s*$", re.IGNORECASE)
_JOINING = re.compile(
    r"""^(?:(?:(?:right|straight|immediately)\s+)?(?:on|after|upon|when)\s+joining
        |(?:(?:serta[-\s]?merta|sejurus|terus)\s+)?(?:bila|apabila|selepas|semasa|ketika|sebaik(?:\s+sahaja)?)
         \s+(?:sertai|menyertai))
        (?:\s*\+?\s*(?P<minutes>\d{1,4})\s*min(?:ute?s?|it)?)?$""",
    re.IGNORECASE | re.VERBOSE,
)
_LIKE_A_TIME = re.compile(r"^\d\S*(?:\s+\S+)?$")
_TIME_AND_WORDS = re.compile(
    r"^(?:\d{1,2}[:.]\d{2}|\d{1,2}\s*[ap]\.?m\b|\d{1,2}\s*(?:pagi|petang|malam)|on\s+joining|bila\s+sertai)\b.*\w",
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
    """Read a time of day in any common form: 09:00, 9am, 2.30 pm, 14h30, 1430, noon, 9 pagi, 12 tengah hari."""
    text = " ".join(text.lower().split()).replace("tengahhari", "tengah hari")
    if text in _NAMED:
        return _NAMED[text]
    if digits := _FOUR_DIGITS.match(text):
        return time(int(digits[1]), int(digits[2]))
    match = _TIME.match(text)
    if not match:
        return None
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    half = match["half"] or ""
    if half not in _HALVES:
        half = re.sub(r"[.\s]", "", half)  # p. m.
    if half:
        if hour not in _HALVES[half]:
            return None
        hour += _HALVES[half][hour]
    elif match["minute"] is None:
        return None  # a bare number is not a time: "Day 2 3" says nothing certain
    return time(hour, minute) if hour <= 23 and minute <= 59 else None


def unclear_headers(text: str) -> list[tuple[str, str]]:
    """Find the lines that were perhaps meant to be headers and are text: (line, what is wrong with it)."""
    return [(line.strip(), reason) for line in text.split("\n") if (reason := _unclear(line)) is not None]


def _unclear(line: str) -> str | None:
    match = _HEADER.match(line)
    if not match or read_header(line) is not None:
        return None
    day, when = int(match["day"]), match["when"].strip()
    joining = _JOINING.match(when)
    if _TIME_AND_WORDS.match(when) and not joining and not _TIME.match(when):
        return "a header stands alone on its line, and its message begins on the next"
    if when and not joining and not _LIKE_A_TIME.match(when) and read_time(when) is None:
        return None
    if not 1 <= day <= LAST_DAY:
        return f"a day is a number from 1 to {LAST_DAY}"
    if joining:
        return "“on joining” is possible on Day 1 only, and within its 24 hours"
    if when.isdigit() and len(when) <= 2:
        return f"{when} is no certain time; write {when}:00, {when}am or {when}pm"
    return f"{when} is no certain time; write 09:00, 2.30pm or 9 pagi"


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
