"""A change of a sequence's messages before it is made: other texts, other places, what comes and goes. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time

from engine.errors import ConflictError, InvalidInputError, NotFoundError
from engine.sequences.pasting import write_header
from engine.sequences.steps import check_message, check_time
from models import SequenceStep
from models.enums import ContentKind

MOST_STEPS = 100


@dataclass(frozen=True, slots=True)
class Place:
    """When a message goes out. With neither time: at the sequence's default time."""

    day: int
    send_time: time | None
    after_join_minutes: int | None

    @property
    def header(self) -> str:
        return write_header(self.day, self.send_time, self.after_join_minutes)

    def at(self, default_time: time) -> "Place":
        at_default = self.send_time is None and self.after_join_minutes is None
        return Place(self.day, default_time, None) if at_default else self


@dataclass(frozen=True, slots=True)
class Addition:
    """A message to come. `media_id`: the file that it carries, which is stored already."""

    place: Place
    body: str
    kind: ContentKind = ContentKind.TEXT
    media_id: int | None = None


@dataclass(frozen=True, slots=True)
class PlanEdit:
    """What is to become of a plan. Messages are named by their ids; what is not named stays as it is."""

    texts: Mapping[int, str] = field(default_factory=dict)
    places: Mapping[int, Place] = field(default_factory=dict)
    removed: frozenset[int] = frozenset()
    added: tuple[Addition, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.texts or self.places or self.removed or self.added)

    @property
    def step_ids(self) -> frozenset[int]:
        return self.removed.union(self.texts, self.places)

    @property
    def replanned(self) -> frozenset[int]:
        """The messages that nobody waits for any more as they did before."""
        return self.removed.union(self.places)


def place_of(step: SequenceStep) -> Place:
    return Place(step.day_number, step.send_time, step.after_join_minutes)


def checked(edit: PlanEdit, there: Sequence[SequenceStep], default_time: time) -> PlanEdit:
    """Return it without what changes nothing, each place with its time.

    Raises NotFoundError, InvalidInputError, ConflictError if the plan that comes of it is not possible.
    """
    by_id = {step.id: step for step in there}
    if not edit.step_ids <= by_id.keys():
        raise NotFoundError("This message does not exist any more.")
    texts = {id_: body for id_, body in edit.texts.items() if body != by_id[id_].body and id_ not in edit.removed}
    places = {id_: place for id_, place in edit.places.items() if id_ not in edit.removed}
    added = tuple(Addition(one.place.at(default_time), one.body, one.kind, one.media_id) for one in edit.added)
    for place in (*places.values(), *(one.place for one in edit.added)):
        check_time(place.day, place.send_time, place.after_join_minutes)
    places = {id_: place.at(default_time) for id_, place in places.items()}
    places = {id_: place for id_, place in places.items() if place != place_of(by_id[id_])}
    for id_, body in texts.items():
        check_message(by_id[id_].kind, body, places.get(id_, place_of(by_id[id_])).header)
    for one in added:
        check_message(one.kind, one.body, one.place.header)
    edit = PlanEdit(texts, places, edit.removed, added)
    _check_places(edit, there)
    return edit


def _check_places(edit: PlanEdit, there: Sequence[SequenceStep]) -> None:
    kept = [edit.places.get(step.id, place_of(step)) for step in there if step.id not in edit.removed]
    places = Counter((*kept, *(one.place for one in edit.added)))
    if len(kept) + len(edit.added) > MOST_STEPS:
        raise InvalidInputError(f"A sequence can have at most {MOST_STEPS} messages.")
    days = sorted({place.day for place, messages in places.items() if messages > 1})
    if days:
        named = " or ".join(f"Day {day}" for day in days)
        raise ConflictError(f"Two messages would go out at the same time on {named}. Give one another time.")
