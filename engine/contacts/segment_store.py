"""Segments in SQL: what each condition asks of a contact, and what is there to ask for."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from engine.contacts.segments import (
    Comparison,
    Condition,
    Contacted,
    HasAttribute,
    HasInterest,
    InSequence,
    OnList,
    Replied,
)
from engine.transactions import Session

READ_FOR_KEYS = 5_000  # contacts, the newest: what attributes there are need not be exact
MOST_KEYS = 50
MOST_VALUES = 20

# Which of these a workspace has; what is not its own is not there.
OWN_LISTS = "SELECT id, name FROM lists WHERE workspace_id = :workspace_id AND id = ANY(CAST(:ids AS bigint[]))"
OWN_SEQUENCES = """
SELECT id, name FROM sequences WHERE workspace_id = :workspace_id AND id = ANY(CAST(:ids AS bigint[]))
"""

# `sendable`: of them, those who have given their permission and not taken it back.
COUNT = """
SELECT count(*) AS people,
       count(*) FILTER (WHERE c.consent = 'opted_in' AND NOT EXISTS (
             SELECT FROM suppressions x WHERE x.workspace_id = c.workspace_id AND x.phone = c.phone)) AS sendable
  FROM contacts c
 WHERE c.workspace_id = :workspace_id AND NOT c.unlisted AND {condition}
"""
SOME = """
SELECT c.id, c.name, c.phone FROM contacts c
 WHERE c.workspace_id = :workspace_id AND NOT c.unlisted AND {condition}
 ORDER BY c.id DESC LIMIT :limit
"""
MEMBERS = """
SELECT c.id FROM contacts c
 WHERE c.workspace_id = :workspace_id AND NOT c.unlisted AND {condition}
"""

KEYS = f"""
SELECT k.key, count(*) AS contacts
  FROM (SELECT attributes FROM contacts
         WHERE workspace_id = :workspace_id AND NOT unlisted ORDER BY id DESC LIMIT {READ_FOR_KEYS}) c
 CROSS JOIN LATERAL jsonb_object_keys(c.attributes) AS k(key)
 GROUP BY k.key ORDER BY count(*) DESC, k.key LIMIT {MOST_KEYS}
"""
VALUES = f"""
SELECT c.value, count(*) AS contacts
  FROM (SELECT attributes ->> :key AS value FROM contacts
         WHERE workspace_id = :workspace_id AND NOT unlisted AND attributes ? :key
         ORDER BY id DESC LIMIT {READ_FOR_KEYS}) c
 WHERE c.value IS NOT NULL AND c.value <> ''
 GROUP BY c.value ORDER BY count(*) DESC, c.value LIMIT {MOST_VALUES}
"""

# A campaign that is over keeps its numbers, but not whom it was for; it says so (`audience_set`).
LOCK_USERS = """
SELECT id FROM campaigns WHERE workspace_id = :workspace_id AND segment_id = :segment_id
 ORDER BY id FOR NO KEY UPDATE
"""
USED_BY = """
SELECT name FROM campaigns
 WHERE workspace_id = :workspace_id AND segment_id = :segment_id
   AND status IN ('scheduled', 'running', 'paused')
 ORDER BY id LIMIT 1
"""
LET_GO = """
UPDATE campaigns SET segment_id = NULL, audience_set = false, revision = revision + 1
 WHERE workspace_id = :workspace_id AND segment_id = :segment_id
