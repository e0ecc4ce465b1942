"""Whom a preview and a test are filled in for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from engine.transactions import Session

# The operator's own entry in the book if it has columns to show, else the newest contact of the sequence, else of
# the workspace. The unique key of the enrolments is in the order of contacts.
SAMPLE = """
SELECT name, phone, attributes
  FROM ((SELECT 1 AS choice, c.name, c.phone, c.attributes
           FROM contacts c
          WHERE c.workspace_id = :workspace_id AND c.phone = CAST(:phone AS text) AND NOT c.unlisted
            AND c.attributes <> '{}')
         UNION ALL
        (SELECT 2, c.name, c.phone, c.attributes
           FROM sequence_contacts e JOIN contacts c ON c.id = e.contact_id
          WHERE e.workspace_id = :workspace_id AND e.sequence_id = :sequence_id
          ORDER BY e.contact_id DESC
          LIMIT 1)
         UNION ALL
        (SELECT 3, c.name, c.phone, c.attributes
           FROM contacts c
          WHERE c.workspace_id = :workspace_id AND NOT c.unlisted
          ORDER BY c.id DESC
          LIMIT 1)) found
 ORDER BY choice
 LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Sample:
    name: str
    phone: str
    attributes: Mapping[str, Any]

    @property
    def called(self) -> str:
        return self.name.strip() or self.phone


NOBODY_IN_PARTICULAR = Sample("Alex Tan", "+15550100", {})


async def find_sample(session: Session, workspace_id: int, sequence_id: int, phone: str | None = None) -> Sample:
    """Load whom to fill the messages of a sequence in for. `phone`: the operator's own, if it is known."""
    about = {"workspace_id": workspace_id, "sequence_id": sequence_id, "phone": phone}
    row = (await session.execute(text(SAMPLE), about)).first()
    return Sample(row.name, row.phone, row.attributes) if row else NOBODY_IN_PARTICULAR
