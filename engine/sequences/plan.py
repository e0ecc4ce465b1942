"""A whole plan at once: its messages, and which of those that a sequence has they are. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

from engine.errors import ConflictError, InvalidInputError, NotFoundError
from engine.sequences.pasting import FILE_WORDS, read_plan, write_header
from models import SequenceStep
from models.enums import ContentKind

_KINDS = {word: kind for kind, word in FILE_WORDS.items()}


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A message of the plan. With neither time it goes at the sequence's default time.

    `id`: which message of the sequence it is; without one, it is the message of its kind at its day and time, if
    there is one. Files cannot be part of a plan: a message that has one keeps it.
    """

    day: int
    send_time: time | None
    after_join_minutes: int | None
    body: str
    id: int | None = None
    kind: ContentKind | None = None  # None: that of the message with this `id`, else text

    @property
    def header(self) -> str:
        return write_header(self.day, self.send_time, self.after_join_minutes)


@dataclass(frozen=True, slots=True)
class Changes:
    """How to get from the messages of a sequence to a plan."""

    kept: list[tuple[SequenceStep, PlannedStep]]
    added: list[PlannedStep]
    removed: list[SequenceStep]


def read_whole_plan(text: str) -> list[PlannedStep]:
    """Read the builder's text format; text without a header is for Day 1. Raises InvalidInputError."""
    drafts = read_plan(text, next_day=1)
    if not drafts:
        raise InvalidInputError("There is no text in this message. Write what it is to say.")
    return [
        PlannedStep(
            draft.day,
            draft.send_time,
            draft.after_join_minutes,
            draft.body,
            kind=_KINDS[draft.file] if draft.file else ContentKind.TEXT,
        )
        for draft in drafts
    ]


def compare(there: Sequence[SequenceStep], plan: Sequence[PlannedStep], default_time: time) -> Changes:
    """Find for each message of the plan the one that it is already.

    Raises NotFoundError, InvalidInputError, ConflictError.
    """
    by_id = {step.id: step for step in there}
    named = [step.id for step in plan if step.id is not None]
    if len(set(named)) < len(named):
        raise InvalidInputError("Two messages of the plan have the same id. Leave it out where a message is new.")
    by_place = {
        (step.day_number, step.send_time, step.after_join_minutes, step.kind): step
        for step in there
        if step.id not in named
    }
    changes = Changes([], [], [])
    for step in plan:
        kind = step.kind or ContentKind.TEXT
        if step.id is not None:
            row = by_id.get(step.id)
            if row is None:
                raise NotFoundError("This message does not exist any more.")
            kind = step.kind or row.kind
        else:
            place = (step.day, *time_of(step, default_time), kind)
            row = by_place.pop(place, None)
        if kind is not (row.kind if row else ContentKind.TEXT):
            raise ConflictError(
                f"{step.header} is to carry a file, or to lose it, and a plan cannot do that. Send the file "
                "itself to the bot, with the text as its caption, or remove the message there."
            )
        if row is None:
            changes.added.append(step)
        else:
            changes.kept.append((row, step))
    kept = {row.id for row, _ in changes.kept}
    changes.removed.extend(row for row in there if row.id not in kept)
    return changes


def time_of(step: PlannedStep, default_time: time) -> tuple[time | None, int | None]:
    """Its send time and its minutes after joining, one of which is None."""
    at_default = step.send_time is None and step.after_join_minutes is None
    return default_time if at_default else step.send_time, step.after_join_minutes
