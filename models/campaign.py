"""Campaigns: one message to every matching lead at a set time."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.enums import CampaignStatus, ContentKind, LeadStatus
from models.metadata import BigId, CreatedAt, InWorkspace, Model, choice


class Campaign(InWorkspace, Model):
    __tablename__ = "campaigns"
    __table_args__ = (
        CheckConstraint("status = 'draft' OR scheduled_at IS NOT NULL", name="scheduled"),
        CheckConstraint("kind = 'text' OR media_id IS NOT NULL", name="media"),
        Index("ix_campaigns_due", "scheduled_at", postgresql_where=text("status = 'scheduled'")),
    )

    id: Mapped[BigId]
    name: Mapped[str]
    status: Mapped[CampaignStatus] = mapped_column(
        choice(CampaignStatus), server_default=CampaignStatus.DRAFT.value
    )
    niche: Mapped[str | None]
    list_id: Mapped[int | None] = mapped_column(ForeignKey("lists.id"))
    lead_status: Mapped[LeadStatus | None] = mapped_column(choice(LeadStatus))
    kind: Mapped[ContentKind] = mapped_column(choice(ContentKind), server_default=ContentKind.TEXT.value)
    body: Mapped[str] = mapped_column(server_default="")
    media_id: Mapped[int | None] = mapped_column(ForeignKey("media.id"))
    scheduled_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class CampaignDevice(InWorkspace, Model):
    """The device pool of a campaign."""

    __tablename__ = "campaign_devices"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("user_devices.id"), primary_key=True, index=True)
