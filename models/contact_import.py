"""Imports of contact files: what is to be done with one, how far it is, and what is needed to undo it."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, deferred, mapped_column

from models.enums import ConsentSource, ConsentState, DuplicatePolicy, ImportStatus
from models.metadata import BigId, CreatedAt, InWorkspace, Model, choice


class ContactImport(InWorkspace, Model):
    """A file of contacts, from its review to its end. An engine takes it in, batch by batch."""

    __tablename__ = "imports"
    __table_args__ = (
        CheckConstraint("status = 'reviewed' OR list_id IS NOT NULL", name="list"),
        Index("ix_imports_open", "id", postgresql_where=text("status IN ('running', 'undoing')")),
        Index("ix_imports_workspace_id", "workspace_id", "id"),
    )

    id: Mapped[BigId]
    status: Mapped[ImportStatus] = mapped_column(choice(ImportStatus))
    file_name: Mapped[str]
    # The file: kept for as long as somebody may ask for its rejects.
    content: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    choices: Mapped[dict[str, Any]]  # how it is read: sheet, separator, columns, country …
    review: Mapped[dict[str, Any] | None]  # what it would do, until a choice changes
    duplicates: Mapped[DuplicatePolicy] = mapped_column(choice(DuplicatePolicy))
    niche: Mapped[str | None]  # of rows that name none
    attributes: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))  # of the whole file
    source: Mapped[ConsentSource | None] = mapped_column(choice(ConsentSource))  # None: nobody knows
    evidence: Mapped[str] = mapped_column(server_default="")
    list_id: Mapped[int | None]
    rows_total: Mapped[int] = mapped_column(server_default="0")
    rows_done: Mapped[int] = mapped_column(server_default="0")  # so far into the file; written with each batch
    created: Mapped[int] = mapped_column(server_default="0")
    updated: Mapped[int] = mapped_column(server_default="0")
    skipped: Mapped[int] = mapped_column(server_default="0")  # known already, and left as they are
    rejected: Mapped[int] = mapped_column(server_default="0")
    opted_out: Mapped[int] = mapped_column(server_default="0")  # of those taken in
    joined: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))  # by themselves, by sequence
    failure: Mapped[str | None]
    # An engine works on it until then, by the database's clock; the value is what tells it from the next engine.
    taken_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default="0")  # since something of it was done
    created_from: Mapped[int | None]  # the ids of those it created lie from here …
    created_to: Mapped[int | None]  # … to here; an undo moves the beginning
    undo: Mapped[bool] = mapped_column(server_default=text("false"))  # it was asked to be undone
    started_by: Mapped[int | None] = mapped_column(ForeignKey("operators.id", ondelete="SET NULL"))
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class ImportChange(Model):
    """What an import found of somebody whom it changed, so that it can be undone."""

    __tablename__ = "import_changes"

    import_id: Mapped[int] = mapped_column(
        ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    contact_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    attributes: Mapped[dict[str, Any]]
    consent: Mapped[ConsentState | None] = mapped_column(choice(ConsentState))
    unlisted: Mapped[bool] = mapped_column(server_default=text("false"))
    given_name: Mapped[str]  # by the file; what is different by now was changed since
    given: Mapped[dict[str, Any]]  # attributes
