"""Do the books balance? What must hold between any two transactions, looked at from the outside.

It is one statement, so it sees one snapshot: a claim, an outcome or a move is in it as a whole or not at all. What
it finds is so, and looking a second time would prove nothing more.

For each step and campaign, planned = pending + processing + every outcome. Results count the rows of `messages`
and what has been pruned, so this holds if each row is in exactly one of the queue, a device and an outcome (two
that are wrong in opposite ways do not make up for each other here), belongs to a step of its own run's sequence,
and what was pruned was counted once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from engine.alerts import Problem, Solution, tell
from engine.database import Database
from engine.sequences.pasting import write_header
from models.enums import AlertKind

SUBJECT = "books"
MOST_TOLD = 10  # places in one alert

# Every message has one of: a row in the queue, a device that names it, an outcome. Every open run waits for one
# of: a time, a message (one that is sent once more by hand is not its own any more); a run whose sequence has no
# live step waits for somebody to write one. Of a campaign that is over only what is sent once more is open.
# Tables are read as a whole, with hash joins: no index helps to find what is missing.
FINDINGS = """
WITH found AS (
    SELECT m.workspace_id, m.step_id, m.campaign_id,
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
    SELECT m.workspace_id, NULL, c.id, 'unfinished'
      FROM campaigns c
      JOIN messages m ON m.campaign_id = c.id AND m.outcome IS NULL AND NOT m.by_hand
     WHERE c.finished_at IS NOT NULL
     UNION ALL
    SELECT m.workspace_id, m.step_id, NULL, 'misplaced'
      FROM messages m
      JOIN sequence_contacts e ON e.id = m.enrolment_id
      JOIN sequence_steps t ON t.id = m.step_id
     WHERE t.sequence_id <> e.sequence_id
     UNION ALL
    SELECT p.workspace_id, p.step_id, p.campaign_id, 'pruned'
      FROM pruned_messages p
     WHERE p.messages < greatest(1, p.delivered, p.replied, p.opted_out) OR p.delivered < p.read
     UNION ALL
    SELECT d.workspace_id, NULL, NULL, 'queued'
      FROM queue q LEFT JOIN messages m ON m.id = q.message_id JOIN user_devices d ON d.id = q.device_id
     WHERE m.id IS NULL
     UNION ALL
    SELECT d.workspace_id, NULL, NULL, 'flying'
      FROM user_devices d LEFT JOIN messages m ON m.id = d.in_flight_message_id AND m.device_id = d.id
     WHERE d.in_flight_message_id IS NOT NULL AND (m.id IS NULL OR m.outcome IS NOT NULL)
     UNION ALL
    SELECT e.workspace_id, e.next_step_id, NULL, 'runs'
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
SELECT f.workspace_id, f.finding, count(*) AS times, coalesce(c.name, s.name) AS source, t.day_number, t.send_time,
       t.after_join_minutes
  FROM found f
  LEFT JOIN campaigns c ON c.id = f.campaign_id
  LEFT JOIN sequence_steps t ON t.id = f.step_id
  LEFT JOIN sequences s ON s.id = t.sequence_id
 GROUP BY f.workspace_id, f.finding, c.id, t.id, s.name
 ORDER BY f.workspace_id, f.finding, lower(coalesce(c.name, s.name)), c.id, t.day_number, t.id
"""

IN_WORDS = {
    "astray": "messages that neither wait nor are on their way nor have an outcome",
    "double": "messages that are in two places at once",
    "elsewhere": "messages that wait at another device than their own",
    "misplaced": "messages that are counted in another sequence than their person's",
    "flying": "devices that send a message which is not open",
    "pruned": "counts of old messages that contradict themselves",
    "queued": "places in the queue without a message",
    "runs": "people who wait for nothing, or for two messages at once",
    "unfinished": "messages that wait, and whose campaign is over",
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
    source: str | None = None  # a sequence, or a campaign
    step: str | None = None  # "Day 2 09:00" of a sequence

    @property
    def in_words(self) -> str:
        where = f" (“{self.source}”{f', {self.step}' if self.step else ''})" if self.source else ""
        return f"{self.times:,} {IN_WORDS[self.finding]}{where}"


@dataclass(frozen=True, slots=True)
class Books:
    database: Database

    async def run_once(self, now: datetime) -> Sequence[Finding]:
        """Look, raise an alert for each team whose books do not balance, and resolve those that do again."""
        async with self.database.transaction() as session:
            rows = await session.execute(text(FINDINGS))
            found = [_finding(row) for row in rows]
            unbalanced = {finding.workspace_id for finding in found}
            for workspace_id in unbalanced:
                words = [one.in_words for one in found if one.workspace_id == workspace_id]
                more = [f"and {len(words) - MOST_TOLD} more of the kind"] if len(words) > MOST_TOLD else []
                told = f"There are {', '.join(words[:MOST_TOLD] + more)}."
                problem = Problem(AlertKind.BOOKS_UNBALANCED, SUBJECT, told, 0)
                await tell(session, workspace_id, problem, now)
            balanced = Solution(AlertKind.BOOKS_UNBALANCED, SUBJECT, "The books balance again.")
            for workspace_id in set(await session.scalars(text(OPEN))) - unbalanced:
                await tell(session, workspace_id, balanced, now)
        return found


def _finding(row: Any) -> Finding:
    step = None
    if row.day_number is not None:
        step = write_header(row.day_number, row.send_time, row.after_join_minutes)
    return Finding(row.workspace_id, row.finding, row.times, row.source, step)
