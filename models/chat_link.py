"""Click-to-chat: links by which people write in first."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.metadata import BigId, CreatedAt, InWorkspace, Model


class ChatLink(InWorkspace, Model):
    """A `wa.me` link: who writes in with its code opts in by that, and joins what it is for."""

    __tablename__ = "chat_links"
    __table_args__ = (
        CheckConstraint("(sequence_id IS NULL) <> (campaign_id IS NULL)", name="of_one"),
        Index("ix_chat_links_workspace_id", "workspace_id"),
    )

    id: Mapped[BigId]
    code: Mapped[str] = mapped_column(unique=True)
    sequence_id: Mapped[int | None] = mapped_column(ForeignKey("sequences.id", ondelete="CASCADE"))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    device_id: Mapped[int] = mapped_column(ForeignKey("user_devices.id"))
    greeting: Mapped[str]  # what the link has them write; the code stands in it
    joined: Mapped[int] = mapped_column(server_default="0")
    created_by: Mapped[int | None] = mapped_column(ForeignKey("operators.id", ondelete="SET NULL"))
    created_at: Mapped[CreatedAt]
    closed_at: Mapped[datetime | None]
