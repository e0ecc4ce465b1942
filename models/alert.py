"""Problems that operators must know of: one row a problem, from firing to resolved."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.enums import AlertKind, AlertStatus
from models.metadata import BigId, InWorkspace, Model, choice


class Alert(InWorkspace, Model):
    """`revision` counts what there is to tell; `posted_revision` what the alerts chat has been told."""

    __tablename__ = "alerts"
    __table_args__ = (
        Index(
            "uq_alerts_open", "workspace_id", "kind", "subject", unique=True,
            postgresql_where=text("status <> 'resolved'"),
        ),
        Index("ix_alerts_unposted", "id", postgresql_where=text("revision > posted_revision")),
    )  # fmt: skip

    id: Mapped[BigId]
    kind: Mapped[AlertKind] = mapped_column(choice(AlertKind))
    subject: Mapped[str]  # what it is about, for example "device:12": one open alert a kind and subject
    status: Mapped[AlertStatus] = mapped_column(choice(AlertStatus), server_default=AlertStatus.FIRING.value)
    text: Mapped[str]
    occurrences: Mapped[int] = mapped_column(server_default="1")
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[int | None] = mapped_column(ForeignKey("operators.id"))
    resolved_at: Mapped[datetime | None]
    resolution: Mapped[str | None]
    revision: Mapped[int] = mapped_column(server_default="1")
    posted_revision: Mapped[int] = mapped_column(server_default="0")
    chat_id: Mapped[int | None]
    telegram_message_id: Mapped[int | None]
