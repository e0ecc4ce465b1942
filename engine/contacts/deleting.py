"""Deleting somebody: the row goes if nothing was ever sent to them or heard from them; else it loses its person.

That something was sent stays counted, without its text, under no name and no number, so that results and books
stay as they are. That they have opted out is kept with the phone, and outlives them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from engine.actor import Actor
from engine.broadcast.settlement import resolve_doubts
from engine.clock import Clock
from engine.contacts import inbox_store
from engine.contacts.opting_out import request_subject
from engine.database import Database
from engine.errors import NotFoundError
from engine.transactions import Session
from models.enums import Role

CODE = "deleted"

FIND = """
SELECT c.phone, EXISTS (SELECT FROM suppressions x WHERE x.workspace_id = c.workspace_id AND x.phone = c.phone)
       AS opted_out,
       (SELECT count(*) FROM sequence_contacts e WHERE e.contact_id = c.id AND e.status IN ('active', 'paused'))
       AS runs
  FROM contacts c WHERE c.id = :contact AND c.workspace_id = :workspace AND NOT c.unlisted
"""
LOCK = "SELECT phone FROM contacts WHERE id = :contact AND workspace_id = :workspace AND NOT unlisted FOR UPDATE"
# Whatever was, or may have been, sent to them or tried, and what they wrote.
HAS_TRACES = """
SELECT EXISTS (SELECT FROM messages m
                WHERE m.contact_id = :contact AND m.workspace_id = :workspace
                  AND (m.outcome IS NULL OR m.outcome <> 'cancelled' OR m.claimed_at IS NOT NULL))
    OR EXISTS (SELECT FROM inbound_messages i
                WHERE i.workspace_id = :workspace
                  AND (i.contact_id = :contact OR (i.contact_id IS NULL AND i.phone = :phone)))
"""
DELETE = "DELETE FROM contacts WHERE id = :contact AND workspace_id = :workspace"
# What an import remembers of them, to undo it, would bring their name back.
FORGET = (
    """
UPDATE contacts
   SET name = '', attributes = '{}', phone = 'deleted:' || id, lid = NULL, consent = NULL, device_id = NULL,
       time_zone = NULL, import_id = NULL, unlisted = true
 WHERE id = :contact AND workspace_id = :workspace
""",
    """
UPDATE inbound_messages
   SET body = '', attached = '', phone = '', lid = NULL, answered_at = coalesce(answered_at, :now)
 WHERE workspace_id = :workspace
   AND (contact_id = :contact OR (contact_id IS NULL AND phone = :phone))
""",
    """
UPDATE messages SET body = ''
 WHERE workspace_id = :workspace AND contact_id = :contact AND outcome IS NOT NULL AND body IS NOT NULL
""",
    "DELETE FROM leads WHERE workspace_id = :workspace AND contact_id = :contact",
    "DELETE FROM list_members WHERE workspace_id = :workspace AND contact_id = :contact",
    "DELETE FROM consents WHERE workspace_id = :workspace AND contact_id = :contact",
)
# Their words and their name; the alerts chat is told of it, and edits its messages.
FORGET_ALERTS = """
UPDATE alerts
   SET text = 'Somebody who was deleted since.', status = 'resolved', resolved_at = coalesce(resolved_at, :now),
       resolution = coalesce(resolution, 'They were deleted.'), revision = revision + 1
 WHERE workspace_id = :workspace AND kind = 'asks_to_stop' AND subject = :subject
"""
# What is on its way gets its text with its outcome, but for this sign that it is to have none (settlement.py). Who
# settles it locks it before its run: so it comes first, and what was claimed since must not be waited for.
FORGET_TEXT = """
UPDATE messages SET body = ''
 WHERE id IN (SELECT id FROM messages m
               WHERE m.workspace_id = :workspace AND m.contact_id = :contact AND m.outcome IS NULL
                 AND NOT EXISTS (SELECT FROM queue q WHERE q.message_id = m.id)
               ORDER BY m.id FOR UPDATE{unless_locked})
"""
# Whether it arrived is nobody's question any more.
LEAVE_DOUBTS = """
UPDATE doubts SET left_at = :now WHERE workspace_id = :workspace AND contact_id = :contact AND left_at IS NULL
RETURNING device_id
"""
FORGET_CHANGES = """
DELETE FROM import_changes
 WHERE import_id IN (SELECT id FROM imports WHERE workspace_id = :workspace) AND contact_id = :contact
"""


@dataclass(frozen=True, slots=True)
class BeforeDeletion:
    runs: int  # that end
    traces: bool  # something was sent or heard: what was sent stays counted
    opted_out: bool  # which is kept


class ContactDeletion:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def before(self, actor: Actor, contact_id: int) -> BeforeDeletion:
        """What deleting somebody would do."""
        about = {"workspace": actor.workspace_id, "contact": contact_id}
        async with self._database.transaction() as session:
            found = _found((await session.execute(text(FIND), about)).one_or_none())
            traces = await session.scalar(text(HAS_TRACES), {**about, "phone": found.phone})
        return BeforeDeletion(found.runs, bool(traces), found.opted_out)

    async def delete(self, actor: Actor, contact_id: int) -> None:
        """Take somebody out of everything; what waits for them is cancelled, what is on its way arrives."""
        actor.must_be(Role.OPERATOR)
        now = self._clock.now()
        about = {"workspace": actor.workspace_id, "contact": contact_id}
        async with self._database.transaction() as session:
            _found((await session.execute(text(FIND), about)).one_or_none())
            await session.execute(text(FORGET_TEXT.format(unless_locked="")), about)
            await _end(session, actor, contact_id, now)
            phone = _found((await session.execute(text(LOCK), about)).one_or_none()).phone
            # With the row locked nobody adds a run or a message any more; what was added until then ends here.
            await _end(session, actor, contact_id, now)
            await session.execute(text(FORGET_TEXT.format(unless_locked=" SKIP LOCKED")), about)
            traces = await session.scalar(text(HAS_TRACES), {**about, "phone": phone})
            await session.execute(text(FORGET_CHANGES), about)
            subject = request_subject(contact_id)
            await session.execute(text(FORGET_ALERTS), {**about, "subject": subject, "now": now})
            doubted = await session.scalars(text(LEAVE_DOUBTS), {**about, "now": now})
            await resolve_doubts(session, set(doubted), now)
            for statement in FORGET if traces else (DELETE,):
                await session.execute(text(statement), {**about, "phone": phone, "now": now})
            actor.record(session, now, "contact.delete", contact_id, kept=bool(traces))


def is_deleted(phone: str) -> bool:
    """Whether this stands in the place of the number of somebody who was deleted."""
    return phone.startswith("deleted:")


async def _end(session: Session, actor: Actor, contact_id: int, now: datetime) -> None:
    runs = await inbox_store.lock_open_enrolments(session, actor.workspace_id, contact_id)
    await inbox_store.exit_enrolments(session, actor.workspace_id, [run.id for run in runs], reason=CODE, at=now)
    await inbox_store.cancel_pending(session, actor.workspace_id, contact_id, code=CODE, replies=True)


def _found(row: Any) -> Any:
    if row is None:
        raise NotFoundError("This person is not in the contact book any more.")
    return row
