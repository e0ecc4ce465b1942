"""Outgoing messages (the queue), what the provider said of them, and what people answered."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.enums import Lane, MessageStatus
from models.metadata import BigId, CreatedAt, InWorkspace, Model, choice


class BroadcastMessage(InWorkspace, Model):
    """One message to one contact, from its planning to its outcome.

    `claimed_at IS NULL` says exactly what `status = 'pending'` says. The index for claiming carries the
    former: an index predicate on `status` would cost every later update of the row its HOT path.
    """

    __tablename__ = "broadcast_messages"
    __table_args__ = (
        CheckConstraint("(status = 'pending') = (claimed_at IS NULL)", name="claimed"),
        CheckConstraint("(lane = 'sequence') = (enrolment_id IS NOT NULL)", name="of_an_enrolment"),
        CheckConstraint("(enrolment_id IS NULL) = (step_id IS NULL)", name="of_a_step"),
        CheckConstraint("(lane = 'campaign') = (campaign_id IS NOT NULL)", name="of_a_campaign"),
        UniqueConstraint("campaign_id", "contact_id"),
        UniqueConstraint("enrolment_id", "step_id"),
        Index(
            "ix_broadcast_messages_ready", "device_id", "lane", "due_at", "id",
            postgresql_where=text("claimed_at IS NULL"),
        ),
        Index(
            "ix_broadcast_messages_ready_contact", "contact_id", postgresql_where=text("claimed_at IS NULL")
        ),
        Index("ix_broadcast_messages_step_id", "step_id"),
        {"postgresql_with": {"fillfactor": "50"}},
    )  # fmt: skip

    id: Mapped[BigId]
    lane: Mapped[Lane] = mapped_column(  # a native type: its order is the priority
        Enum(Lane, name="lane", values_callable=lambda lane: [member.value for member in lane])
    )
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    enrolment_id: Mapped[int | None] = mapped_column(ForeignKey("sequence_contacts.id", ondelete="CASCADE"))
    step_id: Mapped[int | None] = mapped_column(ForeignKey("sequence_steps.id"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    device_id: Mapped[int] = mapped_column(ForeignKey("user_devices.id"))
    status: Mapped[MessageStatus] = mapped_column(
        choice(MessageStatus), server_default=MessageStatus.PENDING.value
    )
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    claimed_at: Mapped[datetime | None]
    claim_epoch: Mapped[int | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    error_code: Mapped[str | None]
    error: Mapped[str | None]
    body: Mapped[str | None]  # as sent; set when it is claimed (replies and tests: from the start)
    sent_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class Delivery(InWorkspace, Model):
    __tablename__ = "deliveries"
    __table_args__ = (UniqueConstraint("device_id", "provider_message_id"),)

    message_id: Mapped[int] = mapped_column(
        ForeignKey("broadcast_messages.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    device_id: Mapped[int] = mapped_column(ForeignKey("user_devices.id"))
    provider_message_id: Mapped[str]
    delivered_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]


class InboundMessage(InWorkspace, Model):
    __tablename__ = "inbound_messages"
    __table_args__ = (UniqueConstraint("device_id", "provider_message_id"),)

    id: Mapped[BigId]
    device_id: Mapped[int] = mapped_column(ForeignKey("user_devices.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), index=True)
    phone: Mapped[str]
    provider_message_id: Mapped[str]
    body: Mapped[str]
    received_at: Mapped[datetime]
