"""The daily digests: one row a team and day, posted to its alerts chat at most once."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from models.metadata import BigId, InWorkspace, Model


class Digest(InWorkspace, Model):
    """`posting_at` is set before it is posted: what stops in between may have arrived, and is not posted again."""

    __tablename__ = "digests"
    __table_args__ = (
        UniqueConstraint("workspace_id", "day"),
        Index("ix_digests_unposted", "id", postgresql_where=text("posting_at IS NULL")),
    )

    id: Mapped[BigId]
    day: Mapped[date]  # of the workspace's zone
    since: Mapped[datetime]
    until: Mapped[datetime]
    figures: Mapped[dict[str, Any]]
    posting_at: Mapped[datetime | None]
    telegram_message_id: Mapped[int | None]
