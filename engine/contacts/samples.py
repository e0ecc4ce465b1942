"""Whom a preview and a test are filled in for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.transactions import Session

# The operator's own entry in the book if it has columns to show, else somebody who is to get it, else the newest
# contact of the workspace.
SAMPLE = """
SELECT name, phone, attributes
  FROM ((SELECT 1 AS choice, c.name, c.phone, c.attributes
           FROM contacts c
          WHERE c.workspace_id = :workspace_id AND c.phone = CAST(:phone AS text) AND NOT c.unlisted
            AND c.attributes <> '{{}}')
         UNION ALL
        (SELECT 2, one.* FROM ({somebody}) one LIMIT 1)
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


async def find_one(
    session: Session, workspace_id: int, phone: str | None, somebody: str, values: Mapping[str, object]
) -> Sample:
    """Load whom to fill in for. `phone`: the operator's own, if it is known.

    `somebody`: a query for (name, phone, attributes) of those who are to get it, and the values that it takes.
    """
    about = {**values, "workspace_id": workspace_id, "phone": phone}
    rows = await session.rows(SAMPLE.format(somebody=somebody), about)
    return Sample(rows[0].name, rows[0].phone, rows[0].attributes) if rows else NOBODY_IN_PARTICULAR
