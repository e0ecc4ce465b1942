"""What the API takes and answers of sequences. The OpenAPI page is made from this."""

import re
from datetime import datetime, time
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from engine.broadcast.templating import LONGEST_TEXT
from engine.devices.registry import LONGEST_NAME
from engine.sequences.editor import LONGEST_NICHE, MOST_STEPS
from engine.sequences.enrolment import JoinReport, RefusalReason
from engine.sequences.pasting import LAST_DAY, LONGEST_AFTER_JOIN
from engine.sequences.plan import PlannedStep, read_whole_plan
from models.enums import ContentKind, SequenceStatus

MOST_DEVICES = 100
MOST_NAMED = 10_000  # people in one request, in each of the ways to name them
MOST_TOLD = 20_000  # refusals in one answer
LONGEST_PLAN = MOST_STEPS * LONGEST_TEXT  # characters
LONGEST_PHONE = 200
MOST_EXACT = 2**53 - 1  # the greatest integer that every JSON reader reads exactly (RFC 8259, section 6)

_TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
# No control characters in a name, and something to see in whatever is to be read.
_NAME = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
_TEXT = r"^[^\x00]*[^\s\x00][^\x00]*$"


def _read_time(value: object) -> object:
    if isinstance(value, str):
        if not re.fullmatch(_TIME, value):
            raise ValueError("Write a time as 09:00 or 14:30.")
        return time.fromisoformat(value)
    return value


