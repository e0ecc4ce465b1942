"""Contacts as a CSV file, read and written a page at a time: memory stays bounded whatever their number."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from engine.actor import Actor
from engine.clock import Clock
from engine.contacts.rejects import BOM, csv_lines
from engine.database import Database
from engine.errors import NotFoundError
from models.enums import ConsentState, Role

PART = 150_000  # people in a file: Telegram takes files of 50 MB from a bot
PAGE = 5_000  # people that are in memory at a time
MOST_ATTRIBUTES = 60  # columns; what only a few have beyond that is left out

_CHOSEN = """
  FROM contacts c
 WHERE c.workspace_id = :workspace AND NOT c.unlisted
   AND (CAST(:list AS bigint) IS NULL
        OR EXISTS (SELECT FROM list_members m WHERE m.list_id = CAST(:list AS bigint) AND m.contact_id = c.id))
"""
LIST = "SELECT name FROM lists WHERE id = :list AND workspace_id = :workspace"
COUNT = f"SELECT count(*) {_CHOSEN}"
# Where each part but the first begins.
PARTS = f"""
SELECT n.id - 1 FROM (SELECT c.id, row_number() OVER (ORDER BY c.id) - 1 AS before {_CHOSEN}) n
 WHERE n.before > 0 AND n.before % :part = 0 ORDER BY n.id
"""
ATTRIBUTES = f"""
SELECT k.key, count(*) AS contacts
  FROM (SELECT c.attributes {_CHOSEN} AND c.attributes <> '{{}}') a, jsonb_object_keys(a.attributes) AS k(key)
 GROUP BY k.key ORDER BY count(*) DESC, k.key LIMIT :most
"""
ROWS = f"""
SELECT c.id, c.phone, c.name, c.attributes, c.time_zone,
       CASE WHEN EXISTS (SELECT FROM suppressions x WHERE x.workspace_id = :workspace AND x.phone = c.phone)
            THEN 'opted_out' ELSE c.consent END AS consent,
       ARRAY(SELECT CASE WHEN l.status = 'customer' THEN l.niche || ' (customer)' ELSE l.niche END
               FROM leads l WHERE l.contact_id = c.id ORDER BY lower(l.niche)) AS niches,
       (SELECT k.source || coalesce(nullif(': ' || k.evidence, ': '), '') FROM consents k
         WHERE k.contact_id = c.id ORDER BY k.recorded_at DESC, k.id DESC LIMIT 1) AS evidence
{_CHOSEN}
   AND c.id > :after AND (CAST(:up_to AS bigint) IS NULL OR c.id <= CAST(:up_to AS bigint))
 ORDER BY c.id LIMIT :most
"""
HEADER = ("Phone", "Name", "Interests", "Permission", "Evidence", "Time zone")
PERMISSIONS = {ConsentState.OPTED_IN: "can be sent to", ConsentState.OPTED_OUT: "opted out", None: "no permission"}


@dataclass(frozen=True, slots=True)
class Part:
    """The contacts with ids above `after` and up to `up_to` (None: all the rest)."""

    after: int
    up_to: int | None


@dataclass(frozen=True, slots=True)
class ContactExport:
    """A file for each part. It is read from the database while it is written."""

    name: str  # what it is of, without an ending
    people: int
    attributes: tuple[str, ...]
    parts: tuple[Part, ...]
    _database: Database
    _about: dict[str, Any]

    async def read(self, part: Part) -> AsyncIterator[bytes]:
        """UTF-8 with BOM, as Excel wants it; no cell can run as a formula there."""
        yield BOM + csv_lines([(*HEADER, *self.attributes)])
        after = part.after
        while True:
            values = {**self._about, "after": after, "up_to": part.up_to, "most": PAGE}
            async with self._database.transaction() as session:
                rows = (await session.execute(text(ROWS), values)).all()
            if rows:
                yield csv_lines([self._cells(row) for row in rows])
            if len(rows) < PAGE:
                return
            after = rows[-1].id

    def _cells(self, row: Any) -> tuple[str, ...]:
        consent = ConsentState(row.consent) if row.consent else None
        own = (
            row.phone,
            row.name,
            ", ".join(row.niches),
            PERMISSIONS[consent],
            row.evidence or "",
            row.time_zone or "",
        )
        return (*own, *(str(row.attributes.get(key, "")) for key in self.attributes))


class ContactExports:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def prepare(self, actor: Actor, list_id: int | None = None) -> ContactExport:
        """Say what a file of a list, or (None) of everybody, is made of. It is in the audit log who took it."""
        actor.must_be(Role.OPERATOR)
        about = {"workspace": actor.workspace_id, "list": list_id}
        async with self._database.transaction() as session:
            name = "contacts"
            if list_id is not None:
                name = await session.scalar(text(LIST), about)
                if name is None:
                    raise NotFoundError("This list does not exist any more.")
            people: int = (await session.execute(text(COUNT), about)).scalar_one()
            ends = list(await session.scalars(text(PARTS), {**about, "part": PART}))
            keys = (await session.execute(text(ATTRIBUTES), {**about, "most": MOST_ATTRIBUTES})).all()
            actor.record(session, self._clock.now(), "contacts.export", list_id, people=people)
        parts = (Part(after, up_to) for after, up_to in zip([0, *ends], [*ends, None], strict=True))
        return ContactExport(name, people, tuple(row.key for row in keys), tuple(parts), self._database, about)
