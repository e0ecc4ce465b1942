"""Importing a contact file: what it would do, having an engine do it, following that, and taking it back.

The file is kept with the import, so that an engine, another one after a crash, and whoever asks for the rejects
can read it again. The work itself is in `importer.py`.
"""

import asyncio
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from pathlib import PurePath
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select, text, update
from sqlalchemy.orm import undefer

from engine.actor import Actor
from engine.clock import Clock
from engine.contacts import undo_store
from engine.contacts.arrivals import KeptFile, rejects_of
from engine.contacts.import_reports import ImportProgress, ImportReview, KeptReason, UndoPreview, progress_of
from engine.contacts.import_review import count, lay_out, review_of
from engine.contacts.reading import Choices
from engine.contacts.undo_store import Undoing
from engine.database import Database
from engine.errors import ConflictError, InvalidInputError, NotFoundError
from engine.sequences.settings import clean_niche
from engine.transactions import Session
from models import ContactImport, ContactList, Workspace
from models.enums import ConsentSource, DuplicatePolicy, ImportStatus, Role

KEEP_FILES = timedelta(days=30)

_LONGEST_FILE_NAME = 60  # in the name of a list
_LONGEST_EVIDENCE = 500
_MOST_ATTRIBUTES, _LONGEST_KEY, _LONGEST_VALUE = 20, 60, 1000
_RESERVED = {"name", "phone", "niche"}  # what templates know of everybody
_BEGUN = "This import has begun; only before can it be changed."
_NO_FILE = "The file of this import is not kept any more. Send it again."
_NO_LIST = "The list of this import was deleted. Send the file again: whoever is in the book already is known."


