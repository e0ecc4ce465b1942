"""Outgoing messages (the queue), what the provider said of them, and what people answered."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.enums import ContentKind, Lane, MessageStatus
from models.metadata import BigId, CreatedAt, InWorkspace, Model, choice

LANE = Enum(  # a native type: its order is the priority
    Lane, name="lane", values_callable=lambda lane: [member.value for member in lane]
)


class Message(Model):
    """One message to one contact, from its planning to its outcome.

    While it waits it has a row in `queue`; while it is on its way its device names it (`in_flight_…`); after that
    it has an outcome. The view `broadcast_messages` shows all of it in one place, with a status.

    Its workspace, enrolment, step and device are those of the rows it is planned from, which are locked or never
    deleted: foreign keys would cost the fan-out a check each a row, and a lock on the device's row, which every
    claim writes (docs/decisions/0005). A trigger deletes the messages of a run that is deleted.
    """

    __tablename__ = "messages"
    __table_args__ = (
        CheckConstraint("outcome NOT IN ('pending', 'processing')", name="ended"),
        CheckConstraint("(lane = 'sequence') = (enrolment_id IS NOT NULL)", name="of_an_enrolment"),
        CheckConstraint("(enrolment_id IS NULL) = (step_id IS NULL)", name="of_a_step"),
        CheckConstraint("(lane = 'campaign') = (campaign_id IS NOT NULL)", name="of_a_campaign"),
        Index(
            "uq_messages_campaign_id", "campaign_id", "contact_id", unique=True,
            postgresql_where=text("campaign_id IS NOT NULL"),
        ),
        Index(
            "uq_messages_enrolment_id", "enrolment_id", "step_id", unique=True,
            postgresql_where=text("enrolment_id IS NOT NULL"),
        ),
        Index("ix_messages_step_id", "step_id", postgresql_where=text("step_id IS NOT NULL")),
        Index("ix_messages_contact_id", "contact_id"),
        {"postgresql_with": {"fillfactor": "50"}},  # room for the outcome: no index is on what it writes
    )  # fmt: skip

    id: Mapped[BigId]
    workspace_id: Mapped[int]
    lane: Mapped[Lane] = mapped_column(LANE)
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    enrolment_id: Mapped[int | None]
    step_id: Mapped[int | None]
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    device_id: Mapped[int]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    outcome: Mapped[MessageStatus | None] = mapped_column(choice(MessageStatus))
    claimed_at: Mapped[datetime | None]
    claim_epoch: Mapped[int | None]
    attempts: Mapped[int] = mapped_column(server_default="0")  # those that have ended
    error_code: Mapped[str | None]
    error: Mapped[str | None]
    body: Mapped[str | None]  # as sent; replies and tests have it from the start
    kind: Mapped[ContentKind | None] = mapped_column(choice(ContentKind))  # of a test; others: of their step
    media_id: Mapped[int | None] = mapped_column(ForeignKey("media.id"))
    # It was unknown until an operator decided: it arrived (then it has no delivery), or it is sent once more (then
    # its run, which has moved on with the unknown, does not move again).
    by_hand: Mapped[bool] = mapped_column(server_default=text("false"))
    # Somebody typed it on the device's own phone: it is told to us after the fact, and counts as an answer.
    typed_on_phone: Mapped[bool] = mapped_column(server_default=text("false"))
    sent_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class QueuedMessage(Model):
    """A message that waits to be sent: a narrow row, deleted by the claim (docs/decisions/0005).

    Triggers on `messages` add and remove it. A foreign key would cost the fan-out a check a row.
    """

    __tablename__ = "queue"
    __table_args__ = (Index("ix_queue_ready", "device_id", "lane", "campaign_id", "due_at", "message_id"),)

    message_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    device_id: Mapped[int]
    lane: Mapped[Lane] = mapped_column(LANE)
    due_at: Mapped[datetime]
    # Its campaign, so that what a paused one holds is never read; not of what an operator sends once more.
    campaign_id: Mapped[int | None]


class Doubt(InWorkspace, Model):
    """A send of which nobody knows whether it arrived: of an unknown message, or of one that waits to go again.

    A narrow row beside the message for the reason that `queue` is one. What is `left` stays unknown, and nobody is
    asked about it any more.
    """

    __tablename__ = "doubts"
    __table_args__ = (
        Index("ix_doubts_workspace_id", "workspace_id", "device_id"),
        Index("ix_doubts_contact_id", "contact_id"),
    )

    message_id: Mapped[int] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    device_id: Mapped[int]
    contact_id: Mapped[int]
    claimed_at: Mapped[datetime]
    left_at: Mapped[datetime | None]


class PrunedMessages(InWorkspace, Model):
    """How many messages of a step or a campaign have been pruned, by outcome: results still count them."""

    __tablename__ = "pruned_messages"
    __table_args__ = (
        CheckConstraint("(step_id IS NULL) <> (campaign_id IS NULL)", name="of_one"),
        UniqueConstraint("step_id", "outcome", "reason"),
        UniqueConstraint("campaign_id", "outcome", "reason"),
    )

    id: Mapped[BigId]
    step_id: Mapped[int | None] = mapped_column(ForeignKey("sequence_steps.id", ondelete="CASCADE"))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    outcome: Mapped[MessageStatus] = mapped_column(choice(MessageStatus))
    reason: Mapped[str] = mapped_column(server_default="")  # why they were skipped, or failed
    messages: Mapped[int]
    delivered: Mapped[int] = mapped_column(server_default="0")
    read: Mapped[int] = mapped_column(server_default="0")
    not_shown: Mapped[int] = mapped_column(server_default="0")
    replied: Mapped[int] = mapped_column(server_default="0")
    opted_out: Mapped[int] = mapped_column(server_default="0")


class Delivery(InWorkspace, Model):
    __tablename__ = "deliveries"
    __table_args__ = (UniqueConstraint("device_id", "provider_message_id"),)

    message_id: Mapped[int] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    device_id: Mapped[int] = mapped_column(ForeignKey("user_devices.id"))
    provider_message_id: Mapped[str]
    delivered_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]  # the phone could not show it


class InboundMessage(InWorkspace, Model):
    __tablename__ = "inbound_messages"
    __table_args__ = (
        UniqueConstraint("device_id", "provider_message_id"),
        Index(
            "ix_inbound_messages_answers_message_id", "answers_message_id",
            postgresql_where=text("answers_message_id IS NOT NULL"),
        ),
        Index("ix_inbound_messages_open", "workspace_id", "id", postgresql_where=text("answered_at IS NULL")),
        Index(
            "ix_inbound_messages_unposted", "workspace_id", "id",
            postgresql_where=text("answered_at IS NULL AND posting_at IS NULL"),
        ),
        Index(
            "ix_inbound_messages_posted", "posted_to", "telegram_message_id",
            postgresql_where=text("telegram_message_id IS NOT NULL"),
        ),
        Index(
            "ix_inbound_messages_forgotten", "id",
            postgresql_where=text("telegram_message_id IS NOT NULL AND phone = ''"),
        ),
        Index("ix_inbound_messages_lid", "workspace_id", "lid", postgresql_where=text("lid IS NOT NULL")),
    )  # fmt: skip

    id: Mapped[BigId]
    device_id: Mapped[int] = mapped_column(ForeignKey("user_devices.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), index=True)
    phone: Mapped[str | None]
    lid: Mapped[str | None]  # the digits that name the person where WhatsApp hides the number
    provider_message_id: Mapped[str]
    body: Mapped[str]
    attached: Mapped[str] = mapped_column(server_default="")  # what it is besides text, in words
    received_at: Mapped[datetime]
    answers_message_id: Mapped[int | None] = mapped_column(  # the last that this contact had got
        ForeignKey("messages.id", ondelete="SET NULL")
    )
    # By somebody of the team, from Telegram or on the device's own phone; or nobody is to answer it.
    answered_at: Mapped[datetime | None]
    opted_out: Mapped[bool] = mapped_column(server_default=text("false"))  # it asked to stop
    # Posted to the alerts chat, where answering the post answers the person; claimed before it is posted.
    posting_at: Mapped[datetime | None]
    posted_to: Mapped[int | None]  # the Telegram chat
    telegram_message_id: Mapped[int | None]
    asks_to_stop: Mapped[bool] = mapped_column(server_default=text("false"))  # so it seems; somebody is to decide


class Answer(InWorkspace, Model):
    """What an operator answers from Telegram: a message of the reply lane, what it answers, where it was typed."""

    __tablename__ = "answers"
    __table_args__ = (
        Index("ix_answers_open", "message_id", postgresql_where=text("ended_at IS NULL")),
        Index("ix_answers_inbound_id", "inbound_id"),
    )

    message_id: Mapped[int] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    inbound_id: Mapped[int] = mapped_column(ForeignKey("inbound_messages.id", ondelete="CASCADE"))
    chat_id: Mapped[int | None]  # of Telegram; where the operator is told if it does not arrive
    telegram_message_id: Mapped[int | None]
    ended_at: Mapped[datetime | None]  # machine time: it has its outcome, and whoever waits for that was told
