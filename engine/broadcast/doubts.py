"""Messages of which nobody knows whether they arrived: what operators see of them and decide.

What an operator decides holds for the message alone: its run went on when it became unknown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from engine.actor import Actor
from engine.broadcast.settlement import Settlement, resolve_doubts, settle
from engine.broadcast.store import InFlight
from engine.clock import Clock
from engine.database import Database
from engine.errors import NotFoundError
from engine.transactions import Session
from models.enums import MessageStatus, Role

MOST_LISTED = 200

UNDECIDED = """
SELECT m.id, m.claimed_at, m.body, m.error, m.by_hand, d.id AS device_id, d.name AS device, c.name, c.phone
  FROM doubts u
  JOIN messages m ON m.id = u.message_id AND m.outcome = 'unknown'
  JOIN user_devices d ON d.id = m.device_id
  JOIN contacts c ON c.id = m.contact_id
 WHERE u.workspace_id = :workspace_id AND u.left_at IS NULL
   AND (CAST(:device_id AS bigint) IS NULL OR u.device_id = :device_id)
   AND (CAST(:message_id AS bigint) IS NULL OR u.message_id = :message_id)
 ORDER BY u.claimed_at, u.message_id
 LIMIT :most
"""
COUNT = """
SELECT count(*) FROM doubts u JOIN messages m ON m.id = u.message_id AND m.outcome = 'unknown'
 WHERE u.workspace_id = :workspace_id AND u.left_at IS NULL
   AND (CAST(:device_id AS bigint) IS NULL OR u.device_id = :device_id)
"""
DEVICE = "SELECT id FROM user_devices WHERE id = :device_id AND workspace_id = :workspace_id"

# The device first, as everybody who settles: no claim and no outcome comes between.
LOCK_DEVICE = """
SELECT d.id FROM messages m JOIN user_devices d ON d.id = m.device_id
 WHERE m.id = :message_id AND m.workspace_id = :workspace_id
   FOR NO KEY UPDATE OF d
"""
LOCK_MESSAGE = """
SELECT m.id, m.device_id, m.outcome, m.by_hand, m.claim_epoch, m.claimed_at FROM messages m
 WHERE m.id = :message_id AND m.workspace_id = :workspace_id
   FOR NO KEY UPDATE
"""
DECIDED = "UPDATE messages SET by_hand = true WHERE id = :message_id"
# In the queue without its campaign: a pause holds it all the same, but it goes also when its campaign is over.
ONCE_MORE = """
WITH again AS (
    UPDATE messages m
       SET outcome = NULL, by_hand = true, due_at = :now, expires_at = NULL, attempts = 0, error_code = NULL,
           error = NULL
     WHERE m.id = :message_id AND m.outcome = 'unknown'
    RETURNING m.id, m.device_id, m.lane, m.due_at),
told AS (
    SELECT pg_notify('dripdesk_queue', CAST(device_id AS text)) FROM again)
INSERT INTO queue (message_id, device_id, lane, due_at)
SELECT again.id, again.device_id, again.lane, again.due_at FROM again, told
"""
LEAVE = "UPDATE doubts SET left_at = :now WHERE message_id = :message_id AND left_at IS NULL RETURNING device_id"


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A message that may have arrived, and about which nobody has decided."""

    message_id: int
    device_id: int
    device: str
    contact: str  # a name, or a phone
    phone: str
    sent_at: datetime  # when it was claimed: it left then, if it left
    body: str
    reason: str
    sent_again: bool  # an operator has sent it once more already, and that is unclear again


