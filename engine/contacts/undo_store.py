"""The SQL of undoing an import: who goes, what is put back, and what has happened since that forbids it.

Whom it created goes, unless something has happened to them since: then they stay, with all that they have. Who
was in the book before is put back, value by value, as far as nobody has changed it since. Permission goes where
nothing else bears witness to it, unless something has gone out on the strength of it: then it is evidence. Opting
out is never undone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text

from engine.contacts.lists import ASKS_FOR_LIST
from engine.transactions import Session

ROWS = 2_000  # people in a transaction

# Why somebody whom the import created is kept; the first reason counts. Who had opted out before they were
# imported may go: nothing has happened since, and the suppression stays.
KEPT = """
    CASE WHEN (c.consent = 'opted_out' OR EXISTS (
                  SELECT FROM suppressions s WHERE s.workspace_id = c.workspace_id AND s.phone = c.phone))
              AND NOT EXISTS (SELECT FROM consents k WHERE k.contact_id = c.id AND k.state = 'opted_out'
                                 AND k.import_id = c.import_id) THEN 'opted_out'
         WHEN EXISTS (SELECT FROM inbound_messages r WHERE r.contact_id = c.id) THEN 'replied'
         WHEN EXISTS (SELECT FROM messages m WHERE m.contact_id = c.id) THEN 'messages'
         WHEN EXISTS (SELECT FROM sequence_contacts e WHERE e.contact_id = c.id) THEN 'sequences'
         WHEN EXISTS (SELECT FROM list_members l WHERE l.contact_id = c.id AND l.list_id <> :list)
           OR EXISTS (SELECT FROM consents k WHERE k.contact_id = c.id
                         AND k.import_id IS DISTINCT FROM c.import_id)
           OR EXISTS (SELECT FROM leads l WHERE l.contact_id = c.id
                         AND (l.import_id IS DISTINCT FROM c.import_id OR l.status <> 'prospect'))
           OR c.id IN (SELECT a.subject_id FROM audit_log a
                        WHERE a.workspace_id = :workspace AND a.at >= :since AND a.action LIKE 'contact.%')
         THEN 'elsewhere' END
"""
CREATED = """
      FROM contacts c
     WHERE c.workspace_id = :workspace AND c.import_id = :import AND c.id BETWEEN :first AND :last
"""
FORESEE = text(f"SELECT {KEPT} AS reason, count(*) AS people {CREATED} GROUP BY 1")
COUNT_CHANGES = text("SELECT count(*) FROM import_changes WHERE import_id = :import")

# Locked before it is asked what has happened to them: who is just writing about them is through by then.
LOCK_CREATED = text(f"SELECT c.id {CREATED} ORDER BY c.id LIMIT :rows FOR UPDATE OF c")
REMOVE = text(f"""
    WITH seen AS MATERIALIZED (
        SELECT c.id, {KEPT} AS reason FROM contacts c
         WHERE c.workspace_id = :workspace AND c.id = ANY(CAST(:ids AS bigint[])))
    DELETE FROM contacts c USING seen WHERE c.id = seen.id AND seen.reason IS NULL
""")
ADVANCE = text("""
    UPDATE imports
       SET attempts = 0, taken_until = clock_timestamp() + CAST(:lease AS interval)
     WHERE id = :import AND taken_until = :taken_until AND status = 'undoing'
    RETURNING taken_until, created_from
""")
LOOKED_AT = text("UPDATE imports SET created_from = :last + 1 WHERE id = :import")

LOCK_CHANGED = text("""
    SELECT c.id FROM contacts c
     WHERE c.workspace_id = :workspace AND c.id IN (
           SELECT contact_id FROM import_changes WHERE import_id = :import ORDER BY contact_id LIMIT :rows)
     ORDER BY c.id
       FOR NO KEY UPDATE OF c
