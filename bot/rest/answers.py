"""What the API answers about sequences. The OpenAPI page is made from this."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.rest.requests import TimeOfDay
from engine.sequences.enrolment import JoinReport
from engine.sequences.joining import RefusalReason
from models.enums import ContentKind, MissedPolicy, OnReply, ReentryPolicy, SequenceStatus

MOST_TOLD = 20_000  # refusals in one answer


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
    """Messages; planned is the sum of queued, sent, failed, skipped, unknown and cancelled."""

    planned: int
    queued: int
    sent: int
    failed: int
    skipped: int
    unknown: int
    cancelled: int
    due: Annotated[int, Field(description="People who wait for its time, and have no message yet.")]
    delivered: int
    read: int
    replied: Annotated[int, Field(description="People who answered it: it was the last that they had got.")]
    opted_out: Annotated[int, Field(description="People who asked to stop after it.")]
    not_shown: Annotated[int, Field(description="Sent, but the phone could not show them.")]
    skipped_by: Annotated[dict[str, int], Field(description="How many were skipped, by reason.")]


class StepInDetail(Step):
    if_joined_now: Annotated[datetime, Field(description="When somebody who joins now gets it.")]
    results: StepResults


class Sequence(_Shown):
    id: int
    name: str
    status: SequenceStatus
    revision: Annotated[int, Field(description="Raised by every change; send it back to replace only this one.")]
    niche: str | None
    auto_enroll: bool
    skip_weekends: bool
    skip_holidays: bool
    time_zone: str
    use_contact_time_zone: bool
    default_time: TimeOfDay
    missed_policy: MissedPolicy
    late_window_minutes: int
    on_reply: OnReply
    reentry_policy: ReentryPolicy
    reentry_cooldown_days: int
    next_sequence_id: int | None
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
    last_on: Annotated[
        date | None,
        Field(description="With per_day: the date on which the last of them joins; of a draft, if started now."),
    ]
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
        return cls(
            joined=report.joined,
            last_on=report.last_on,
            refused=dict(report.refused),
            refusals=told,
            left_off=left_off,
        )