class Doubts:
    """Every decision is idempotent: what has been decided, or has settled itself meanwhile, stays as it is."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def list(self, actor: Actor, device_id: int | None = None) -> Sequence[Doubtful]:
        """Return what is undecided, of one device or of the team, the oldest first; MOST_LISTED at most."""
        async with self._database.transaction() as session:
            await _check_device(session, actor, device_id)
            return await _undecided(session, actor, device_id=device_id)

    async def count(self, actor: Actor, device_id: int | None = None) -> int:
        async with self._database.transaction() as session:
            await _check_device(session, actor, device_id)
            about = {"workspace_id": actor.workspace_id, "device_id": device_id}
            return int(await session.scalar(text(COUNT), about) or 0)

    async def get(self, actor: Actor, message_id: int) -> Doubtful:
        """Raises NotFoundError also when it has been decided."""
        async with self._database.transaction() as session:
            found = await _undecided(session, actor, message_id=message_id)
        if not found:
            raise NotFoundError("This message is not unsure any more.")
        return found[0]

    async def arrived(self, actor: Actor, message_id: int) -> bool:
        """Count it as sent; what waits to be sent once more is taken back. Whether that did anything."""
        now = self._clock.now()
        async with self._database.transaction() as session:
            message = await _lock(session, actor, message_id)
            if message.outcome not in {None, MessageStatus.UNKNOWN} or message.claim_epoch is None:
                return False
            claim = InFlight(message_id, message.claim_epoch, message.claimed_at, None)
            await settle(session, [Settlement(message_id, MessageStatus.SENT, claim, in_flight=False)], now)
            if (await _lock(session, actor, message_id)).outcome != MessageStatus.SENT:
                return False  # it is on its way once more
            await session.execute(text(DECIDED), {"message_id": message_id})
            actor.record(session, now, "message.arrived", message_id)
        return True

    async def send_again(self, actor: Actor, message_id: int) -> bool:
        """Put the same text into the queue once more. Whether that did anything."""
        now = self._clock.now()
        async with self._database.transaction() as session:
            message = await _lock(session, actor, message_id)
            if message.outcome != MessageStatus.UNKNOWN:
                return False
            await session.execute(text(ONCE_MORE), {"message_id": message_id, "now": now})
            await resolve_doubts(session, [message.device_id], now)
            actor.record(session, now, "message.send_again", message_id)
        return True

    async def leave(self, actor: Actor, message_id: int) -> bool:
        """Ask nobody about it any more; it stays unknown. Whether that did anything."""
        now = self._clock.now()
        async with self._database.transaction() as session:
            message = await _lock(session, actor, message_id)
            if message.outcome != MessageStatus.UNKNOWN:
                return False
            left = await session.scalars(text(LEAVE), {"message_id": message_id, "now": now})
            devices = list(left)
            if not devices:
                return False
            await resolve_doubts(session, devices, now)
            actor.record(session, now, "message.leave", message_id)
        return True


async def _lock(session: Session, actor: Actor, message_id: int) -> Any:
    actor.must_be(Role.OPERATOR)
    about = {"message_id": message_id, "workspace_id": actor.workspace_id}
    await session.execute(text(LOCK_DEVICE), about)
    message = (await session.execute(text(LOCK_MESSAGE), about)).one_or_none()
    if message is None:
        raise NotFoundError("This message does not exist any more.")
    return message


async def _check_device(session: Session, actor: Actor, device_id: int | None) -> None:
    if device_id is None:
        return
    about = {"device_id": device_id, "workspace_id": actor.workspace_id}
    if await session.scalar(text(DEVICE), about) is None:
        raise NotFoundError("This device does not exist any more.")


async def _undecided(
    session: Session, actor: Actor, *, device_id: int | None = None, message_id: int | None = None
) -> Sequence[Doubtful]:
    about = {
        "workspace_id": actor.workspace_id,
        "device_id": device_id,
        "message_id": message_id,
        "most": MOST_LISTED,
    }
    return [
        Doubtful(
            row.id,
            row.device_id,
            row.device,
            row.name or row.phone,
            row.phone,
            row.claimed_at,
            row.body or "",
            row.error or "",
            row.by_hand,
        )
        for row in await session.execute(text(UNDECIDED), about)
    ]
