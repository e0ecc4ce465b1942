"""What an installation has once: its business clock, and where each chat stands in the menus."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Double, SmallInteger, func
from sqlalchemy.orm import Mapped, mapped_column

from models.metadata import Model


class ClockAnchor(Model):
    """Business time is `virtual_anchor + (real now - real_anchor) * speed`. One row."""

    __tablename__ = "clock"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("speed > 0", name="speed"),
    )

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False, server_default="1")
    real_anchor: Mapped[datetime]
    virtual_anchor: Mapped[datetime]
    speed: Mapped[float] = mapped_column(Double)


class DialogState(Model):
    """The menus' memory (aiogram's storage), so that old buttons work after a restart."""

    __tablename__ = "dialog_states"

    key: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str | None]
    data: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
