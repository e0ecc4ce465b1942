"""People, what they are interested in, and whether they may be written to."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.enums import ConsentSource, ConsentState, LeadStatus
from models.metadata import BigId, CreatedAt, InWorkspace, Model, choice


class Contact(InWorkspace, Model):
    __tablename__ = "contacts"
    __table_args__ = (UniqueConstraint("workspace_id", "phone"),)

    id: Mapped[BigId]
    phone: Mapped[str]  # E.164
    name: Mapped[str] = mapped_column(server_default="")
    attributes: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    time_zone: Mapped[str | None]
    consent: Mapped[ConsentState | None] = mapped_column(choice(ConsentState))  # the latest of `consents`
    device_id: Mapped[int | None] = mapped_column(ForeignKey("user_devices.id"))  # a contact keeps its device
    # An operator's own phone that nobody imported: it gets their tests, and is in no list, count or sequence.
    for_tests: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[CreatedAt]


class Lead(InWorkspace, Model):
    __tablename__ = "leads"
    __table_args__ = (
        Index("uq_leads_contact_niche", "contact_id", text("lower(niche)"), unique=True),
        Index("ix_leads_niche", "workspace_id", text("lower(niche)")),
    )

    id: Mapped[BigId]
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    niche: Mapped[str]
    status: Mapped[LeadStatus] = mapped_column(choice(LeadStatus), server_default=LeadStatus.PROSPECT.value)
    created_at: Mapped[CreatedAt]


class ContactList(InWorkspace, Model):
    __tablename__ = "lists"
    __table_args__ = (Index("ix_lists_workspace_id", "workspace_id"),)

    id: Mapped[BigId]
    name: Mapped[str]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("operators.id"))
    created_at: Mapped[CreatedAt]


class ListMember(InWorkspace, Model):
    __tablename__ = "list_members"

    list_id: Mapped[int] = mapped_column(ForeignKey("lists.id", ondelete="CASCADE"), primary_key=True)
    contact_id: Mapped[int] = mapped_column(
        ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Consent(InWorkspace, Model):
    """Append-only evidence of who opted in or out, where and when."""

    __tablename__ = "consents"

    id: Mapped[BigId]
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), index=True)
    state: Mapped[ConsentState] = mapped_column(choice(ConsentState))
    source: Mapped[ConsentSource] = mapped_column(choice(ConsentSource))
    evidence: Mapped[str]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("operators.id"))


class Suppression(InWorkspace, Model):
    """Do not contact. Keyed by phone, so that it outlives the contact."""

    __tablename__ = "suppressions"
    __table_args__ = (UniqueConstraint("workspace_id", "phone"),)

    id: Mapped[BigId]
    phone: Mapped[str]  # E.164
    source: Mapped[ConsentSource] = mapped_column(choice(ConsentSource))
    evidence: Mapped[str]
    created_at: Mapped[datetime]