"""

_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,9})?")  # what PostgreSQL reads as one: not ١٠
_IS_A_NUMBER = r"'^[+-]?[0-9]{1,15}(\.[0-9]{1,9})?$'"
_COMPARED = {Comparison.AT_LEAST: ">=", Comparison.AT_MOST: "<="}


def condition_sql(conditions: Sequence[Condition], *, now: datetime, prefix: str) -> tuple[str, dict[str, Any]]:
    """Write what all of these ask of a contact c, and the values it takes, whose names begin with `prefix`.

    Each is an EXISTS or its opposite, which PostgreSQL plans as a join. None at all: everybody.
    """
    values: dict[str, Any] = {}

    def value(given: object) -> str:
        name = f"{prefix}_{len(values)}"
        values[name] = given
        return name

    asked = [_asked(condition, now, value) for condition in conditions]
    return " AND ".join(asked) if asked else "true", values


def _asked(condition: Condition, now: datetime, value: Callable[[object], str]) -> str:
    match condition:
        case HasInterest(niche=niche, status=status, holds=holds):
            of = f" AND lower(l.niche) = lower(CAST(:{value(niche)} AS text))" if niche is not None else ""
            of += f" AND l.status = CAST(:{value(status.value)} AS text)" if status is not None else ""
            return _exists(holds, f"SELECT FROM leads l WHERE l.contact_id = c.id{of}")
        case OnList(list_id=list_id, holds=holds):
            of = f"n.list_id = CAST(:{value(list_id)} AS bigint)"
            return _exists(holds, f"SELECT FROM list_members n WHERE n.contact_id = c.id AND {of}")
        case HasAttribute():
            return _attribute(condition, value)
        case InSequence(sequence_id=sequence_id, ever=ever, holds=holds):
            of = f"e.sequence_id = CAST(:{value(sequence_id)} AS bigint)"
            of += "" if ever else " AND e.status IN ('active', 'paused')"
            return _exists(holds, f"SELECT FROM sequence_contacts e WHERE e.contact_id = c.id AND {of}")
        case Contacted(days=days, holds=holds):
            since = value(now - timedelta(days=days))
            return _exists(
                holds,
                "SELECT FROM messages m WHERE m.contact_id = c.id AND m.lane IN ('sequence', 'campaign')"
                " AND m.outcome IN ('sent', 'unknown')"
                f" AND coalesce(m.sent_at, m.claimed_at) > CAST(:{since} AS timestamptz)",
            )
        case Replied(days=days, holds=holds):
            of = ""
            if days is not None:
                of = f" AND i.received_at > CAST(:{value(now - timedelta(days=days))} AS timestamptz)"
            return _exists(
                holds, f"SELECT FROM inbound_messages i WHERE i.contact_id = c.id AND NOT i.opted_out{of}"
            )


def _exists(holds: bool, query: str) -> str:
    return f"{'' if holds else 'NOT '}EXISTS ({query})"


def _attribute(condition: HasAttribute, value: Callable[[object], str]) -> str:
    held = f"(c.attributes ->> CAST(:{value(condition.key)} AS text))"
    known = f"coalesce({held}, '') <> ''"
    given = condition.value.strip()
    match condition.comparison:
        case Comparison.KNOWN:
            return known
        case Comparison.UNKNOWN:
            return f"NOT {known}"
        case Comparison.IS:
            return f"coalesce(lower({held}) = lower(CAST(:{value(given)} AS text)), false)"
        case Comparison.IS_NOT:
            return f"lower({held}) IS DISTINCT FROM lower(CAST(:{value(given)} AS text))"
        case Comparison.CONTAINS:
            return f"coalesce(strpos(lower({held}), lower(CAST(:{value(given)} AS text))) > 0, false)"
        case Comparison.AT_LEAST | Comparison.AT_MOST as comparison:
            sign = _COMPARED[comparison]
            number_given = unicodedata.normalize("NFKC", given)  # １０, as Chinese keyboards write it
            if _NUMBER.fullmatch(number_given) is None:
                return f'({known} AND {held} COLLATE "C" {sign} CAST(:{value(given)} AS text))'
            # The test comes first: what is no number must not be read as one.
            number = f"CASE WHEN {held} ~ {_IS_A_NUMBER} THEN CAST({held} AS numeric) END"
            return f"coalesce({number} {sign} CAST(CAST(:{value(number_given)} AS text) AS numeric), false)"


async def own(session: Session, sql: str, workspace_id: int, ids: Sequence[int]) -> dict[int, str]:
    """Find the names of those of the ids that this workspace has."""
    rows = await session.rows(sql, {"workspace_id": workspace_id, "ids": list(ids)})
    return {row.id: row.name for row in rows}


async def count(session: Session, workspace_id: int, conditions: Sequence[Condition], now: datetime) -> Row[Any]:
    """Return (people, sendable)."""
    condition, values = condition_sql(conditions, now=now, prefix="segment")
    (row,) = await session.rows(COUNT.format(condition=condition), {"workspace_id": workspace_id, **values})
    found: Row[Any] = row
    return found


async def some(
    session: Session, workspace_id: int, conditions: Sequence[Condition], now: datetime, limit: int
) -> Sequence[Row[Any]]:
    """Return (id, name, phone) of a few, the newest first."""
    condition, values = condition_sql(conditions, now=now, prefix="segment")
    about = {"workspace_id": workspace_id, "limit": limit, **values}
    return await session.rows(SOME.format(condition=condition), about)


async def members(
    session: Session, workspace_id: int, conditions: Sequence[Condition], now: datetime
) -> list[int]:
    """Find the ids of all."""
    condition, values = condition_sql(conditions, now=now, prefix="segment")
    rows = await session.rows(MEMBERS.format(condition=condition), {"workspace_id": workspace_id, **values})
    return [row.id for row in rows]
