"""A workspace (a tenant, "team" in the menus), the operators in it and the ways in."""

from datetime import date, datetime, time

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from models.enums import Role, TokenScope
from models.metadata import BigId, CreatedAt, InWorkspace, Model, choice


class Workspace(Model):
    __tablename__ = "workspaces"
    __table_args__ = (
        CheckConstraint("(quiet_start IS NULL) = (quiet_end IS NULL)", name="quiet_hours_whole"),
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="country_code"),
        CheckConstraint("frequency_cap > 0", name="frequency_cap"),
    )

    id: Mapped[BigId]
    name: Mapped[str]
    country: Mapped[str]  # ISO 3166 alpha-2: how phones without a country code are read, and whose holidays
    time_zone: Mapped[str]  # IANA
    rest_days: Mapped[list[int]] = mapped_column(  # ISO weekdays, Monday is 1
        ARRAY(SmallInteger), server_default=text("'{6,7}'")
    )
    quiet_start: Mapped[time | None]  # local; no sends from here …
    quiet_end: Mapped[time | None]  # … up to, not including, here; may cross midnight
    # How many campaigns and sequences may reach one contact on one day; None: any number.
    frequency_cap: Mapped[int | None] = mapped_column(server_default="1")
    stop_words: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    alerts_chat_id: Mapped[int | None]
    digest_at: Mapped[time | None] = mapped_column(server_default=text("'18:00'"))  # local; None: no daily digest
    digest_on: Mapped[date | None]  # the day of the last one
    replies_posted: Mapped[bool] = mapped_column(server_default=text("true"))  # to the alerts chat
    stopped_at: Mapped[datetime | None]  # "Stop everything"
    created_at: Mapped[CreatedAt]


class Operator(Model):
    __tablename__ = "operators"

    id: Mapped[BigId]
    telegram_user_id: Mapped[int] = mapped_column(unique=True)
    name: Mapped[str]
    phone: Mapped[str | None]  # E.164; where their test messages go
    created_at: Mapped[CreatedAt]


class Membership(InWorkspace, Model):
    __tablename__ = "memberships"
    __table_args__ = (UniqueConstraint("workspace_id", "operator_id"),)

    id: Mapped[BigId]
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role] = mapped_column(choice(Role))
    created_at: Mapped[CreatedAt]


class Invite(Model):
    """A one-time way in. Without a workspace it is the claim of a new installation by its first owner."""

    __tablename__ = "invites"

    id: Mapped[BigId]
    workspace_id: Mapped[int | None] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    role: Mapped[Role] = mapped_column(choice(Role))
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    used_by: Mapped[int | None] = mapped_column(ForeignKey("operators.id"))
    created_at: Mapped[CreatedAt]


class ApiToken(InWorkspace, Model):
    __tablename__ = "api_tokens"

    id: Mapped[BigId]
    name: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    scope: Mapped[TokenScope] = mapped_column(choice(TokenScope))
    created_at: Mapped[CreatedAt]
    revoked_at: Mapped[datetime | None]
