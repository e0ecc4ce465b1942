"""The SQL of the contact book. Every statement names the workspace."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, RowMapping, text

from engine.transactions import Session


async def workspace(session: Session, workspace_id: int) -> Row[Any]:
    """Return country, time_zone."""
    statement = text("SELECT country, time_zone FROM workspaces WHERE id = :workspace")
    return (await session.execute(statement, {"workspace": workspace_id})).one()


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
