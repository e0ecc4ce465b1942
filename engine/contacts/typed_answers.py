"""What somebody on the team types on a device's own phone: an answer like one from Telegram, told after the fact.

It counts as an answer and does nothing else: it pauses no sequence and ends none, as what an operator types here
does not either. Those rules are about what the contact says, and the contact's own reply has been heard by them.
"""

from datetime import datetime

from engine.contacts.inbox_store import PERSON
from engine.contacts.senders import told_words, without_nul
from engine.transactions import Session
from engine.transports.contract import Inbound

# The device's row keeps two engines from noting the same message.
LOCK_DEVICE = "SELECT id, workspace_id FROM user_devices WHERE id = :device FOR NO KEY UPDATE"
IS_KNOWN = "SELECT message_id FROM deliveries WHERE device_id = :device AND provider_message_id = :message"
NOTE = """
WITH noted AS (
    INSERT INTO messages (workspace_id, lane, contact_id, device_id, due_at, claimed_at, sent_at, outcome, body,
                          typed_on_phone)
    VALUES (:workspace, 'reply', :contact, :device, :at, :at, :at, 'sent', :body, true)
    RETURNING id, workspace_id, device_id)
INSERT INTO deliveries (workspace_id, message_id, device_id, provider_message_id)
SELECT workspace_id, id, device_id, CAST(:message AS text) FROM noted
"""
# On whichever device they wrote.
ANSWERED = """
UPDATE inbound_messages SET answered_at = :at
 WHERE workspace_id = :workspace AND answered_at IS NULL
   AND (contact_id = CAST(:contact AS bigint)
        OR (contact_id IS NULL AND (phone = CAST(:phone AS text) OR lid = CAST(:lid AS text))))
"""


async def note_typed(session: Session, device_id: int, inbound: Inbound, at: datetime) -> None:
    """Keep it as an answer to a contact. What is typed to anybody else is none of the team's business."""
    device = next(iter(await session.rows(LOCK_DEVICE, {"device": device_id})), None)
    message = {"device": device_id, "message": inbound.message_id}
    if device is None or await session.rows(IS_KNOWN, message):
        return
    to = {"phone": inbound.phone, "lid": inbound.lid}
    person = next(iter(await session.rows(PERSON, {"device": device_id, **to})), None)
    contact_id = None if person is None else person.id
    about = {"workspace": device.workspace_id, "contact": contact_id, "at": at}
    if contact_id is not None:
        body = told_words(inbound.attached, without_nul(inbound.text))
        await session.rows(NOTE, {**about, **message, "body": body})
    await session.rows(ANSWERED, {**about, **to})
