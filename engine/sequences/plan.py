"""A whole plan at once: its messages, and which of those that a sequence has they are. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

from engine.errors import ConflictError, InvalidInputError, NotFoundError
from engine.sequences.changes import Addition, Place, PlanEdit, place_of
from engine.sequences.pasting import FILE_WORDS, read_plan, write_header
from engine.sequences.steps import check_message, check_time
from models import SequenceStep
from models.enums import ContentKind

KINDS = {word: kind for kind, word in FILE_WORDS.items()}


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A message of the plan. With neither time it goes at the sequence's default time.

    `id`: which message of the sequence it is. Without one it is that of its kind which says the same, and else the
    one at its day and time, if there is one. Files cannot be part of a plan: a message that has one keeps it.
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

    @property
    def place(self) -> Place:
        return Place(self.day, self.send_time, self.after_join_minutes)


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
            kind=KINDS[draft.file] if draft.file else ContentKind.TEXT,
        )
        for draft in drafts
    ]


def compare(there: Sequence[SequenceStep], plan: Sequence[PlannedStep], default_time: time) -> PlanEdit:
    """Find for each message of the plan the one that it is already, and say what has to change.

    Raises NotFoundError, InvalidInputError, ConflictError.
    """
    for step in plan:
        check_time(step.day, step.send_time, step.after_join_minutes)
    rows = _found(there, plan, default_time)
    for step, row in zip(plan, rows, strict=True):
        kind = row.kind if row else ContentKind.TEXT
        if (step.kind or kind) is not kind:
            raise ConflictError(
                f"{step.header} is to carry a file, or to lose it, and a plan cannot do that. Send the file "
                "itself to the bot, with the text as its caption, or remove the message there."
            )
        check_message(kind, step.body, step.header)
    kept = [(step, row) for step, row in zip(plan, rows, strict=True) if row is not None]
    return PlanEdit(
        texts={row.id: step.body for step, row in kept},
        places={row.id: step.place for step, row in kept},
        removed=frozenset(row.id for row in there) - {row.id for _, row in kept},
        added=tuple(Addition(step.place, step.body) for step, row in zip(plan, rows, strict=True) if row is None),
    )


def _found(
    there: Sequence[SequenceStep], plan: Sequence[PlannedStep], default_time: time
) -> list[SequenceStep | None]:
    """Name for each message of the plan the one that it is: by its id, else by its text, else by its place."""
    by_id = {step.id: step for step in there}
    named = [step.id for step in plan if step.id is not None]
    if len(set(named)) < len(named):
        raise InvalidInputError("Two messages of the plan have the same id. Leave it out where a message is new.")
    if not by_id.keys() >= set(named):
        raise NotFoundError("This message does not exist any more.")
    found = [None if step.id is None else by_id[step.id] for step in plan]
    free = [row for row in there if row.id not in named]
    for same_text, same_place in ((True, True), (True, False), (False, True)):
        for number, step in enumerate(plan):
            if found[number] is not None or (not step.body and not same_place):
                continue
            for row in free:
                alike = (step.kind or ContentKind.TEXT) is row.kind
                if same_text:
                    alike = alike and step.body == row.body
                if same_place:
                    alike = alike and step.place.at(default_time) == place_of(row)
                if alike:
                    found[number] = row
                    free.remove(row)
                    break
    return found
