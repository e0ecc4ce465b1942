"""Who changed what, when, from where."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.enums import Face
from models.metadata import BigId, InWorkspace, Model, choice


class AuditEntry(InWorkspace, Model):
    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_workspace_id_at", "workspace_id", "at"),)

    id: Mapped[BigId]
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operators.id"))
    face: Mapped[Face] = mapped_column(choice(Face))
    action: Mapped[str]  # for example "sequence.pause"
    subject_id: Mapped[int | None]
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    at: Mapped[datetime]