class Unset(Enum):
    """Told apart from None, which means something."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET


class ContactImports:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    # --- before it ------------------------------------------------------------------------------------------

    async def open(self, actor: Actor, data: bytes, file_name: str) -> int:
        """Keep a file, read as it looks; the id of the import. Raises InvalidInputError when it cannot be read."""
        actor.must_be(Role.OPERATOR)
        now, name = self._clock.now(), file_name.replace("\0", "")
        async with self._database.transaction() as session:
            country = (await session.get_one(Workspace, actor.workspace_id)).country
        layout = await asyncio.to_thread(lay_out, data, name, country, Choices())
        async with self._database.transaction() as session:
            row = ContactImport(
                workspace_id=actor.workspace_id,
                status=ImportStatus.REVIEWED,
                file_name=name,
                content=data,
                choices=layout.choices.to_json(),
                duplicates=DuplicatePolicy.UPDATE,
                created_at=now,
            )
            session.add(row)
            await session.flush()
            actor.record(session, now, "contacts.open_file", row.id, file=name)
        return row.id

    async def review(self, actor: Actor, import_id: int) -> ImportReview:
        """Count what it would do, by the same rules; kept until a choice changes how the file is read.

        Raises InvalidInputError when the file as a whole cannot be read.
        """
        async with self._database.transaction() as session:
            row = await _load(session, actor, import_id)
        if row.review is None:
            async with self._database.transaction() as session:
                row = await _load(session, actor, import_id, content=True)
            counted = await count(self._database, actor.workspace_id, _kept(row))
            kept = (
                update(ContactImport)
                .where(ContactImport.id == row.id, ContactImport.choices == row.choices)
                .values(review=counted)
            )
            async with self._database.transaction() as session:
                await session.execute(kept)
            row.review = counted
        return review_of(row, row.review)

    async def choose(
        self,
        actor: Actor,
        import_id: int,
        *,
        choices: Choices | None = None,
        duplicates: DuplicatePolicy | None = None,
        niche: str | Unset | None = UNSET,
        attributes: Mapping[str, str] | None = None,
    ) -> None:
        """Change how the file is read, or what holds for all of it; what is not named stays as it is.

        `niche` is the interest of rows that name none, `attributes` what everybody gets whose row does not say
        otherwise. Raises InvalidInputError, and ConflictError once it has begun.
        """
        actor.must_be(Role.OPERATOR)
        changes: dict[str, Any] = {}
        if choices is not None:
            async with self._database.transaction() as session:
                row = await _load(session, actor, import_id, content=True)
                country = (await session.get_one(Workspace, actor.workspace_id)).country
            layout = await asyncio.to_thread(lay_out, _kept(row).data, row.file_name, country, choices)
            changes |= {"choices": layout.choices.to_json(), "review": None}
        if duplicates is not None:
            changes["duplicates"] = duplicates
        if niche is not UNSET:
            changes["niche"] = clean_niche(niche)
        if attributes is not None:
            changes["attributes"] = _clean_attributes(attributes)
        async with self._database.transaction() as session:
            row = await _load(session, actor, import_id, lock=True)
            if row.status is not ImportStatus.REVIEWED:
                raise ConflictError(_BEGUN)
            for name, value in changes.items():
                setattr(row, name, value)

    async def start(self, actor: Actor, import_id: int, source: ConsentSource | None, evidence: str = "") -> None:
        """Make the list and have an engine take the people in. Idempotent.

        `source` is where these people opted in; None means that nobody knows, and they cannot be sent to. Raises
        InvalidInputError when nothing of the file can be used.
        """
        actor.must_be(Role.OPERATOR)
        review = await self.review(actor, import_id)
        if not review.contacts:
            first = f"; {review.reasons[0]}" if review.reasons else ""
            raise InvalidInputError(f"None of the {review.rejected} rows can be used{first}.")
        now = self._clock.now()
        async with self._database.transaction() as session:
            row = await _load(session, actor, import_id, lock=True)
            if row.status is not ImportStatus.REVIEWED:
                return
            if row.review is None:
                raise ConflictError("Somebody has just changed how this file is read. Look at it again.")
            zone = ZoneInfo((await session.get_one(Workspace, actor.workspace_id)).time_zone)
            local = now.astimezone(zone)
            people = ContactList(
                workspace_id=actor.workspace_id,
                name=f"{PurePath(row.file_name).stem[:_LONGEST_FILE_NAME]} · {local.day} {local:%b %Y}",
                created_by=actor.operator_id,
                created_at=now,
            )
            session.add(people)
            await session.flush()
            row.list_id, row.status, row.rows_total = people.id, ImportStatus.RUNNING, row.review["last_row"]
            row.source, row.evidence = source, " ".join(evidence.replace("\0", "").split())[:_LONGEST_EVIDENCE]
            row.started_by, row.started_at = actor.operator_id, now
            actor.record(session, now, "contacts.start_import", import_id, file=row.file_name, source=source)

    # --- while it runs --------------------------------------------------------------------------------------

    async def progress(self, actor: Actor, import_id: int) -> ImportProgress:
        async with self._database.transaction() as session:
            row = await _load(session, actor, import_id)
            return progress_of(row, await session.scalar(select(ContactList.name).where(_is_list_of(row))))

    async def recent(self, actor: Actor, limit: int = 10) -> list[ImportProgress]:
        """Those that were started, newest first."""
        query = (
            select(ContactImport, ContactList.name)
            .outerjoin(ContactList, ContactList.id == ContactImport.list_id)
            .where(
                ContactImport.workspace_id == actor.workspace_id,
                ContactImport.status != ImportStatus.REVIEWED,
            )
            .order_by(ContactImport.id.desc())
            .limit(limit)
        )
        async with self._database.transaction() as session:
            return [progress_of(row, name) for row, name in await session.execute(query)]

    async def cancel(self, actor: Actor, import_id: int) -> None:
        """Take no more of it in, from the batch on that is being written; what is in stays. Idempotent."""
        actor.must_be(Role.OPERATOR)
        now = self._clock.now()
        async with self._database.transaction() as session:
            row = await _load(session, actor, import_id, lock=True)
            if row.status is ImportStatus.CANCELLED:
                return
            if row.status is not ImportStatus.RUNNING:
                raise ConflictError("This import does not run: there is nothing to cancel.")
            row.status, row.ended_at, row.taken_until = ImportStatus.CANCELLED, now, None
            actor.record(session, now, "contacts.cancel_import", import_id, rows_done=row.rows_done)

    async def go_on(self, actor: Actor, import_id: int) -> None:
        """Go on with what was cancelled, or try again what has failed. Idempotent."""
        actor.must_be(Role.OPERATOR)
        now = self._clock.now()
        async with self._database.transaction() as session:
            row = await _load(session, actor, import_id, lock=True)
            if row.status in {ImportStatus.RUNNING, ImportStatus.UNDOING}:
                return
            if row.status not in {ImportStatus.CANCELLED, ImportStatus.FAILED}:
                raise ConflictError("Only an import that was cancelled or has failed can go on.")
            if not row.undo:
                if await session.scalar(_has_no_file(import_id)):
                    raise ConflictError(_NO_FILE)
                there = select(ContactList.id).where(_is_list_of(row)).with_for_update(read=True, key_share=True)
                if await session.scalar(there) is None:  # nor can it go until this is committed
                    raise ConflictError(_NO_LIST)
            _begin(row, ImportStatus.UNDOING if row.undo else ImportStatus.RUNNING)
            actor.record(session, now, "contacts.go_on_importing", import_id, rows_done=row.rows_done)

    # --- after it -------------------------------------------------------------------------------------------

    async def rejects(self, actor: Actor, import_id: int) -> tuple[str, bytes]:
        """Read what could not be used: the name of a file, and a CSV of the rows, each with its reason."""
        async with self._database.transaction() as session:
            row = await _load(session, actor, import_id, content=True)
        return f"{PurePath(row.file_name).stem} rejects.csv", await rejects_of(_kept(row))

    async def before_undo(self, actor: Actor, import_id: int) -> UndoPreview:
        """Count whom undoing it would touch."""
        async with self._database.transaction() as session:
            row = await _load(session, actor, import_id)
            undoing = _undoing(row)
            people = await undo_store.foresee(session, undoing)
            put_back = await undo_store.count_changes(session, import_id)
            in_use = await undo_store.list_in_use(session, actor.workspace_id, undoing.list_id)
        removed = people.pop(None, 0)
        kept = {KeptReason(reason): count for reason, count in people.items() if reason}
        return UndoPreview(removed, put_back, kept, in_use)

    async def undo(self, actor: Actor, import_id: int) -> None:
        """Have an engine take it back, as far as nothing has happened since. Idempotent."""
        actor.must_be(Role.OPERATOR)
        now = self._clock.now()
        async with self._database.transaction() as session:
            row = await _load(session, actor, import_id, lock=True)
            if row.status in {ImportStatus.UNDOING, ImportStatus.UNDONE}:
                return
            if row.status is ImportStatus.RUNNING:
                raise ConflictError("This import still runs. Cancel it first.")
            _undoing(row)
            row.undo = True
            _begin(row, ImportStatus.UNDOING)
            actor.record(session, now, "contacts.begin_undo", import_id, file=row.file_name)


async def forget_files(database: Database, now: datetime) -> int:
    """Drop the files of imports that are over, and what was only looked at, after a month; how many.

    With a file go the names and numbers that were shown of it.
    """
    old = {"before": now - KEEP_FILES}
    async with database.transaction() as session:
        unused: Any = await session.execute(text(FORGET_UNUSED), old)
        dropped: Any = await session.execute(text(FORGET_FILES), old)
    return int(unused.rowcount + dropped.rowcount)


FORGET_UNUSED = "DELETE FROM imports WHERE status = 'reviewed' AND created_at < :before"
FORGET_FILES = """
UPDATE imports SET content = NULL, review = review || '{"samples": [], "reasons": []}'
 WHERE content IS NOT NULL AND status NOT IN ('reviewed', 'running', 'undoing') AND created_at < :before