def _read_whole(value: object) -> object:
    """In JSON, 2.0 is as good an integer as 2."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Id = Annotated[int, Field(ge=1, le=MOST_EXACT), BeforeValidator(_read_whole)]
TimeOfDay = Annotated[
    time,
    BeforeValidator(_read_time),
    PlainSerializer(lambda local: f"{local:%H:%M}", return_type=str),
    WithJsonSchema({"type": "string", "pattern": _TIME, "examples": ["09:00"]}),
]
Day = Annotated[
    int,
    Field(ge=1, le=LAST_DAY, description="Day 1 is the day of joining.", examples=[1]),
    BeforeValidator(_read_whole),
]
AfterJoin = Annotated[int, Field(ge=0, le=LONGEST_AFTER_JOIN), BeforeValidator(_read_whole)]
SendTimeField = Field(description="Local. Without it and without after_join_minutes: the sequence's default_time.")
AfterJoinField = Field(description="Minutes after joining, instead of a send_time. On Day 1 only.")
BodyField = Field(
    description="What it says. `{{ name }}`, `{{ first_name }}`, `{{ phone }}` and `{{ attributes.COLUMN }}` are "
    'filled in for each contact; `{{ first_name | default("there") }}` says what to write where there is none.',
    examples=['Hi {{ first_name | default("there") }}, welcome!'],
)
PlanText = Annotated[
    str,
    StringConstraints(max_length=LONGEST_PLAN, pattern=_TEXT),
    Field(
        description="The messages in the builder's text format, instead of steps: “Day 2 14:30” alone on a line, "
        "the message below it, and so on.",
        examples=["Day 1 on joining\nHi {{ name }}, welcome!\nDay 2 09:00\nHere is the price list."],
    ),
]
Name = Annotated[
    str,
    StringConstraints(max_length=LONGEST_NAME, pattern=_NAME),
    Field(description="No other sequence that is not archived has it, whatever the case.", examples=["Welcome"]),
]
Niche = Annotated[
    str,
    StringConstraints(max_length=LONGEST_NICHE, pattern=_NAME),
    Field(description="The interest that the sequence is for.", examples=["solar"]),
]
DeviceIds = Annotated[
    list[Id],
    Field(min_length=1, max_length=MOST_DEVICES, description="The pool to send from.", examples=[[1]]),
]

# One of the two times, and after_join_minutes on Day 1 only.
_ONE_TIME: dict[str, Any] = {
    "anyOf": [
        {"properties": {"after_join_minutes": {"type": "null"}}},
        {"properties": {"day": {"const": 1}, "send_time": {"type": "null"}}},
    ]
}
_FILES = ["image", "video", "document", "audio"]
_TEXT_OR_FILE: dict[str, Any] = {
    "anyOf": [
        {"properties": {"body": {"pattern": _TEXT}}},
        {"required": ["kind"], "properties": {"kind": {"enum": _FILES}}},
    ]
}
_NOT_BOTH: dict[str, Any] = {
    "not": {
        "required": ["steps", "text"],
        "properties": {"steps": {"type": "array"}, "text": {"type": "string"}},
    }
}
_ONE_PLAN: dict[str, Any] = {
    "oneOf": [
        {"required": ["steps"], "properties": {"steps": {"type": "array"}}},
        {"required": ["text"], "properties": {"text": {"type": "string"}}},
    ]
}


class _Taken(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class NewStep(_Taken):
    """A message to add. Photos and other files come in through the chat."""

    model_config = ConfigDict(json_schema_extra=_ONE_TIME)

    day: Day
    send_time: Annotated[TimeOfDay | None, SendTimeField] = None
    after_join_minutes: Annotated[AfterJoin | None, AfterJoinField] = None
    kind: Literal["text"] = "text"
    body: Annotated[str, StringConstraints(max_length=LONGEST_TEXT, pattern=_TEXT), BodyField]

    def planned(self) -> PlannedStep:
        return PlannedStep(self.day, self.send_time, self.after_join_minutes, self.body)


class StepOfPlan(_Taken):
    """A message as it is to be. One with a file keeps it; its body is the caption, which may be empty."""

    model_config = ConfigDict(json_schema_extra={"allOf": [_ONE_TIME, _TEXT_OR_FILE]})

    id: Annotated[
        Id | None,
        Field(
            description="Which message of the sequence it is. Without it: the one of its kind at its day and "
            "time, else a new one."
        ),
    ] = None
    day: Day
    send_time: Annotated[TimeOfDay | None, SendTimeField] = None
    after_join_minutes: Annotated[AfterJoin | None, AfterJoinField] = None
    kind: Annotated[
        Literal["text", "image", "video", "document", "audio"] | None,
        Field(description="Of the message as it is; it cannot be changed."),
    ] = None
    body: Annotated[str, StringConstraints(max_length=LONGEST_TEXT, pattern=r"^[^\x00]*$"), BodyField]

    @model_validator(mode="after")
    def _text_or_file(self) -> Self:
        if self.kind in {None, "text"} and not self.body.strip():
            raise ValueError("A message needs a text, unless its kind is one of a file.")
        return self

    def planned(self) -> PlannedStep:
        kind = ContentKind(self.kind) if self.kind else None
        return PlannedStep(self.day, self.send_time, self.after_join_minutes, self.body, self.id, kind)


class NewSequence(_Taken):
    """A draft with its messages, as steps or as text."""

    model_config = ConfigDict(json_schema_extra=_NOT_BOTH)

    name: Name
    device_ids: DeviceIds
    niche: Niche | None = None
    skip_weekends: Annotated[bool, Field(description="Send nothing on the team's days of rest.")] = False
    steps: Annotated[list[NewStep] | None, Field(max_length=MOST_STEPS)] = None
    text: PlanText | None = None

    @model_validator(mode="after")
    def _one_plan(self) -> Self:
        if self.steps is not None and self.text is not None:
            raise ValueError("Send the messages as steps or as text, not both.")
        return self

    def plan(self) -> list[PlannedStep]:
        if self.text is not None:
            return read_whole_plan(self.text)
        return [step.planned() for step in self.steps or ()]


class WholeSequence(_Taken):
    """All that can be set of a sequence. Nothing has a default here, so that nothing is reset unawares."""

    model_config = ConfigDict(json_schema_extra=_ONE_PLAN)

    name: Name
    device_ids: DeviceIds
    niche: Niche | None
    skip_weekends: Annotated[bool, Field(description="Send nothing on the team's days of rest.")]
    steps: Annotated[list[StepOfPlan] | None, Field(max_length=MOST_STEPS)] = None
    text: PlanText | None = None

    @model_validator(mode="after")
    def _one_plan(self) -> Self:
        if (self.steps is None) is (self.text is None):
            raise ValueError("Send all messages, either as steps or as text.")
        return self

    def plan(self) -> list[PlannedStep]:
        if self.text is not None:
            return read_whole_plan(self.text)
        return [step.planned() for step in self.steps or ()]


class People(_Taken):
    """Who is to join, named in one or several ways; who is named twice joins once."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    phones: Annotated[
        list[Annotated[str, StringConstraints(max_length=LONGEST_PHONE)]],
        Field(
            max_length=MOST_NAMED,
            description="Of people in the contact book. Without a country code: of the team's country.",
            examples=[["+60123456789", "012-345 6780"]],
        ),
    ] = []
    contact_ids: Annotated[list[Id], Field(max_length=MOST_NAMED, examples=[[17, 18]])] = []
    list_id: Annotated[Id | None, Field(description="Everybody in this list.", examples=[3])] = None

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("Say who is to join: phones, contact_ids or a list_id.")
        return self


