"""Importing a contact file: what it would do, and doing it in one transaction."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import PurePath
from zoneinfo import ZoneInfo

from engine.actor import Actor
from engine.clock import Clock
from engine.contacts import store
from engine.contacts.reading import ReadContact, RejectedRow, open_contacts
from engine.database import Database
from engine.errors import InvalidInputError
from engine.sequences.intake import JoinedByItself, NewLead, join_new_leads, open_to_new_leads
from models.enums import ConsentSource, Role

_LONGEST_FILE_NAME = 60


@dataclass(frozen=True, slots=True)
class WholeFile:
    """What was read, and as what: the columns by their labels in the file."""

    contacts: tuple[ReadContact, ...]
    rejected: tuple[RejectedRow, ...]
    blank_rows: int
    labels: tuple[str, ...]
    phone_column: str
    name_columns: tuple[str, ...]
    niche_column: str | None


@dataclass(frozen=True, slots=True)
class ImportPreview:
    """`new` and `known` add up to the contacts of the file; `opted_out` of them stay out."""

    file: WholeFile
    new: int
    known: int
    opted_out: int


@dataclass(frozen=True, slots=True)
class ImportResult:
    """`created` and `updated` add up to the contacts of the file; `opted_out` of them stay out."""

    list_id: int
    list_name: str
    created: int
    updated: int
    opted_out: int
    file: WholeFile
    without_consent: bool  # nobody knows where they opted in: who had no permission before has none now
    by_themselves: tuple[JoinedByItself, ...]  # the sequences that their interests led them into

    @property
    def rejected(self) -> tuple[RejectedRow, ...]:
        return self.file.rejected


class ContactImports:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def preview(self, actor: Actor, data: bytes, file_name: str) -> ImportPreview:
        """Say what an import would do. Raises InvalidInputError when the file cannot be read."""
        actor.must_be(Role.OPERATOR)
        file = await self._read(actor, data, file_name)
        phones = [contact.phone for contact in file.contacts]
        async with self._database.transaction() as session:
            counts = await store.count_known(session, actor.workspace_id, phones)
        return ImportPreview(file, len(phones) - counts.known, counts.known, counts.opted_out)

    async def run(
        self,
        actor: Actor,
        *,
        data: bytes,
        file_name: str,
        source: ConsentSource | None,
        evidence: str = "",
        niche: str | None = None,
    ) -> ImportResult:
        """Import all rows that can be read, as one list; all of them or, on any error, none.

        `source` is where these people opted in; None means that nobody knows, and they cannot be sent to.
        `niche` is the interest of the rows that name none. Raises InvalidInputError when nothing can be read.
        """
        actor.must_be(Role.OPERATOR)
        file = await self._read(actor, data, file_name)
        if not file.contacts:
            first = file.rejected[0]
            raise InvalidInputError(
                f"None of the {len(file.rejected)} rows can be used; row {first.row}: {first.reason}."
            )
        rows = await asyncio.to_thread(_as_records, file)
        now, workspace_id, by = self._clock.now(), actor.workspace_id, actor.operator_id
        async with self._database.transaction() as session:
            zone = ZoneInfo((await store.workspace(session, workspace_id)).time_zone)
            local = now.astimezone(zone)
            sequences = await open_to_new_leads(session, workspace_id)
            name = f"{PurePath(file_name).stem[:_LONGEST_FILE_NAME]} · {local.day} {local:%b %Y}"
            await store.copy_incoming(session, rows)
            created = await store.upsert_contacts(session, workspace_id, now)
            opted_out = await store.keep_opt_outs(session, workspace_id)
            if source is not None:
                proof = f"{file_name}: {evidence}" if evidence else file_name
                await store.record_opt_ins(session, workspace_id, source=source, evidence=proof, at=now, by=by)
            added = await store.add_leads(session, workspace_id, (niche or "").strip() or None, now)
            leads = [NewLead(lead.contact_id, lead.niche) for lead in added]
            by_themselves = await join_new_leads(session, actor, sequences, leads, now)
            list_id = await store.make_list(session, workspace_id, name=name, by=by, at=now)
            updated = len(file.contacts) - created
            actor.record(
                session, now, "contacts.import", list_id,
                file=file_name, created=created, updated=updated, rejected=len(file.rejected),
                opted_out=opted_out, source=source,
            )  # fmt: skip
        return ImportResult(
            list_id, name, created, updated, opted_out, file,
            without_consent=source is None, by_themselves=tuple(by_themselves),
        )  # fmt: skip

    async def _read(self, actor: Actor, data: bytes, file_name: str) -> WholeFile:
        async with self._database.transaction() as session:
            country = (await store.workspace(session, actor.workspace_id)).country
        return await asyncio.to_thread(_read_whole, data, file_name, country)


def _as_records(file: WholeFile) -> list[tuple[str, str, str | None, str]]:
    return [
        (contact.phone, contact.name, contact.niche, json.dumps(contact.attributes)) for contact in file.contacts
    ]


def _read_whole(data: bytes, file_name: str, country: str) -> WholeFile:
    with open_contacts(data, file_name, country) as file:
        batches = list(file.batches(10_000))
        choices, labels = file.choices, file.labels
    niche = choices.niche
    return WholeFile(
        contacts=tuple(contact for batch in batches for contact in batch.contacts),
        rejected=tuple(row for batch in batches for row in batch.rejected),
        blank_rows=sum(batch.blank_rows for batch in batches),
        labels=labels,
        phone_column=labels[choices.phone or 0],
        name_columns=tuple(labels[position] for position in choices.names or ()),
        niche_column=None if niche is None or niche < 0 else labels[niche],
    )
