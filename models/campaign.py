"""Campaigns: one message to everybody of an audience at a set time."""

from datetime import datetime, time
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.enums import CampaignPause, CampaignStatus, ContentKind, DeviceChoice, LatePolicy, LeadStatus
from models.metadata import BigId, CreatedAt, InWorkspace, Model, choice


class Campaign(InWorkspace, Model):
    __tablename__ = "campaigns"
    __table_args__ = (
        CheckConstraint("status = 'draft' OR scheduled_at IS NOT NULL", name="scheduled"),
        CheckConstraint("kind = 'text' OR media_id IS NOT NULL", name="media"),
        CheckConstraint("num_nonnulls(niche, list_id, segment_id, follows_id) <= 1", name="one_audience"),
        CheckConstraint(
            "(min_delay_seconds IS NULL) = (max_delay_seconds IS NULL) "
            "AND 0 <= min_delay_seconds AND min_delay_seconds <= max_delay_seconds",
            name="delays",
        ),
        CheckConstraint("(window_start IS NULL) = (window_end IS NULL)", name="window_whole"),
        CheckConstraint("late_window_minutes > 0 AND first_ones > 0", name="positive"),
        CheckConstraint("(status = 'paused') = (pause_reason IS NOT NULL)", name="paused"),
        Index("ix_campaigns_due", "scheduled_at", postgresql_where=text("status = 'scheduled'")),
        Index("ix_campaigns_open", "workspace_id", "id", postgresql_where=text("status IN ('running', 'paused')")),
        Index(  # whose messages are still being ended
            "ix_campaigns_cancelling", "id", postgresql_where=text("status = 'cancelled' AND finished_at IS NULL")
        ),
        Index("ix_campaigns_workspace_id", "workspace_id", "id"),
    )

    id: Mapped[BigId]
    name: Mapped[str]
    status: Mapped[CampaignStatus] = mapped_column(
        choice(CampaignStatus), server_default=CampaignStatus.DRAFT.value
    )
    # The audience: people of a niche, a list or a segment, those who got another campaign, or (all four empty)
    # everybody; `audience_set` is false while nobody has said which.
    audience_set: Mapped[bool] = mapped_column(server_default=text("false"))
    niche: Mapped[str | None]
    list_id: Mapped[int | None] = mapped_column(ForeignKey("lists.id"))
    segment_id: Mapped[int | None] = mapped_column(ForeignKey("segments.id"))
    follows_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id"))
    lead_status: Mapped[LeadStatus | None] = mapped_column(choice(LeadStatus))  # None: prospects and customers

    kind: Mapped[ContentKind] = mapped_column(choice(ContentKind), server_default=ContentKind.TEXT.value)
    body: Mapped[str] = mapped_column(server_default="")  # a template
    media_id: Mapped[int | None] = mapped_column(ForeignKey("media.id"))

    device_choice: Mapped[DeviceChoice] = mapped_column(
        choice(DeviceChoice), server_default=DeviceChoice.POOL.value
    )
    min_delay_seconds: Mapped[float | None]  # slower than the devices' own, never faster
    max_delay_seconds: Mapped[float | None]
    window_start: Mapped[time | None]  # local, every day: it goes out from here …
    window_end: Mapped[time | None]  # … up to, not including, here; may cross midnight
    late_policy: Mapped[LatePolicy] = mapped_column(
        choice(LatePolicy), server_default=LatePolicy.NEXT_WINDOW.value
    )
    late_window_minutes: Mapped[int] = mapped_column(server_default="720")
    first_ones: Mapped[int | None]  # so many get it, then it pauses and asks

    scheduled_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]  # when its fan-out began
    fanned_to: Mapped[int] = mapped_column(server_default="0")  # the last contact that the fan-out has looked at
    fanned_at: Mapped[datetime | None]  # when it was through
    left_out: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))  # people by reason
    pause_reason: Mapped[CampaignPause | None] = mapped_column(choice(CampaignPause))
    paused_at: Mapped[datetime | None]
    paused_by: Mapped[int | None] = mapped_column(ForeignKey("operators.id", ondelete="SET NULL"))
    watched_from: Mapped[datetime | None]  # the breaker counts what ended after this
    finished_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(server_default="1")  # raised by every change of what it is
    launched_by: Mapped[int | None] = mapped_column(ForeignKey("operators.id", ondelete="SET NULL"))
    created_at: Mapped[CreatedAt]


class CampaignDevice(InWorkspace, Model):
    """The device pool of a campaign."""

    __tablename__ = "campaign_devices"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("user_devices.id"), primary_key=True, index=True)


class Revocation(InWorkspace, Model):
    """A message that is to be deleted for who got it; its device does that between two sends."""

    __tablename__ = "revocations"
    __table_args__ = (Index("ix_revocations_open", "device_id", postgresql_where=text("ended_at IS NULL")),)

    message_id: Mapped[int] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"), index=True)
    device_id: Mapped[int]
    asked_at: Mapped[datetime]
    asked_by: Mapped[int | None]
    ended_at: Mapped[datetime | None]
    revoked: Mapped[bool | None]  # whether WhatsApp did it
