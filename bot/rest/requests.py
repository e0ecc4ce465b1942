"""What the API takes about sequences. The OpenAPI page is made from this."""

import re
from collections.abc import Sequence
from datetime import time
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
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
from engine.contacts.naming import LONGEST_NICHE
from engine.contacts.time_zones import known_zones
from engine.devices.registry import LONGEST_NAME
from engine.sequences.changes import MOST_STEPS
from engine.sequences.enrolment import Who
from engine.sequences.pasting import LAST_DAY, LONGEST_AFTER_JOIN
from engine.sequences.plan import PlannedStep, read_whole_plan
from engine.sequences.settings import LONGEST_COOLDOWN, LONGEST_LATE_WINDOW
from models.enums import ContentKind, MissedPolicy, OnReply, ReentryPolicy, SequenceStatus

MOST_DEVICES = 100
MOST_A_DAY = 1_000_000
MOST_NAMED = 10_000  # people in one request, in each of the ways to name them
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


def _known_zone(value: str) -> str:
    if value not in known_zones():
        raise ValueError("Write a time zone like Asia/Jakarta or Europe/Berlin.")
    return value


def _read_whole(value: object) -> object:
    """In JSON, 2.0 is as good an integer as 2."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Id = Annotated[int, Field(ge=1, le=MOST_EXACT), BeforeValidator(_read_whole)]
TimeZone = Annotated[
    str,
    AfterValidator(_known_zone),
    WithJsonSchema({"type": "string", "enum": sorted(known_zones())}),
]
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

# For the OpenAPI page.
_STEPS: list[Any] = [
    {"day": 1, "after_join_minutes": 0, "body": 'Hi {{ first_name | default("there") }}, welcome!'},
    {"day": 2, "send_time": "14:30", "body": "Here is the price list."},
]
_SEQUENCE: dict[str, Any] = {"name": "Welcome", "device_ids": [1], "niche": "solar", "skip_weekends": True}
_PASTE = "Day 1 on joining\nHi {{ name }}, welcome!\nDay 2 14:30\nHere is the price list."


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


class Settings(_Taken):
    """Whatever is left out, or null, is as usual in a new sequence, and in another one stays as it is."""

    skip_holidays: Annotated[
        bool | None, Field(description="Send nothing on the public holidays of the team's country.")
    ] = None
    time_zone: Annotated[
        TimeZone | None, Field(description="Of those who join from now on. As usual: the team's.")
    ] = None
    use_contact_time_zone: Annotated[
        bool | None,
        Field(description="Let each contact's own time zone count, as set or as their phone number tells it."),
    ] = None
    default_time: Annotated[
        TimeOfDay | None, Field(description="Local, of messages that come without a time. As usual: 09:00.")
    ] = None
    missed_policy: Annotated[
        Annotated[MissedPolicy, Field(strict=False)] | None,
        Field(
            description="What becomes of a message that is late. shift (as usual): it moves to the next day, and "
            "what follows with it. skip: it is left out. send_now: the latest goes out at once."
        ),
    ] = None
    late_window_minutes: Annotated[
        Annotated[int, Field(ge=1, le=LONGEST_LATE_WINDOW), BeforeValidator(_read_whole)] | None,
        Field(description="After how long a message is late. As usual: 720."),
    ] = None
    on_reply: Annotated[
        Annotated[OnReply, Field(strict=False)] | None,
        Field(description="What a reply does to their messages: pause (as usual), exit or continue."),
    ] = None
    reentry_policy: Annotated[
        Annotated[ReentryPolicy, Field(strict=False)] | None,
        Field(
            description="Who may join again. never (as usual); after_exit: who left early; after_cooldown: "
            "everybody, so many days after they ended."
        ),
    ] = None
    reentry_cooldown_days: Annotated[
        Annotated[int, Field(ge=1, le=LONGEST_COOLDOWN), BeforeValidator(_read_whole)] | None,
        Field(description="Of after_cooldown. As usual: 30."),
    ] = None
    auto_enroll: Annotated[
        bool | None, Field(description="Let new leads of the niche join by themselves; it needs a niche.")
    ] = None
    next_sequence_id: Annotated[
        Id | None, Field(description="The sequence that those join who complete this one; null: none.")
    ] = None

    def settings(self) -> dict[str, Any]:
        """Those that are to be set."""
        given = {name: getattr(self, name) for name in Settings.model_fields if name in self.model_fields_set}
        return {name: value for name, value in given.items() if value is not None or name == "next_sequence_id"}


class NewSequence(Settings):
    """A draft with its messages, as steps or as text."""

    model_config = ConfigDict(
        json_schema_extra={
            **_NOT_BOTH,
            "examples": [{**_SEQUENCE, "steps": _STEPS}, {**_SEQUENCE, "text": _PASTE}],
        }
    )

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
        return _plan(self.steps, self.text)


class WholeSequence(Settings):
    """A sequence as it is to be. Nothing has a default here, so that nothing is reset unawares."""

    model_config = ConfigDict(
        json_schema_extra={
            **_ONE_PLAN,
            "examples": [
                {**_SEQUENCE, "steps": [{"id": 1, **_STEPS[0]}, _STEPS[1]]},
                {**_SEQUENCE, "text": _PASTE},
            ],
        }
    )

    name: Name
    device_ids: DeviceIds
    niche: Niche | None
    skip_weekends: Annotated[bool, Field(description="Send nothing on the team's days of rest.")]
    revision: Annotated[
        Id | None,
        Field(description="As it was read. If somebody has changed the sequence since, nothing is saved: 409."),
    ] = None
    steps: Annotated[list[StepOfPlan] | None, Field(max_length=MOST_STEPS)] = None
    text: PlanText | None = None

    @model_validator(mode="after")
    def _one_plan(self) -> Self:
        if (self.steps is None) is (self.text is None):
            raise ValueError("Send all messages, either as steps or as text.")
        return self

    def plan(self) -> list[PlannedStep]:
        return _plan(self.steps, self.text)


def _plan(steps: Sequence[NewStep | StepOfPlan] | None, text: str | None) -> list[PlannedStep]:
    return read_whole_plan(text) if text is not None else [step.planned() for step in steps or ()]


class People(_Taken):
    """Who is to join, named in one or several ways; who is named twice joins once."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [{"required": [name]} for name in ("phones", "contact_ids", "list_id", "niche")],
            "examples": [
                {"phones": ["+60123456789", "012-345 6780"], "contact_ids": [17, 18]},
                {"list_id": 3},
                {"niche": "solar", "per_day": 50},
            ],
        }
    )

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
    niche: Annotated[Niche | None, Field(description="Everybody who is interested in it.")] = None
    per_day: Annotated[
        Annotated[int, Field(ge=1, le=MOST_A_DAY), BeforeValidator(_read_whole)] | None,
        Field(
            description="So many join each day on which the sequence sends, behind those who are still to join "
            "in this way. Without it all join at once.",
            examples=[50],
        ),
    ] = None

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not self.model_fields_set - {"per_day"}:
            raise ValueError("Say who is to join: phones, contact_ids, a list_id or a niche.")
        return self

    def who(self) -> Who:
        return Who(phones=self.phones, contact_ids=self.contact_ids, list_id=self.list_id, niche=self.niche)


class Listing(BaseModel):
    """Which sequences, and how many of them at once."""

    model_config = ConfigDict(extra="forbid")

    status: Annotated[SequenceStatus | None, Field(description="Only these; else all.")] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[Id | None, Field(description="The next_cursor of the page before.")] = None
