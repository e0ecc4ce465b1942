"""Files that messages carry, stored once."""

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, deferred, mapped_column

from models.metadata import BigId, CreatedAt, InWorkspace, Model


class Media(InWorkspace, Model):
    __tablename__ = "media"
    __table_args__ = (UniqueConstraint("workspace_id", "sha256"),)

    id: Mapped[BigId]
    sha256: Mapped[str]
    mime_type: Mapped[str]
    file_name: Mapped[str]
    content: Mapped[bytes] = deferred(mapped_column(LargeBinary))
    created_at: Mapped[CreatedAt]
