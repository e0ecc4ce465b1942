"""The SQL of contacts: imports, the book, opting out and replies. Every statement names the workspace."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, RowMapping, text

from engine.transactions import Session
from models.enums import ConsentSource

# --- imports ------------------------------------------------------------------------------------------------

_OF_THE_IMPORT = "incoming i JOIN contacts c ON c.workspace_id = :workspace AND c.phone = i.phone"


async def workspace(session: Session, workspace_id: int) -> Row[Any]:
    """Return country, time_zone."""
    statement = text("SELECT country, time_zone FROM workspaces WHERE id = :workspace")
    return (await session.execute(statement, {"workspace": workspace_id})).one()


async def count_known(session: Session, workspace_id: int, phones: Sequence[str]) -> Row[Any]:
    """Return (known, opted_out): how many of the phones have a contact, and how many a suppression."""
    statement = text("""
        SELECT count(c.id) AS known, count(s.id) AS opted_out
          FROM unnest(CAST(:phones AS text[])) AS i(phone)
          LEFT JOIN contacts c ON c.workspace_id = :workspace AND c.phone = i.phone AND NOT c.unlisted
          LEFT JOIN suppressions s ON s.workspace_id = :workspace AND s.phone = i.phone
    """)
    return (await session.execute(statement, {"workspace": workspace_id, "phones": list(phones)})).one()


async def copy_incoming(session: Session, rows: Iterable[tuple[str, str, str | None, str]]) -> None:
    """Load (phone, name, niche, attributes as JSON) into the transaction's own table `incoming`."""
    await session.execute(
        text("CREATE TEMP TABLE incoming (phone text, name text, niche text, attributes text) ON COMMIT DROP")
    )
    pooled = await (await session.connection()).get_raw_connection()
    connection: Any = pooled.driver_connection
    await connection.copy_records_to_table(
        "incoming", records=rows, columns=["phone", "name", "niche", "attributes"]
    )


async def upsert_contacts(session: Session, workspace_id: int, at: datetime) -> int:
    """Create the unknown and fill in the known; return how many were created.

    Every row is locked here, unchanged ones too, and in the order of the phones, so that two imports of the
    same people take turns and no opt-out can come in between the statements that follow. An operator's own
    phone, so far for their tests alone, becomes a contact: it counts as created.
    """
    statement = text("""
        WITH upserted AS (
            INSERT INTO contacts AS c (workspace_id, phone, name, attributes, created_at)
            SELECT :workspace, phone, name, CAST(attributes AS jsonb), :at FROM incoming ORDER BY phone
            ON CONFLICT (workspace_id, phone) DO UPDATE
               SET name = coalesce(nullif(excluded.name, ''), c.name),
                   attributes = c.attributes || excluded.attributes, unlisted = false
             WHERE (excluded.name <> '' AND excluded.name <> c.name)
                OR NOT c.attributes @> excluded.attributes OR c.unlisted
            RETURNING xmax = 0 AS created)
        SELECT count(*) FILTER (WHERE created) + (
               SELECT count(*) FROM incoming i
                 JOIN contacts c ON c.workspace_id = :workspace AND c.phone = i.phone AND c.unlisted)
          FROM upserted
    """)
    return int((await session.execute(statement, {"workspace": workspace_id, "at": at})).scalar_one())


async def keep_opt_outs(session: Session, workspace_id: int) -> int:
    """Mark the imported contacts whose phone is suppressed; return how many are opted out."""
    await session.execute(
        text(f"""
            WITH marked AS (
                UPDATE contacts SET consent = 'opted_out'
                  FROM {_OF_THE_IMPORT} JOIN suppressions s ON s.workspace_id = :workspace AND s.phone = i.phone
                 WHERE contacts.id = c.id AND c.consent IS DISTINCT FROM 'opted_out'
                RETURNING c.id, s.source, s.evidence, s.created_at)
            INSERT INTO consents (workspace_id, contact_id, state, source, evidence, recorded_at)
            SELECT :workspace, id, 'opted_out', source, evidence, created_at FROM marked
        """),
        {"workspace": workspace_id},
    )
    count = text(f"SELECT count(*) FROM {_OF_THE_IMPORT} WHERE c.consent = 'opted_out'")
    return int((await session.execute(count, {"workspace": workspace_id})).scalar_one())


async def record_opt_ins(
    session: Session,
    workspace_id: int,
    *,
    source: ConsentSource,
    evidence: str,
    at: datetime,
    by: int | None,
) -> None:
    """Keep where the imported people opted in; those opted out stay so, the same evidence counts once."""
    values = {"workspace": workspace_id, "source": source, "evidence": evidence, "at": at, "by": by}
    await session.execute(
        text(f"""
            UPDATE contacts SET consent = 'opted_in' FROM {_OF_THE_IMPORT}
             WHERE contacts.id = c.id AND c.consent IS NULL
        """),
        {"workspace": workspace_id},
    )
    await session.execute(
        text(f"""
            INSERT INTO consents (workspace_id, contact_id, state, source, evidence, recorded_at, recorded_by)
            SELECT :workspace, c.id, 'opted_in', CAST(:source AS text), :evidence, :at, :by FROM {_OF_THE_IMPORT}
             WHERE c.consent = 'opted_in' AND NOT EXISTS (
                SELECT FROM consents k WHERE k.contact_id = c.id AND k.state = 'opted_in'
                   AND k.source = CAST(:source AS text) AND k.evidence = :evidence)
        """),
        values,
    )


