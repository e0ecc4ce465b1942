"""The job that pauses a campaign which goes wrong, and says what it saw."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from engine.actor import Actor
from engine.alerts import Problem, tell
from engine.campaigns.breaker import LOOKED_AT, DeviceSample, Verdict, in_words, judge
from engine.campaigns.control import alert_subject
from engine.database import Database
from engine.transactions import Session
from engine.transports.contract import NOT_ON_WHATSAPP
from models.enums import AlertKind, CampaignPause, Face, MessageStatus, Role

RUNNING = "SELECT id FROM campaigns WHERE status = 'running' AND started_at IS NOT NULL ORDER BY id"

# What ended last, since somebody went on after the last pause. What expired, was capped or was cancelled says
# nothing of the campaign.
LAST = f"""
SELECT d.id AS device_id, d.name AS device, m.outcome, m.error_code, m.error,
       EXISTS (SELECT FROM inbound_messages i WHERE i.answers_message_id = m.id AND i.opted_out) AS gone
  FROM (SELECT m.id, m.device_id, m.outcome, m.error_code, m.error
          FROM messages m
         WHERE m.campaign_id = :campaign_id AND m.claimed_at IS NOT NULL
           AND m.claimed_at > coalesce(CAST(:since AS timestamptz), '-infinity')
           AND (m.outcome IN ('sent', 'unknown', 'failed') OR m.error_code = '{NOT_ON_WHATSAPP}')
         ORDER BY m.claimed_at DESC
         LIMIT {LOOKED_AT}) m
  JOIN user_devices d ON d.id = m.device_id
"""
WATCHED = "SELECT watched_from FROM campaigns WHERE id = :campaign_id AND status = 'running'"
LOCK = f"{WATCHED} FOR NO KEY UPDATE SKIP LOCKED"
PAUSE = """
UPDATE campaigns SET status = 'paused', pause_reason = 'breaker', paused_at = :now, paused_by = NULL
 WHERE id = :campaign_id
RETURNING workspace_id, name
"""


@dataclass(frozen=True, slots=True)
class CampaignWatch:
    database: Database

    async def run_once(self, now: datetime) -> list[int]:
        """Look at every campaign that runs, and pause those that go wrong; which."""
        async with self.database.transaction() as session:
            ids = list(await session.scalars(text(RUNNING)))
        return [one for one in ids if await self._look(one, now)]

    async def _look(self, campaign_id: int, now: datetime) -> bool:
        """Look first without a lock, which the claims of its messages would find for as long as it is judged."""
        async with self.database.transaction() as session:
            if await _judge(session, campaign_id, WATCHED) is None:
                return False
        async with self.database.transaction() as session:
            verdict = await _judge(session, campaign_id, LOCK)
            if verdict is None:
                return False
            about = {"campaign_id": campaign_id, "now": now}
            paused = (await session.execute(text(PAUSE), about)).one()
            words = f"“{paused.name}” has paused itself. {in_words(verdict)}"
            problem = Problem(AlertKind.CAMPAIGN_PAUSED, alert_subject(campaign_id), words)
            await tell(session, paused.workspace_id, problem, now)
            system = Actor(paused.workspace_id, Role.OPERATOR, Face.SYSTEM)
            system.record(session, now, "campaign.pause", campaign_id, reason=CampaignPause.BREAKER)
        return True


async def _judge(session: Session, campaign_id: int, statement: str) -> Verdict | None:
    """None also if it runs no more, or if somebody is changing it: another time."""
    campaign = (await session.execute(text(statement), {"campaign_id": campaign_id})).one_or_none()
    return None if campaign is None else judge(await _samples(session, campaign_id, campaign.watched_from))


async def _samples(session: Session, campaign_id: int, since: datetime | None) -> list[DeviceSample]:
    rows = (await session.execute(text(LAST), {"campaign_id": campaign_id, "since": since})).all()
    by_device: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        by_device[row.device_id].append(row)
    return [_sample(of_one) for of_one in by_device.values()]


def _sample(rows: list[Any]) -> DeviceSample:
    failed = Counter(row.error or row.error_code for row in rows if row.outcome == MessageStatus.FAILED)
    return DeviceSample(
        device=rows[0].device,
        reached=sum(row.outcome in {MessageStatus.SENT, MessageStatus.UNKNOWN} for row in rows),
        left=sum(row.gone for row in rows),
        failed=failed,
        not_there=sum(row.error_code == NOT_ON_WHATSAPP for row in rows),
    )
