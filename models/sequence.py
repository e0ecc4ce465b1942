"""Sequences (multi-day flows), their steps, and the runs of contacts through them."""

from datetime import date, datetime, time

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, column, text
from sqlalchemy.dialects.postgresql import ARRAY, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.enums import (
    ContentKind,
    EnrolmentStatus,
    MissedPolicy,
    OnReply,
    PauseReason,
    ReentryPolicy,
    SequenceStatus,
)
from models.metadata import BigId, CreatedAt, InWorkspace, Model, choice


class Sequence(InWorkspace, Model):
    __tablename__ = "sequences"
    __table_args__ = (
        CheckConstraint("late_window_minutes > 0", name="late_window"),
        CheckConstraint("next_sequence_id <> id", name="next_is_another"),
        Index(
            "uq_sequences_name", "workspace_id", text("lower(name)"), unique=True,
            postgresql_where=text("status <> 'archived'"),
        ),
    )  # fmt: skip

    id: Mapped[BigId]
    name: Mapped[str]
    status: Mapped[SequenceStatus] = mapped_column(
        choice(SequenceStatus), server_default=SequenceStatus.DRAFT.value
    )
    niche: Mapped[str | None]
    auto_enroll: Mapped[bool] = mapped_column(server_default=text("false"))
    skip_weekends: Mapped[bool] = mapped_column(server_default=text("false"))  # the workspace's rest days
    skip_holidays: Mapped[bool] = mapped_column(server_default=text("false"))
    time_zone: Mapped[str]
    use_contact_time_zone: Mapped[bool] = mapped_column(server_default=text("false"))
    default_time: Mapped[time] = mapped_column(server_default=text("'09:00'"))
    missed_policy: Mapped[MissedPolicy] = mapped_column(
        choice(MissedPolicy), server_default=MissedPolicy.SHIFT.value
    )
    late_window_minutes: Mapped[int] = mapped_column(server_default="720")
    reentry_policy: Mapped[ReentryPolicy] = mapped_column(
        choice(ReentryPolicy), server_default=ReentryPolicy.NEVER.value
    )
    reentry_cooldown_days: Mapped[int] = mapped_column(server_default="30")
    on_reply: Mapped[OnReply] = mapped_column(choice(OnReply), server_default=OnReply.PAUSE.value)
    next_sequence_id: Mapped[int | None] = mapped_column(ForeignKey("sequences.id"))
    revision: Mapped[int] = mapped_column(server_default="1")  # raised by every change of its messages or settings
    created_at: Mapped[CreatedAt]


class SequenceDevice(InWorkspace, Model):
    """The device pool of a sequence."""

    __tablename__ = "sequence_devices"

    sequence_id: Mapped[int] = mapped_column(ForeignKey("sequences.id", ondelete="CASCADE"), primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("user_devices.id"), primary_key=True, index=True)


class SequenceStep(InWorkspace, Model):
    __tablename__ = "sequence_steps"
    __table_args__ = (
        CheckConstraint("day_number >= 1", name="day_number"),
        CheckConstraint("(send_time IS NULL) <> (after_join_minutes IS NULL)", name="one_time"),
        CheckConstraint(
            "after_join_minutes IS NULL OR (after_join_minutes BETWEEN 0 AND 1439 AND day_number = 1)",
            name="after_join",
        ),
        CheckConstraint("kind = 'text' OR media_id IS NOT NULL", name="media"),
        # Not a partial unique index: only an exclusion constraint can be deferred, so that steps can swap.
        ExcludeConstraint(
            (column("sequence_id"), "="), (column("day_number"), "="), (column("send_time"), "="),
            using="btree", where=text("retired_at IS NULL"), deferrable=True,
            name="ex_sequence_steps_day_and_time",
        ),
        ExcludeConstraint(
            (column("sequence_id"), "="), (column("after_join_minutes"), "="),
            using="btree", where=text("retired_at IS NULL"), deferrable=True,
            name="ex_sequence_steps_after_join",
        ),
    )  # fmt: skip

    id: Mapped[BigId]
    sequence_id: Mapped[int] = mapped_column(ForeignKey("sequences.id", ondelete="CASCADE"))
    day_number: Mapped[int]
    send_time: Mapped[time | None]  # local
    after_join_minutes: Mapped[int | None]  # Day 1 only: "right after joining"
    kind: Mapped[ContentKind] = mapped_column(choice(ContentKind), server_default=ContentKind.TEXT.value)
    body: Mapped[str] = mapped_column(server_default="")  # a template
    media_id: Mapped[int | None] = mapped_column(ForeignKey("media.id"))
    retired_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class Paste(InWorkspace, Model):
    """A chat message that an operator wrote messages of a sequence with: to edit it is to edit them."""

    __tablename__ = "pastes"

    chat_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    message_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sequence_id: Mapped[int] = mapped_column(ForeignKey("sequences.id", ondelete="CASCADE"), index=True)
    text: Mapped[str]  # as it was read last
    next_day: Mapped[int]  # of what stands in it before the first header
    step_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))  # what its parts became, in their order
    file: Mapped[str | None]  # which file it carries: Telegram's lasting name for the content


class SequenceContact(InWorkspace, Model):
    """An enrolment. While active it has either `next_due_at` or one open message, never both."""

    __tablename__ = "sequence_contacts"
    __table_args__ = (
        CheckConstraint("wave >= 0", name="wave"),
        UniqueConstraint("sequence_id", "contact_id", "run_no"),
        Index(
            "uq_sequence_contacts_open", "sequence_id", "contact_id", unique=True,
            postgresql_where=text("status IN ('active', 'paused')"),
        ),
        Index(
            "ix_sequence_contacts_due", "sequence_id", "next_due_at",
            postgresql_where=text("status = 'active' AND next_due_at IS NOT NULL"),
        ),
        Index("ix_sequence_contacts_contact_id", "contact_id"),
        Index(  # who waits for a device that is lost
            "ix_sequence_contacts_device_id", "device_id",
            postgresql_where=text("status IN ('active', 'paused')"),
        ),
    )  # fmt: skip

    id: Mapped[BigId]
    sequence_id: Mapped[int] = mapped_column(ForeignKey("sequences.id", ondelete="CASCADE"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    run_no: Mapped[int] = mapped_column(server_default="1")
    status: Mapped[EnrolmentStatus] = mapped_column(
        choice(EnrolmentStatus), server_default=EnrolmentStatus.ACTIVE.value
    )
    joined_at: Mapped[datetime]  # of those who join in waves, the time at which their wave does
    wave: Mapped[int] = mapped_column(server_default="0")  # of those who join day by day, from 1; 0 is all at once
    anchor_date: Mapped[date]  # the local date of Day 1
    time_zone: Mapped[str]  # fixed at joining
    next_step_id: Mapped[int | None]  # steps are retired, never deleted while somebody is in their sequence
    next_due_at: Mapped[datetime | None]
    last_day_number: Mapped[int | None]  # where the last ended step stood (see calendar.StepTime)
    last_minute: Mapped[int | None]
    reached_day: Mapped[int | None]  # the day number of the last step that may have reached the contact …
    reached_on: Mapped[date | None]  # … and its local date: steps of different days never share one
    device_id: Mapped[int] = mapped_column(ForeignKey("user_devices.id"))
    paused_at: Mapped[datetime | None]
    paused_by: Mapped[int | None] = mapped_column(ForeignKey("operators.id", ondelete="SET NULL"))
    paused_reason: Mapped[PauseReason | None] = mapped_column(choice(PauseReason))
    exit_reason: Mapped[str | None]
    ended_at: Mapped[datetime | None]