async def add_leads(session: Session, workspace_id: int, niche: str | None, at: datetime) -> Sequence[Row[Any]]:
    """Note the interest of each row, else the one of the whole file; return (contact_id, niche) of what is new."""
    statement = text(f"""
        INSERT INTO leads (workspace_id, contact_id, niche, created_at)
        SELECT :workspace, c.id, coalesce(i.niche, :niche), :at FROM {_OF_THE_IMPORT}
         WHERE coalesce(i.niche, :niche) IS NOT NULL
        ON CONFLICT (contact_id, lower(niche)) DO NOTHING
        RETURNING contact_id, niche
    """)
    return (await session.execute(statement, {"workspace": workspace_id, "niche": niche, "at": at})).all()


async def make_list(session: Session, workspace_id: int, *, name: str, by: int | None, at: datetime) -> int:
    """Make a list of the imported contacts and return its id."""
    values = {"workspace": workspace_id, "name": name, "by": by, "at": at}
    list_id = (
        await session.execute(
            text("""
                INSERT INTO lists (workspace_id, name, created_by, created_at)
                VALUES (:workspace, :name, :by, :at) RETURNING id
            """),
            values,
        )
    ).scalar_one()
    await session.execute(
        text(f"""
            INSERT INTO list_members (workspace_id, list_id, contact_id)
            SELECT :workspace, :list, c.id FROM {_OF_THE_IMPORT}
        """),
        {"workspace": workspace_id, "list": list_id},
    )
    return int(list_id)


# --- the book -----------------------------------------------------------------------------------------------


async def count_contacts(session: Session, workspace_id: int) -> int:
    statement = text("SELECT count(*) FROM contacts WHERE workspace_id = :workspace AND NOT unlisted")
    return int((await session.execute(statement, {"workspace": workspace_id})).scalar_one())


async def lists(session: Session, workspace_id: int) -> Sequence[RowMapping]:
    """Return (id, name, size, created_at), newest first."""
    statement = text("""
        SELECT l.id, l.name, (SELECT count(*) FROM list_members m WHERE m.list_id = l.id) AS size, l.created_at
          FROM lists l WHERE l.workspace_id = :workspace ORDER BY l.created_at DESC, l.id DESC
    """)
    return (await session.execute(statement, {"workspace": workspace_id})).mappings().all()


async def find_contacts(
    session: Session, workspace_id: int, *, name: str, digits: str, attribute: tuple[str, str] | None, limit: int
) -> Sequence[RowMapping]:
    """Return (id, phone, name, consent, suppressed, niches) where a part of name or phone matches.

    Or a whole interest, or the value of an attribute. Keys are lower case (see `naming.attribute_key`).
    """
    statement = text("""
        SELECT c.id, c.phone, c.name, c.consent,
               EXISTS (SELECT FROM suppressions s WHERE s.workspace_id = :workspace AND s.phone = c.phone)
                   AS suppressed,
               ARRAY(SELECT l.niche FROM leads l WHERE l.contact_id = c.id ORDER BY lower(l.niche)) AS niches
          FROM contacts c
         WHERE c.workspace_id = :workspace AND NOT c.unlisted
           AND (strpos(lower(c.name), lower(:name)) > 0 OR (:digits <> '' AND strpos(c.phone, :digits) > 0)
                OR c.id IN (SELECT l.contact_id FROM leads l
                             WHERE l.workspace_id = :workspace AND lower(l.niche) = lower(:name))
                OR (:key <> '' AND lower(c.attributes ->> :key) = lower(:value)))
         ORDER BY lower(c.name), c.id LIMIT :limit
    """)
    key, value = attribute or ("", "")
    values = {
        "workspace": workspace_id, "name": name, "digits": digits, "key": key, "value": value, "limit": limit,
    }  # fmt: skip
    return (await session.execute(statement, values)).mappings().all()


async def niches(session: Session, workspace_id: int) -> Sequence[RowMapping]:
    """Return (niche, contacts), the largest first; spellings that differ in case are one niche."""
    statement = text("""
        SELECT min(niche) AS niche, count(*) AS contacts FROM leads WHERE workspace_id = :workspace
         GROUP BY lower(niche) ORDER BY count(*) DESC, lower(niche)
    """)
    return (await session.execute(statement, {"workspace": workspace_id})).mappings().all()


async def count_suppressions(session: Session, workspace_id: int) -> int:
    statement = text("SELECT count(*) FROM suppressions WHERE workspace_id = :workspace")
    return int((await session.execute(statement, {"workspace": workspace_id})).scalar_one())


async def suppressions(session: Session, workspace_id: int, limit: int) -> Sequence[RowMapping]:
    """Return (phone, name, source, evidence, since), newest first."""
    statement = text("""
        SELECT s.phone, coalesce(c.name, '') AS name, s.source, s.evidence, s.created_at AS since
          FROM suppressions s
          LEFT JOIN contacts c ON c.workspace_id = s.workspace_id AND c.phone = s.phone
         WHERE s.workspace_id = :workspace ORDER BY s.created_at DESC, s.id DESC LIMIT :limit
    """)
    return (await session.execute(statement, {"workspace": workspace_id, "limit": limit})).mappings().all()
