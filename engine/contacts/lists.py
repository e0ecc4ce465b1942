"""Lists of contacts: what is in one, its name, and letting it go."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from engine.actor import Actor
from engine.clock import Clock
from engine.database import Database
from engine.devices.registry import check_name
from engine.errors import ConflictError, NotFoundError
from engine.transactions import Session
from models.enums import Role

# Whoever is suppressed has opted out, whatever the row of the contact still says.
CARD = """
SELECT l.id, l.name, l.created_at, w.time_zone, o.name AS made_by, i.id AS import_id,
       p.people, p.sendable, p.opted_out
  FROM lists l
  JOIN workspaces w ON w.id = l.workspace_id
  LEFT JOIN operators o ON o.id = l.created_by
  LEFT JOIN LATERAL (SELECT i.id FROM imports i
                      WHERE i.workspace_id = l.workspace_id AND i.list_id = l.id ORDER BY i.id LIMIT 1) i ON true
 CROSS JOIN LATERAL (
       SELECT count(*) AS people,
              count(*) FILTER (WHERE c.consent = 'opted_in' AND x.id IS NULL) AS sendable,
              count(*) FILTER (WHERE c.consent = 'opted_out' OR x.id IS NOT NULL) AS opted_out
         FROM list_members m
         JOIN contacts c ON c.id = m.contact_id AND c.workspace_id = :workspace AND NOT c.unlisted
         LEFT JOIN suppressions x ON x.workspace_id = :workspace AND x.phone = c.phone
        WHERE m.list_id = l.id) p
 WHERE l.id = :list AND l.workspace_id = :workspace
"""
LOCK = "SELECT name FROM lists WHERE id = :list AND workspace_id = :workspace FOR UPDATE"
RENAME = "UPDATE lists SET name = :name WHERE id = :list AND workspace_id = :workspace"
# A campaign that is under way goes to whom it was made for; the audience of one that is not, or is over, is then
# nobody's: without a list it must not be everybody.
LOCK_CAMPAIGNS = """
SELECT id FROM campaigns WHERE workspace_id = :workspace AND list_id = :list ORDER BY id FOR NO KEY UPDATE
"""
CAMPAIGNS = """
SELECT name FROM campaigns
 WHERE workspace_id = :workspace AND list_id = :list AND status IN ('scheduled', 'running', 'paused')
 ORDER BY id LIMIT 1
"""
ASKS_FOR_LIST = (  # of a segment
    "conditions @> jsonb_build_array(jsonb_build_object('kind', 'list', 'list_id', CAST(:list AS bigint)))"
)
SEGMENTS = f"""
SELECT name FROM segments WHERE workspace_id = :workspace AND {ASKS_FOR_LIST} ORDER BY id LIMIT 1
"""
IMPORTS = """
SELECT file_name FROM imports
 WHERE workspace_id = :workspace AND list_id = :list AND status IN ('running', 'undoing') LIMIT 1
"""
FORGET_AUDIENCE = """
UPDATE campaigns SET list_id = NULL, audience_set = false, revision = revision + 1
 WHERE workspace_id = :workspace AND list_id = :list
"""
DELETE = "DELETE FROM lists WHERE id = :list AND workspace_id = :workspace"


@dataclass(frozen=True, slots=True)
class ListCard:
    """`people` = `sendable` + `opted_out` + those of whom nobody knows where they opted in."""

    id: int
    name: str
    created_at: datetime
    made_by: str | None
    import_id: int | None  # that made it
    people: int
    sendable: int
    opted_out: int
    time_zone: str  # the workspace's
    now: datetime

    @property
    def without_permission(self) -> int:
        return self.people - self.sendable - self.opted_out


class ContactLists:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def card(self, actor: Actor, list_id: int) -> ListCard:
        """Who is on it, and how many of them may be written to."""
        about = {"workspace": actor.workspace_id, "list": list_id}
        async with self._database.transaction() as session:
            row = _found((await session.execute(text(CARD), about)).mappings().one_or_none())
        return ListCard(**row, now=self._clock.now())

    async def rename(self, actor: Actor, list_id: int, typed: str) -> str:
        """Give it another name; return it cleaned up. Raises InvalidInputError."""
        actor.must_be(Role.OPERATOR)
        name = check_name(typed, "list")
        about = {"workspace": actor.workspace_id, "list": list_id}
        async with self._database.transaction() as session:
            await _lock(session, about)
            await session.execute(text(RENAME), {**about, "name": name})
            actor.record(session, self._clock.now(), "list.rename", list_id, name=name)
        return name

    async def delete(self, actor: Actor, list_id: int) -> None:
        """Let the list go; its people stay. Raises ConflictError while something is made of it."""
        actor.must_be(Role.OPERATOR)
        about = {"workspace": actor.workspace_id, "list": list_id}
        async with self._database.transaction() as session:
            name = await _lock(session, about)
            await session.execute(text(LOCK_CAMPAIGNS), about)  # one that is just being launched has been by then
            for query, what in (
                (IMPORTS, "“{}” is still being imported into it, or taken out of it."),
                (CAMPAIGNS, "The campaign “{}” goes to this list. Cancel it first, or let it end."),
                (SEGMENTS, "The segment “{}” asks for this list. Change or delete that first."),
            ):
                user = await session.scalar(text(query), about)
                if user is not None:
                    raise ConflictError(what.format(user))
            await session.execute(text(FORGET_AUDIENCE), about)
            await session.execute(text(DELETE), about)
            actor.record(session, self._clock.now(), "list.delete", list_id, name=name)


async def _lock(session: Session, about: dict[str, Any]) -> str:
    return str(_found((await session.execute(text(LOCK), about)).one_or_none()).name)


def _found(row: Any) -> Any:
    if row is None:
        raise NotFoundError("This list does not exist any more.")
    return row
