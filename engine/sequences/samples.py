"""Whom the messages of a sequence are filled in for, in a preview and in a test."""

from engine.contacts.samples import Sample, find_one
from engine.transactions import Session

# The newest contact; the unique key of the enrolments is in the order of contacts.
NEWEST = """
SELECT c.name, c.phone, c.attributes
  FROM sequence_contacts e JOIN contacts c ON c.id = e.contact_id
 WHERE e.workspace_id = :workspace_id AND e.sequence_id = :sequence_id AND NOT c.unlisted
 ORDER BY e.contact_id DESC
 LIMIT 1
"""


async def find_sample(session: Session, workspace_id: int, sequence_id: int, phone: str | None = None) -> Sample:
    """Load whom to fill the messages of a sequence in for. `phone`: the operator's own, if it is known."""
    return await find_one(session, workspace_id, phone, NEWEST, {"sequence_id": sequence_id})