"""


async def _load(
    session: Session, actor: Actor, import_id: int, *, content: bool = False, lock: bool = False
) -> ContactImport:
    query = select(ContactImport).where(
        ContactImport.id == import_id, ContactImport.workspace_id == actor.workspace_id
    )
    if content:
        query = query.options(undefer(ContactImport.content))
    row = await session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFoundError("There is no such import any more.")
    return row


def _kept(row: ContactImport) -> KeptFile:
    if row.content is None:
        raise ConflictError(_NO_FILE)
    return KeptFile(row.content, row.file_name, Choices.from_json(row.choices))


def _has_no_file(import_id: int) -> Any:
    return select(ContactImport.content.is_(None)).where(ContactImport.id == import_id)


def _begin(row: ContactImport, status: ImportStatus) -> None:
    row.status, row.failure, row.ended_at = status, None, None
    row.attempts, row.taken_until = 0, None  # whoever still holds it finds that out at the next batch


def _undoing(row: ContactImport) -> Undoing:
    if row.list_id is None or row.started_at is None or row.status is ImportStatus.UNDONE:
        raise ConflictError("There is nothing of this import to undo.")
    return Undoing(row.workspace_id, row.id, row.list_id, row.started_at, row.created_from, row.created_to)


def _is_list_of(row: ContactImport) -> Any:
    return (ContactList.id == row.list_id) & (ContactList.workspace_id == row.workspace_id)


def _clean_attributes(attributes: Mapping[str, str]) -> dict[str, str]:
    """Name them as the columns of a file are named: snake_case. Raises InvalidInputError."""
    if len(attributes) > _MOST_ATTRIBUTES:
        raise InvalidInputError(f"At most {_MOST_ATTRIBUTES} attributes can be given to a whole file.")
    cleaned = {}
    for label, value in attributes.items():
        key = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", label[:_LONGEST_KEY]).casefold()).strip("_")
        if not key or key[0].isdigit() or key in _RESERVED:
            raise InvalidInputError(f"“{label}” cannot be the name of an attribute. Use a word, such as “city”.")
        if words := " ".join(value.replace("\0", "").split())[:_LONGEST_VALUE]:
            cleaned[key] = words
    return cleaned
