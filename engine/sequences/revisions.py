"""Two operators at one sequence: every change raises its revision, and who began before somebody else's is told.

A menu remembers the revision that it showed, and saves on the condition that it is still the present one.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from engine.actor import Actor
from engine.errors import ConflictError
from engine.sequences import store
from engine.sequences.store import Lock
from engine.transactions import Session
from models import Sequence as SequenceRow
from models.enums import Role, SequenceStatus

MOST_NAMED = 3  # messages in a sentence about one change

# As many entries as there were changes: the newest first, so that the reading ends there.
CHANGES_SINCE = """
SELECT a.operator_id, o.name, a.face, a.action, a.detail, a.at
  FROM audit_log a LEFT JOIN operators o ON o.id = a.operator_id
 WHERE a.workspace_id = :workspace_id AND a.detail @> jsonb_build_object('sequence', CAST(:sequence_id AS bigint))
   AND CAST(a.detail ->> 'revision' AS bigint) > :revision
 ORDER BY a.at DESC, a.id DESC
 LIMIT :changes
"""


class ChangedMeanwhileError(ConflictError):
    """`changes`: who did what since, a sentence each, the oldest first."""

    def __init__(self, changes: Sequence[str]) -> None:
        told = "\n".join(changes) or "somebody else has changed it."
        super().__init__(f"This is not the sequence that you saw any more:\n{told}\nLook at it, then save again.")
        self.changes = tuple(changes)


async def open_for_change(
    session: Session, actor: Actor, sequence_id: int, *, now: datetime, revision: int | None = None
) -> SequenceRow:
    """Load a sequence for whoever is about to change its messages or settings, locked; `record_change` ends it.

    With a `revision`, only if that is still the present one. Raises NotFoundError, NotAllowedError, ConflictError.
    """
    sequence = await store.find(session, actor, sequence_id, role=Role.OPERATOR, lock=Lock.EXCLUSIVE)
    if sequence.status is SequenceStatus.ARCHIVED:
        raise ConflictError("An archived sequence cannot be changed.")
    if revision is not None and revision != sequence.revision:
        raise ChangedMeanwhileError(await changes_since(session, actor, sequence, revision, now))
    return sequence


def record_change(
    session: Session, actor: Actor, sequence: SequenceRow, action: str, now: datetime, **detail: Any
) -> None:
    """Raise the revision for a change that `open_for_change` began, and add its audit entry."""
    sequence.revision += 1
    about = {"sequence": sequence.id, "revision": sequence.revision}
    actor.record(session, now, action, sequence.id, **about, **detail)


async def changes_since(
    session: Session, actor: Actor, sequence: SequenceRow, revision: int, now: datetime
) -> list[str]:
    """Tell each change after this revision: "Aisyah moved Day 2 09:00 to Day 2 14:00 at 10:12"."""
    rows = await session.rows(
        CHANGES_SINCE,
        {
            "workspace_id": actor.workspace_id,
            "sequence_id": sequence.id,
            "revision": revision,
            "changes": max(0, sequence.revision - revision),
        },
    )
    zone = ZoneInfo(sequence.time_zone)
    return [_sentence(row, actor, now.astimezone(zone), zone) for row in reversed(rows)]


def _sentence(row: Any, actor: Actor, now: datetime, zone: ZoneInfo) -> str:
    if row.operator_id is not None and row.operator_id == actor.operator_id:
        who = "You"
    else:
        who = row.name or ("Somebody over the API" if row.face == "rest" else "Somebody")
    at = row.at.astimezone(zone)
    when = f"{at:%H:%M}" if at.date() == now.date() else f"{at:%H:%M} on {at:%a} {at.day} {at:%b}"
    return f"{who} {_deed(row.detail)} at {when}."


def _deed(detail: dict[str, Any]) -> str:
    moved = detail.get("moved", ())
    deeds = [f"moved {was} to {to}" for was, to in moved[:MOST_NAMED]]
    if len(moved) > MOST_NAMED:
        deeds = [f"moved {len(moved)} messages"]
    for verb, headers in (
        ("changed the text of", detail.get("texts")),
        ("added", detail.get("added")),
        ("removed", detail.get("removed")),
    ):
        if headers:
            named = ", ".join(headers) if len(headers) <= MOST_NAMED else f"{len(headers)} messages"
            deeds.append(f"{verb} {named}")
    return ", ".join(deeds) or "changed its settings"