""")
PUT_BACK = text("""
    WITH change AS MATERIALIZED (
        DELETE FROM import_changes g
         WHERE g.import_id = :import AND g.contact_id IN (
               SELECT contact_id FROM import_changes WHERE import_id = :import ORDER BY contact_id LIMIT :rows)
        RETURNING *),
    found AS MATERIALIZED (
        SELECT g.*,
               EXISTS (SELECT FROM consents k
                        WHERE k.contact_id = c.id AND k.state = 'opted_in' AND k.import_id = :import)
               AND NOT EXISTS (SELECT FROM consents k
                                WHERE k.contact_id = c.id AND k.state = 'opted_in'
                                  AND k.import_id IS DISTINCT FROM :import) AS only_witness,
               EXISTS (SELECT FROM messages m
                        WHERE m.contact_id = c.id
                          AND (m.claimed_at >= :since
                               OR (m.outcome IS NULL  -- on its way
                                   AND NOT EXISTS (SELECT FROM queue q WHERE q.message_id = m.id)))) AS written_to,
               g.unlisted
               AND NOT EXISTS (SELECT FROM list_members l WHERE l.contact_id = c.id AND l.list_id <> :list)
               AND NOT EXISTS (SELECT FROM sequence_contacts e WHERE e.contact_id = c.id) AS unlist
          FROM change g JOIN contacts c ON c.id = g.contact_id
         WHERE c.workspace_id = :workspace AND NOT c.unlisted),
    uninterested AS (
        DELETE FROM leads l USING found
         WHERE l.contact_id = found.contact_id AND l.import_id = :import AND l.status = 'prospect'),
    unpermitted AS (
        DELETE FROM consents k USING found
         WHERE k.contact_id = found.contact_id AND k.import_id = :import AND k.state = 'opted_in'
           AND NOT (found.only_witness AND found.written_to)),
    back AS (
        UPDATE contacts c
           SET name = CASE WHEN c.name = found.given_name THEN found.name ELSE c.name END,
               attributes = (
                   SELECT coalesce(jsonb_object_agg(kept.key, kept.value), '{}') FROM (
                       SELECT n.key, n.value FROM jsonb_each(c.attributes) n
                        WHERE found.given -> n.key IS DISTINCT FROM n.value
                        UNION ALL
                       SELECT o.key, o.value FROM jsonb_each(found.attributes) o
                        WHERE found.given -> o.key = c.attributes -> o.key) kept),
               consent = CASE WHEN c.consent = 'opted_in' AND found.only_witness AND NOT found.written_to THEN NULL
                              ELSE c.consent END,
               unlisted = found.unlist
          FROM found
         WHERE c.id = found.contact_id)
    SELECT count(*) AS people FROM change
""")

# A list that a campaign is for, or that a segment asks for, stays, with whoever is still in it.
IN_USE = f"""
    EXISTS (SELECT FROM campaigns WHERE workspace_id = :workspace AND list_id = :list)
    OR EXISTS (SELECT FROM segments WHERE workspace_id = :workspace AND {ASKS_FOR_LIST})
"""
LIST_IN_USE = text(f"SELECT {IN_USE}")
DROP_LIST = text(f"DELETE FROM lists WHERE workspace_id = :workspace AND id = :list AND NOT ({IN_USE})")
UNDONE = text("""
    UPDATE imports SET status = 'undone', ended_at = :at, failure = NULL, taken_until = NULL
     WHERE id = :import AND taken_until = :taken_until AND status = 'undoing'
""")


@dataclass(frozen=True, slots=True)
class Undoing:
    """What of an import an undo needs to know."""

    workspace: int
    import_id: int
    list_id: int
    since: datetime  # when it was started
    first_id: int | None  # of those whom it created, and who are still to be looked at
    last_id: int | None

    def values(self, **more: object) -> dict[str, Any]:
        about = {
            "workspace": self.workspace, "import": self.import_id, "list": self.list_id, "since": self.since,
            "first": self.first_id, "last": self.last_id, "rows": ROWS,
        }  # fmt: skip
        return {**about, **more}


async def foresee(session: Session, undoing: Undoing) -> dict[str | None, int]:
    """How many of those it created would be kept, by reason; None: would go."""
    return {row.reason: row.people for row in await session.execute(FORESEE, undoing.values())}


async def count_changes(session: Session, import_id: int) -> int:
    return int((await session.execute(COUNT_CHANGES, {"import": import_id})).scalar_one())


async def list_in_use(session: Session, workspace_id: int, list_id: int) -> bool:
    return bool(await session.scalar(LIST_IN_USE, {"workspace": workspace_id, "list": list_id}))


async def advance(session: Session, undoing: Undoing, taken_until: datetime, lease: timedelta) -> Row[Any] | None:
    """Begin a batch of an undo: (taken_until, created_from); None when somebody else has taken it."""
    values = {"import": undoing.import_id, "taken_until": taken_until, "lease": lease}
    return (await session.execute(ADVANCE, values)).one_or_none()


async def lock_created(session: Session, undoing: Undoing, first_id: int | None) -> Sequence[int]:
    """Lock the next of those whom it created, from that id on."""
    return list(await session.scalars(LOCK_CREATED, undoing.values(first=first_id)))


async def remove(session: Session, undoing: Undoing, ids: Sequence[int]) -> int:
    """Remove those of these people to whom nothing has happened; return how many. The next are beyond them."""
    done: Any = await session.execute(REMOVE, undoing.values(ids=list(ids)))
    await session.execute(LOOKED_AT, {"import": undoing.import_id, "last": max(ids)})
    return int(done.rowcount)


async def put_back(session: Session, undoing: Undoing) -> int:
    """Put the next of those whom it changed back; return how many that were, 0 when there is nobody left."""
    await session.execute(LOCK_CHANGED, undoing.values())
    return int((await session.execute(PUT_BACK, undoing.values())).scalar_one())


async def end(session: Session, undoing: Undoing, taken_until: datetime, at: datetime) -> bool:
    """Drop the list and call the import undone; False when somebody else has taken it."""
    done: Any = await session.execute(UNDONE, undoing.values(taken_until=taken_until, at=at))
    if done.rowcount:
        await session.execute(DROP_LIST, undoing.values())
    return bool(done.rowcount)


def undoing(row: Row[Any]) -> Undoing:
    return Undoing(row.workspace_id, row.id, row.list_id, row.started_at, row.created_from, row.created_to)
