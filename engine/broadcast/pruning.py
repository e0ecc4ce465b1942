"""Old messages are deleted, and results count them as before.

Only those of finished or cancelled campaigns and of runs that are over go, with their deliveries. Replies and
tests belong to neither and stay, and so does what an operator has still to decide about.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

from engine.broadcast.tallying import COUNTS, REASON, WITH_ANSWERS
from engine.database import Database

PAGE = 5_000

# One page of all messages in the order of their ids: a walk over the primary key, once a day. What has no outcome,
# or is being sent once more, is never closed. Two engines at it: who deletes a row counts it.
COLUMNS = (
    "workspace_id, step_id, campaign_id, outcome, reason, messages, delivered, read, not_shown, replied, opted_out"
)
ADDED = ", ".join(f"{count} = p.{count} + excluded.{count}" for count in COLUMNS.split(", ")[5:])
PRUNE_PAGE = f"""
WITH page AS MATERIALIZED (
    SELECT m.id, coalesce(e.status IN ('completed', 'exited') AND e.ended_at < :before,
                          c.status IN ('finished', 'cancelled')
                          AND coalesce(c.finished_at, c.started_at, c.scheduled_at) < :before, false) AS closed
      FROM messages m
      LEFT JOIN sequence_contacts e ON e.id = m.enrolment_id
      LEFT JOIN campaigns c ON c.id = m.campaign_id
     WHERE m.id > :after
     ORDER BY m.id
     LIMIT :page),
pruned AS (
    DELETE FROM messages m USING page
     WHERE m.id = page.id AND page.closed AND m.outcome IS NOT NULL
       AND NOT EXISTS (SELECT FROM doubts u WHERE u.message_id = m.id AND u.left_at IS NULL)
    RETURNING m.id, m.workspace_id, m.step_id, m.campaign_id, m.outcome, m.error_code),
counted AS (
    SELECT m.workspace_id, m.step_id, m.campaign_id, m.outcome, {REASON} AS reason, {COUNTS}
      FROM pruned m {WITH_ANSWERS}
     WHERE m.step_id IS NOT NULL OR m.campaign_id IS NOT NULL
     GROUP BY m.workspace_id, m.step_id, m.campaign_id, m.outcome, reason
     ORDER BY m.step_id, m.campaign_id, m.outcome, reason),
of_steps AS (
    INSERT INTO pruned_messages AS p ({COLUMNS}) SELECT {COLUMNS} FROM counted WHERE step_id IS NOT NULL
        ON CONFLICT (step_id, outcome, reason) DO UPDATE SET {ADDED}),
of_campaigns AS (
    INSERT INTO pruned_messages AS p ({COLUMNS}) SELECT {COLUMNS} FROM counted WHERE campaign_id IS NOT NULL
        ON CONFLICT (campaign_id, outcome, reason) DO UPDATE SET {ADDED})
SELECT (SELECT max(id) FROM page) AS last, (SELECT count(*) FROM pruned) AS pruned
"""


@dataclass(frozen=True, slots=True)
class Pruning:
    database: Database
    keep: timedelta

    async def run_once(self, now: datetime) -> int:
        """Prune what has been closed for as long as messages are kept; how many messages."""
        pruned, after = 0, 0
        while True:
            async with self.database.transaction() as session:
                values = {"after": after, "before": now - self.keep, "page": PAGE}
                row = (await session.execute(text(PRUNE_PAGE), values)).one()
            if row.last is None:
                return pruned
            pruned, after = pruned + row.pruned, row.last
