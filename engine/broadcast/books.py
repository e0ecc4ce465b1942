"""Do the books balance? What must hold between any two transactions, looked at from the outside.

It is one statement, so it sees one snapshot: a claim, an outcome or a move is in it as a whole or not at all. What
it finds is so, and looking a second time would prove nothing more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from engine.alerts import Problem, Solution, tell
from engine.database import Database
from models.enums import AlertKind

SUBJECT = "books"

# Every message has one of: a row in the queue, a device that names it, an outcome. Every open run waits for one
# of: a time, a message (one that is sent once more by hand is not its own any more); a run whose sequence has no
# live step waits for somebody to write one. Tables are read as a whole, with hash joins: no index helps to find
# what is missing.
FINDINGS = """
WITH found AS (
    SELECT m.workspace_id,
           CASE WHEN m.outcome IS NULL AND q.message_id IS NULL AND d.id IS NULL THEN 'astray'
                WHEN m.outcome = 'unknown' AND u.message_id IS NULL AND q.message_id IS NULL AND d.id IS NULL
                THEN 'unasked'
                WHEN q.device_id <> m.device_id THEN 'elsewhere'
                ELSE 'double' END AS finding
      FROM messages m
      LEFT JOIN queue q ON q.message_id = m.id
      LEFT JOIN user_devices d ON d.in_flight_message_id = m.id AND d.id = m.device_id
      LEFT JOIN doubts u ON u.message_id = m.id
     WHERE CAST(m.outcome IS NOT NULL AS integer) + CAST(q.message_id IS NOT NULL AS integer)
           + CAST(d.id IS NOT NULL AS integer) <> 1
        OR q.device_id <> m.device_id
        OR (m.outcome = 'unknown' AND u.message_id IS NULL)
     UNION ALL
    SELECT d.workspace_id, 'queued'
      FROM queue q LEFT JOIN messages m ON m.id = q.message_id JOIN user_devices d ON d.id = q.device_id
     WHERE m.id IS NULL
     UNION ALL
    SELECT d.workspace_id, 'flying'
      FROM user_devices d LEFT JOIN messages m ON m.id = d.in_flight_message_id AND m.device_id = d.id
     WHERE d.in_flight_message_id IS NOT NULL AND (m.id IS NULL OR m.outcome IS NOT NULL)
     UNION ALL
    SELECT e.workspace_id, 'runs'
      FROM sequence_contacts e
      LEFT JOIN (SELECT m.enrolment_id, count(*) AS messages FROM messages m
                  WHERE m.outcome IS NULL AND m.enrolment_id IS NOT NULL AND NOT m.by_hand
                  GROUP BY m.enrolment_id) o ON o.enrolment_id = e.id
     WHERE (e.status IN ('active', 'paused')
            AND CAST(e.next_due_at IS NOT NULL AS integer) + coalesce(o.messages, 0) <> 1
            AND (e.next_due_at IS NOT NULL OR o.messages > 0
                 OR EXISTS (SELECT FROM sequence_steps t
                             WHERE t.sequence_id = e.sequence_id AND t.retired_at IS NULL)))
        OR (e.status = 'completed' AND o.messages > 0))
SELECT workspace_id, finding, count(*) AS times FROM found GROUP BY workspace_id, finding
ORDER BY workspace_id, finding
"""

IN_WORDS = {
    "astray": "messages that neither wait nor are on their way nor have an outcome",
    "double": "messages that are in two places at once",
    "elsewhere": "messages that wait at another device than their own",
    "flying": "devices that send a message which is not open",
    "queued": "places in the queue without a message",
    "runs": "people who wait for nothing, or for two messages at once",
    "unasked": "unsure messages that nobody is asked about",
}

OPEN = """
SELECT workspace_id FROM alerts WHERE kind = 'books_unbalanced' AND subject = 'books' AND status <> 'resolved'
"""


@dataclass(frozen=True, slots=True)
class Finding:
    workspace_id: int
    finding: str  # a key of IN_WORDS
    times: int


@dataclass(frozen=True, slots=True)
class Books:
    database: Database

    async def run_once(self, now: datetime) -> Sequence[Finding]:
        """Look, raise an alert for each team whose books do not balance, and resolve those that do again."""
        async with self.database.transaction() as session:
            rows = await session.execute(text(FINDINGS))
            found = [Finding(row.workspace_id, row.finding, row.times) for row in rows]
            unbalanced = {finding.workspace_id for finding in found}
            for workspace_id in unbalanced:
                words = ", ".join(
                    f"{one.times:,} {IN_WORDS[one.finding]}" for one in found if one.workspace_id == workspace_id
                )
                problem = Problem(AlertKind.BOOKS_UNBALANCED, SUBJECT, f"There are {words}.", 0)
                await tell(session, workspace_id, problem, now)
            balanced = Solution(AlertKind.BOOKS_UNBALANCED, SUBJECT, "The books balance again.")
            for workspace_id in set(await session.scalars(text(OPEN))) - unbalanced:
                await tell(session, workspace_id, balanced, now)
        return found
