"""Who writes, where WhatsApp names a person by a LID and hides the number: what is known when both are said."""

from datetime import datetime

from engine.contacts import inbox_store
from engine.contacts.opting_out import opt_out
from engine.contacts.stop_requests import OPTED_OUT_ANSWER
from engine.contacts.stopwords import is_start, is_stop
from engine.database import AdvisoryLock
from engine.transactions import Session
from models.enums import ConsentSource

MOST_WORDS = (
    100  # of somebody's last messages, among which the one is that says whether they want to be written to
)

# One message more of somebody whose LID is known stops here.
NEWS = """
SELECT c.id, c.workspace_id, w.stop_words
  FROM user_devices d
  JOIN workspaces w ON w.id = d.workspace_id
  JOIN contacts c ON c.workspace_id = d.workspace_id AND c.phone = :phone
 WHERE d.id = :device AND c.lid IS DISTINCT FROM CAST(:lid AS text)
"""
LOCK_LID = "SELECT pg_advisory_xact_lock(CAST(:lock AS int), hashtext(:lid))"
WORDS = """
SELECT i.device_id, i.body, i.contact_id IS NULL AS hidden FROM inbound_messages i
 WHERE i.workspace_id = :workspace
   AND (i.contact_id = :contact OR (i.contact_id IS NULL AND i.lid = CAST(:lid AS text)))
 ORDER BY i.id DESC LIMIT :most
"""
LOCK_CONTACTS = """
SELECT id FROM contacts WHERE workspace_id = :workspace AND (id = :contact OR lid = CAST(:lid AS text))
 ORDER BY id FOR NO KEY UPDATE
"""
FORGET = """
UPDATE contacts SET lid = NULL WHERE workspace_id = :workspace AND lid = CAST(:lid AS text) AND id <> :contact
"""
LEARN = "UPDATE contacts SET lid = CAST(:lid AS text) WHERE workspace_id = :workspace AND id = :contact"
ADOPT = """
UPDATE inbound_messages i SET contact_id = :contact, phone = :phone
 WHERE i.workspace_id = :workspace AND i.contact_id IS NULL AND i.phone IS NULL AND i.lid = CAST(:lid AS text)
"""


def told_words(attached: str, text: str) -> str:
    """Put what is attached and the words to it into one: "photo: our shop"."""
    return ": ".join(filter(None, (attached, text)))


def without_nul(text: str) -> str:
    """Leave out the one character that PostgreSQL cannot keep."""
    return text.replace("\0", "")


async def learn_lid(session: Session, device_id: int, phone: str, lid: str, at: datetime) -> None:
    """Note whose LID it is; whoever had it before has it no more.

    What came under that LID while nobody knew whose it is was theirs. If the last thing that they had asked for is
    to be left alone, that holds from now on.
    """
    found = await session.rows(NEWS, {"device": device_id, "phone": phone, "lid": lid})
    if not found:
        return
    (contact,) = found
    about = {"workspace": contact.workspace_id, "contact": contact.id, "lid": lid}
    await session.rows(LOCK_LID, {"lock": AdvisoryLock.LEARN_LID, "lid": f"{contact.workspace_id}:{lid}"})
    for words in await session.rows(WORDS, {**about, "most": MOST_WORDS}):
        stops = is_stop(words.body, contact.stop_words)
        if stops and words.hidden:
            first = await opt_out(
                session, contact.workspace_id, contact.id, phone,
                source=ConsentSource.STOP_WORD, evidence=words.body, at=at,
            )  # fmt: skip
            if first:
                await inbox_store.answer(
                    session, contact.workspace_id, contact.id,
                    device_id=words.device_id, body=OPTED_OUT_ANSWER, at=at,
                )  # fmt: skip
        if stops or is_start(words.body):
            break
    await session.rows(LOCK_CONTACTS, about)
    await session.rows(FORGET, about)
    await session.rows(LEARN, about)
    await session.rows(ADOPT, {**about, "phone": phone})
