"""People, what they are interested in, and whether they may be written to."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.enums import ConsentSource, ConsentState, LeadStatus
from models.metadata import BigId, CreatedAt, InWorkspace, Model, choice


class Contact(InWorkspace, Model):
    __tablename__ = "contacts"
    __table_args__ = (
        UniqueConstraint("workspace_id", "phone"),
        Index(
            "uq_contacts_workspace_id_lid", "workspace_id", "lid", unique=True,
            postgresql_where=text("lid IS NOT NULL"),
        ),
    )  # fmt: skip

    id: Mapped[BigId]
    phone: Mapped[str]  # E.164
    lid: Mapped[str | None]  # the digits that name them where WhatsApp hides the number
    name: Mapped[str] = mapped_column(server_default="")
    attributes: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    time_zone: Mapped[str | None]
    consent: Mapped[ConsentState | None] = mapped_column(choice(ConsentState))  # the latest of `consents`
    device_id: Mapped[int | None] = mapped_column(ForeignKey("user_devices.id"))  # a contact keeps its device
    # In no list, count, campaign or sequence: an operator's own phone that nobody imported, which gets their
    # tests; or somebody who was deleted, of whom only what was sent is kept, under no name and number.
    unlisted: Mapped[bool] = mapped_column(server_default=text("false"))
    import_id: Mapped[int | None]  # that brought them
    created_at: Mapped[CreatedAt]


class Lead(Model):
    """An interest of a contact.

    Leads, memberships and consents have no foreign keys: an import writes three rows a person, and every check
    costs about as much as a row. Triggers delete them with their contact or list (docs/decisions/0015).
    """

    __tablename__ = "leads"
    __table_args__ = (
        Index("uq_leads_contact_niche", "contact_id", text("lower(niche)"), unique=True),
        Index("ix_leads_niche", "workspace_id", text("lower(niche)")),
    )

    id: Mapped[BigId]
    workspace_id: Mapped[int]
    contact_id: Mapped[int]
    niche: Mapped[str]
    status: Mapped[LeadStatus] = mapped_column(choice(LeadStatus), server_default=LeadStatus.PROSPECT.value)
    import_id: Mapped[int | None]
    created_at: Mapped[CreatedAt]


class ContactList(InWorkspace, Model):
    __tablename__ = "lists"
    __table_args__ = (Index("ix_lists_workspace_id", "workspace_id"),)

    id: Mapped[BigId]
    name: Mapped[str]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("operators.id"))
    created_at: Mapped[CreatedAt]


class ListMember(Model):
    __tablename__ = "list_members"

    list_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    contact_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, index=True)
    workspace_id: Mapped[int]


class Consent(Model):
    """Append-only evidence of who opted in or out, where and when."""

    __tablename__ = "consents"

    id: Mapped[BigId]
    workspace_id: Mapped[int]
    contact_id: Mapped[int] = mapped_column(index=True)
    state: Mapped[ConsentState] = mapped_column(choice(ConsentState))
    source: Mapped[ConsentSource] = mapped_column(choice(ConsentSource))
    evidence: Mapped[str]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[int | None]  # the operator
    import_id: Mapped[int | None]


class Suppression(InWorkspace, Model):
    """Do not contact. Keyed by phone, so that it outlives the contact."""

    __tablename__ = "suppressions"
    __table_args__ = (UniqueConstraint("workspace_id", "phone"),)

    id: Mapped[BigId]
    phone: Mapped[str]  # E.164
    source: Mapped[ConsentSource] = mapped_column(choice(ConsentSource))
    evidence: Mapped[str]
    created_at: Mapped[datetime]


class Segment(InWorkspace, Model):
    """Contacts that meet conditions, whoever they are at the moment."""

    __tablename__ = "segments"
    __table_args__ = (Index("uq_segments_name", "workspace_id", text("lower(name)"), unique=True),)

    id: Mapped[BigId]
    name: Mapped[str]
    conditions: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)  # all have to hold
    created_by: Mapped[int | None] = mapped_column(ForeignKey("operators.id", ondelete="SET NULL"))
    created_at: Mapped[CreatedAt]