class Listing(BaseModel):
    """Which sequences, and how many of them at once."""

    model_config = ConfigDict(extra="forbid")

    status: Annotated[SequenceStatus | None, Field(description="Only these; else all.")] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[Id | None, Field(description="The next_cursor of the page before.")] = None


class _Shown(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class Device(_Shown):
    id: int
    name: str

    @model_validator(mode="before")
    @classmethod
    def _of_a_pair(cls, value: Any) -> Any:
        return dict(zip(("id", "name"), value, strict=True)) if isinstance(value, tuple) else value


class PeopleByStatus(_Shown):
    """How many runs through the sequence there are; a contact who joined twice has two."""

    active: int = 0
    paused: int = 0
    completed: int = 0
    exited: int = 0


class Step(_Shown):
    id: int
    day: int
    send_time: TimeOfDay | None
    after_join_minutes: int | None
    kind: ContentKind
    body: str
    media_id: int | None


class StepResults(_Shown):
    """Messages; planned is the sum of all others."""

    planned: int
    queued: int
    sent: int
    failed: int
    skipped: int
    unknown: int
    cancelled: int


class StepInDetail(Step):
    if_joined_now: Annotated[datetime, Field(description="When somebody who joins now gets it.")]
    results: StepResults


class Sequence(_Shown):
    id: int
    name: str
    status: SequenceStatus
    niche: str | None
    skip_weekends: bool
    time_zone: str
    default_time: TimeOfDay
    devices: list[Device]
    people: PeopleByStatus
    steps: tuple[Step, ...]


class SequenceInDetail(Sequence):
    steps: tuple[StepInDetail, ...]
    next_due_at: Annotated[datetime | None, Field(description="When the next message of anybody is due.")]


class SequencePage(_Shown):
    """The newest first. With a next_cursor there are more."""

    sequences: list[Sequence]
    next_cursor: Annotated[int | None, Field(validation_alias="next_before")]


class Deleted(_Shown):
    id: int
    outcome: Annotated[
        Literal["deleted", "archived"],
        Field(description="deleted: nobody had ever joined. archived: every run has ended, the results stay."),
    ]


class Refused(_Shown):
    reason: RefusalReason
    contact_id: int | None
    phone: Annotated[str | None, Field(description="Of the contact, or as it was sent where nobody has it.")]
    detail: Annotated[str | None, Field(description="What is wrong with a phone that cannot be read.")]


class Joined(_Shown):
    """Who joined and who did not. What cannot be sent to is refused one by one; the others join."""

    joined: int
    refused: Annotated[
        dict[RefusalReason, int],
        Field(
            description="How many by reason. opted_out: never to be written to again. no_consent: permission is "
            "not recorded. already_in_it, had_it_before, had_it_lately: their earlier run. not_a_phone: it cannot "
            "be read. not_found: nobody in the contact book has this phone or id."
        ),
    ]
    refusals: Annotated[list[Refused], Field(description=f"Each of them; at most {MOST_TOLD:,}.")]
    left_off: Annotated[int, Field(description="How many more refusals there are.")]

    @classmethod
    def of(cls, report: JoinReport) -> Self:
        told = [Refused.model_validate(refusal) for refusal in report.refusals[:MOST_TOLD]]
        left_off = len(report.refusals) - len(told)
        return cls(joined=report.joined, refused=dict(report.refused), refusals=told, left_off=left_off)
