"""The SQL of imports: who works on which, and a batch of people on its way into the tables.

The row of the import is locked first, then sequences, then contacts, new ones before known ones and each in the
order of their phones: two imports of the same people take turns.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text

from engine.transactions import Session
from models.enums import ConsentSource, DuplicatePolicy

# --- who works on what --------------------------------------------------------------------------------------

# What somebody works on is left alone until they have been silent for as long as they said.
TAKE = text("""
    UPDATE imports SET taken_until = clock_timestamp() + CAST(:lease AS interval), attempts = attempts + 1
     WHERE id = (SELECT id FROM imports
                  WHERE status IN ('running', 'undoing')
                    AND (taken_until IS NULL OR taken_until < clock_timestamp())
                  ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, workspace_id, status, file_name, content, choices, duplicates, niche, attributes, source,
              evidence, list_id, rows_done, created_from, created_to, started_by, started_at, taken_until, attempts
""")
EXTEND = text("""
    UPDATE imports SET taken_until = clock_timestamp() + CAST(:lease AS interval)
     WHERE id = :id AND taken_until = :taken_until AND status IN ('running', 'undoing')
    RETURNING taken_until
""")
RELEASE = text("""
    UPDATE imports SET taken_until = clock_timestamp() + CAST(:pause AS interval), attempts = :attempts
     WHERE id = :id AND taken_until = :taken_until
""")
FAIL = text("""
    UPDATE imports SET status = 'failed', failure = :failure, ended_at = :at, taken_until = NULL
     WHERE id = :id AND taken_until = :taken_until AND status IN ('running', 'undoing')
""")
# The fence. Whoever has done this batch, or cancelled the import, has changed what is asked for here.
FENCE = text("""
    UPDATE imports
       SET rows_done = :rows_done, rejected = rejected + :rejected, attempts = 0,
           taken_until = clock_timestamp() + CAST(:lease AS interval)
     WHERE id = :id AND rows_done = :expected AND status = 'running'
    RETURNING taken_until, joined
""")
COUNT = text("""
    UPDATE imports
       SET created = created + :created, updated = updated + :updated, skipped = skipped + :skipped,
           opted_out = opted_out + :opted_out, joined = CAST(:joined AS jsonb),
           created_from = least(created_from, :first_id), created_to = greatest(created_to, :last_id)
     WHERE id = :id
""")
FINISH = text("""
    UPDATE imports SET status = 'done', rows_total = rows_done, ended_at = :at, failure = NULL, taken_until = NULL
     WHERE id = :id AND rows_done = :expected AND status = 'running'
    RETURNING created, updated, skipped, rejected, opted_out
""")


async def take(session: Session, lease: timedelta) -> Row[Any] | None:
    """Take what waits longest and nobody works on."""
    return (await session.execute(TAKE, {"lease": lease})).one_or_none()


async def release(
    session: Session, import_id: int, taken_until: datetime, *, attempts: int, pause: timedelta
) -> None:
    """Let whoever comes first after the pause go on with it."""
    values = {"id": import_id, "taken_until": taken_until, "attempts": attempts, "pause": pause}
    await session.execute(RELEASE, values)


async def fail(session: Session, import_id: int, taken_until: datetime, failure: str, at: datetime) -> bool:
    """Give it up until somebody asks to go on; False when somebody else has taken it."""
    values = {"id": import_id, "taken_until": taken_until, "failure": failure, "at": at}
    done: Any = await session.execute(FAIL, values)
    return bool(done.rowcount)


async def finish(session: Session, import_id: int, rows_done: int, at: datetime) -> Row[Any] | None:
    """Call it done; its counts, or None when it is not at that row, or to go on no more."""
    values = {"id": import_id, "expected": rows_done, "at": at}
    return (await session.execute(FINISH, values)).one_or_none()


async def extend(session: Session, import_id: int, taken_until: datetime, lease: timedelta) -> datetime | None:
    """Say that it is still worked on; None when somebody else has taken it, or it is to be worked on no more."""
    values = {"id": import_id, "taken_until": taken_until, "lease": lease}
    until: datetime | None = await session.scalar(EXTEND, values)
    return until


# --- a batch ------------------------------------------------------------------------------------------------

MAKE_INCOMING = text("""
    CREATE TEMP TABLE incoming (phone text, name text, niche text, attributes jsonb) ON COMMIT DROP
""")

COUNT_INCOMING = text("""
    SELECT count(c.id) AS known, count(s.id) AS opted_out
      FROM incoming i
      LEFT JOIN contacts c ON c.workspace_id = :workspace AND c.phone = i.phone AND NOT c.unlisted
      LEFT JOIN suppressions s ON s.workspace_id = :workspace AND s.phone = i.phone
""")

# Those who were in the book already, locked, as they are found and as they will be. Nobody opts out in between:
# that changes their row. An operator's own phone, so far for their tests alone, is filled in whatever the policy.
# They are looked up one by one: there are no statistics yet of what an import is just filling, and a plan that
# reads all contacts for each batch would do.
MAKE_KNOWN = text("""
    CREATE TEMP TABLE known (
        contact_id bigint, phone text, name text, attributes jsonb, consent text, unlisted boolean,
        given_name text, given jsonb, consent_after text, niche text, filled boolean) ON COMMIT DROP
""")
FIND_KNOWN = text("""
    INSERT INTO known
    SELECT c.id, c.phone, c.name, c.attributes, c.consent, c.unlisted,
           coalesce(nullif(i.name, ''), c.name), CAST(:attributes AS jsonb) || i.attributes,
           CASE WHEN c.consent = 'opted_out' OR EXISTS (
                     SELECT FROM suppressions s WHERE s.workspace_id = :workspace AND s.phone = i.phone)
                THEN 'opted_out'
                WHEN (NOT :skip OR c.unlisted) AND CAST(:source AS text) IS NOT NULL THEN 'opted_in'
                ELSE c.consent END,
           coalesce(nullif(i.niche, ''), :niche), NOT :skip OR c.unlisted
      FROM (SELECT * FROM incoming ORDER BY phone) i
     CROSS JOIN LATERAL (
           SELECT * FROM contacts
            WHERE workspace_id = :workspace AND phone = i.phone AND import_id IS DISTINCT FROM :import
              FOR NO KEY UPDATE) c
""")

# One statement for all that is written of new people: their ids go from one insertion to the next.
ADD_NEW = text("""
    WITH new AS (
        INSERT INTO contacts (workspace_id, phone, name, attributes, consent, import_id, created_at)
        SELECT :workspace, i.phone, i.name, CAST(:attributes AS jsonb) || i.attributes,
               CASE WHEN s.id IS NOT NULL THEN 'opted_out'
                    WHEN CAST(:source AS text) IS NOT NULL THEN 'opted_in' END, :import, :at
          FROM incoming i
          LEFT JOIN suppressions s ON s.workspace_id = :workspace AND s.phone = i.phone
         ORDER BY i.phone
        ON CONFLICT (workspace_id, phone) DO NOTHING
        RETURNING id, phone, consent),
    members AS (
        INSERT INTO list_members (list_id, contact_id, workspace_id) SELECT :list, id, :workspace FROM new),
    permitted AS (
        INSERT INTO consents
               (workspace_id, contact_id, state, source, evidence, recorded_at, recorded_by, import_id)
        SELECT :workspace, id, 'opted_in', CAST(:source AS text), :evidence, :at, :by, :import
          FROM new WHERE consent = 'opted_in'),
    out AS (
        INSERT INTO consents (workspace_id, contact_id, state, source, evidence, recorded_at, import_id)
        SELECT :workspace, new.id, 'opted_out', s.source, s.evidence, s.created_at, :import
          FROM new JOIN suppressions s ON s.workspace_id = :workspace AND s.phone = new.phone
         WHERE new.consent = 'opted_out'),
    interested AS (
        INSERT INTO leads (workspace_id, contact_id, niche, import_id, created_at)
        SELECT :workspace, new.id, coalesce(nullif(i.niche, ''), :niche), :import, :at
          FROM new JOIN incoming i ON i.phone = new.phone
         WHERE coalesce(nullif(i.niche, ''), :niche) IS NOT NULL
        RETURNING contact_id, niche),
    wanted AS (
        SELECT * FROM interested
         WHERE cardinality(CAST(:wanted AS text[])) > 0 AND lower(niche) = ANY(CAST(:wanted AS text[])))
    SELECT count(*) AS created, min(id) AS first_id, max(id) AS last_id,
           count(*) FILTER (WHERE consent = 'opted_out') AS opted_out,
           (SELECT array_agg(contact_id) FROM wanted) AS lead_ids,
           (SELECT array_agg(niche) FROM wanted) AS lead_niches
      FROM new
""")

# What is the same already is not written again: neither a person's row nor the same evidence.
FILL_IN_KNOWN = text("""
    WITH filled AS (
        UPDATE contacts c
           SET name = k.given_name, attributes = c.attributes || k.given, unlisted = false,
               consent = k.consent_after
          FROM known k
         WHERE c.id = k.contact_id AND k.filled
           AND (k.given_name <> k.name OR NOT k.attributes @> k.given OR k.unlisted
                OR k.consent_after IS DISTINCT FROM k.consent)
        RETURNING c.id),
    marked AS (
        UPDATE contacts c SET consent = k.consent_after FROM known k
         WHERE c.id = k.contact_id AND NOT k.filled AND k.consent_after IS DISTINCT FROM k.consent
        RETURNING c.id),
    members AS (
        INSERT INTO list_members (list_id, contact_id, workspace_id)
        SELECT :list, contact_id, :workspace FROM known ON CONFLICT DO NOTHING),
    permitted AS (
        INSERT INTO consents
               (workspace_id, contact_id, state, source, evidence, recorded_at, recorded_by, import_id)
        SELECT :workspace, k.contact_id, 'opted_in', CAST(:source AS text), :evidence, :at, :by, :import
          FROM known k
         WHERE k.filled AND k.consent_after = 'opted_in' AND CAST(:source AS text) IS NOT NULL
           AND NOT EXISTS (
               SELECT FROM consents e WHERE e.contact_id = k.contact_id AND e.state = 'opted_in'
                  AND e.source = CAST(:source AS text) AND e.evidence = :evidence)
        RETURNING contact_id),
    out AS (
        INSERT INTO consents (workspace_id, contact_id, state, source, evidence, recorded_at, import_id)
        SELECT :workspace, k.contact_id, 'opted_out', s.source, s.evidence, s.created_at, :import
          FROM known k JOIN suppressions s ON s.workspace_id = :workspace AND s.phone = k.phone
         WHERE k.consent IS DISTINCT FROM 'opted_out'),
    interested AS (
        INSERT INTO leads (workspace_id, contact_id, niche, import_id, created_at)
        SELECT :workspace, contact_id, niche, :import, :at FROM known WHERE filled AND niche IS NOT NULL
            ON CONFLICT (contact_id, lower(niche)) DO NOTHING
        RETURNING contact_id, niche),
    remembered AS (
        INSERT INTO import_changes
               (import_id, contact_id, name, attributes, consent, unlisted, given_name, given)
        SELECT :import, contact_id, name, attributes, consent, unlisted, given_name, given FROM known
         WHERE contact_id IN (SELECT id FROM filled UNION ALL SELECT contact_id FROM permitted
                              UNION ALL SELECT contact_id FROM interested)
            ON CONFLICT DO NOTHING),
    wanted AS (
        SELECT * FROM interested
         WHERE cardinality(CAST(:wanted AS text[])) > 0 AND lower(niche) = ANY(CAST(:wanted AS text[])))
    SELECT count(*) FILTER (WHERE unlisted) AS created, count(*) FILTER (WHERE filled AND NOT unlisted) AS updated,
           count(*) FILTER (WHERE NOT filled) AS skipped,
           count(*) FILTER (WHERE consent_after = 'opted_out') AS opted_out,
           (SELECT array_agg(contact_id) FROM wanted) AS lead_ids,
           (SELECT array_agg(niche) FROM wanted) AS lead_niches
      FROM known
""")


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for everybody of an import."""

    workspace: int
    import_id: int
    list_id: int
    duplicates: DuplicatePolicy
    niche: str | None  # of those who name none
    attributes: str  # JSON; what a row says itself counts more
    source: ConsentSource | None
    evidence: str
    by: int | None
    at: datetime

    def values(self) -> dict[str, Any]:
        return {
            "workspace": self.workspace,
            "import": self.import_id,
            "list": self.list_id,
            "skip": self.duplicates is DuplicatePolicy.SKIP,
            "niche": self.niche,
            "attributes": self.attributes,
            "source": self.source,
            "evidence": self.evidence,
            "by": self.by,
            "at": self.at,
        }


@dataclass(frozen=True, slots=True)
class TakenIn:
    """`created`, `updated` and `skipped` add up to the people of the batch; `opted_out` of them stay out."""

    created: int
    updated: int
    skipped: int
    opted_out: int
    first_id: int | None  # of those created
    last_id: int | None
    leads: tuple[tuple[int, str], ...]  # (contact, niche): the new ones of the niches that were asked for


async def copy_incoming(session: Session, records: bytes) -> None:
    """Load people, in the text format of COPY, into the transaction's own table `incoming`."""
    await session.execute(MAKE_INCOMING)
    pooled = await (await session.connection()).get_raw_connection()
    connection: Any = pooled.driver_connection
    await connection.copy_to_table("incoming", source=_once(records))


async def _once(records: bytes) -> Any:
    yield records


async def count_incoming(session: Session, workspace_id: int) -> Row[Any]:
    """Return (known, opted_out): how many of them have a contact, and how many a suppression."""
    return (await session.execute(COUNT_INCOMING, {"workspace": workspace_id})).one()


async def take_in(session: Session, terms: Terms, people: int, wanted: list[str]) -> TakenIn | None:
    """Write the incoming people; None when one has been deleted just now: then all of it is to be repeated.

    `wanted`: niches, in lower case, whose new leads are returned.
    """
    values = {**terms.values(), "wanted": wanted}
    new = (await session.execute(ADD_NEW, values)).one()
    leads = list(zip(new.lead_ids or (), new.lead_niches or (), strict=True))
    if new.created == people:
        return TakenIn(new.created, 0, 0, new.opted_out, new.first_id, new.last_id, tuple(leads))
    await session.execute(MAKE_KNOWN)
    known: Any = await session.execute(FIND_KNOWN, values)
    if new.created + known.rowcount != people:
        return None
    old = (await session.execute(FILL_IN_KNOWN, values)).one()
    leads += zip(old.lead_ids or (), old.lead_niches or (), strict=True)
    return TakenIn(
        created=new.created + old.created,
        updated=old.updated,
        skipped=old.skipped,
        opted_out=new.opted_out + old.opted_out,
        first_id=new.first_id,
        last_id=new.last_id,
        leads=tuple(leads),
    )


async def pass_fence(
    session: Session, import_id: int, *, expected: int, rows_done: int, rejected: int, lease: timedelta
) -> Row[Any] | None:
    """Begin a batch: return (taken_until, joined); None when it is done already, or not to be done any more."""
    values = {"id": import_id, "expected": expected, "rows_done": rows_done, "rejected": rejected, "lease": lease}
    return (await session.execute(FENCE, values)).one_or_none()


async def add_counts(session: Session, import_id: int, taken: TakenIn, joined: Mapping[str, Any]) -> None:
    values = {
        "id": import_id, "created": taken.created, "updated": taken.updated, "skipped": taken.skipped,
        "opted_out": taken.opted_out, "first_id": taken.first_id, "last_id": taken.last_id,
        "joined": json.dumps(joined),
    }  # fmt: skip
    await session.execute(COUNT, values)
