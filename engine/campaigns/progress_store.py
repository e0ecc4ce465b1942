"""The SQL of a campaign's progress: one snapshot, so that the books balance at every look."""

from datetime import datetime

from sqlalchemy import text

from engine.broadcast.tallying import REASON, RECEIVED
from engine.campaigns.progress import CampaignProgress, lately, progress_of
from engine.transactions import Session
from models import Campaign

# What has been pruned counts as well. `lately`: sent within the time from which the rate is taken.
OUTCOMES = f"""
SELECT coalesce(m.outcome, CASE WHEN d.id IS NULL THEN 'pending' ELSE 'processing' END) AS outcome,
       {REASON} AS reason, count(*) AS messages, {RECEIVED},
       count(*) FILTER (WHERE m.sent_at >= :lately) AS lately
  FROM messages m
  LEFT JOIN user_devices d ON d.in_flight_message_id = m.id AND d.id = m.device_id
  LEFT JOIN deliveries r ON r.message_id = m.id
 WHERE m.campaign_id = :campaign_id
 GROUP BY 1, 2
 UNION ALL
SELECT p.outcome, p.reason, p.messages, p.delivered, p.read, p.not_shown, 0
  FROM pruned_messages p WHERE p.campaign_id = :campaign_id
"""

# Asked from those who answered, who are fewer than those who were written to. Who answers twice has answered;
# asking to stop is no answer.
ANSWERS = """
SELECT (SELECT count(DISTINCT i.answers_message_id) FROM inbound_messages i
          JOIN messages m ON m.id = i.answers_message_id AND m.campaign_id = :campaign_id
         WHERE i.workspace_id = :workspace_id AND NOT i.opted_out)
       + coalesce(p.replied, 0) AS replied,
       (SELECT count(DISTINCT i.answers_message_id) FROM inbound_messages i
          JOIN messages m ON m.id = i.answers_message_id AND m.campaign_id = :campaign_id
         WHERE i.workspace_id = :workspace_id AND i.opted_out)
       + coalesce(p.opted_out, 0) AS opted_out
  FROM (SELECT CAST(sum(replied) AS bigint) AS replied, CAST(sum(opted_out) AS bigint) AS opted_out
          FROM pruned_messages WHERE campaign_id = :campaign_id) p
"""


async def read_progress(session: Session, campaign: Campaign, now: datetime) -> CampaignProgress:
    since = _going_since(campaign)
    counted_from = lately(now) if since is None else max(lately(now), since)
    about = {"campaign_id": campaign.id, "workspace_id": campaign.workspace_id, "lately": counted_from}
    rows = (await session.execute(text(OUTCOMES), about)).all()
    answers = (await session.execute(text(ANSWERS), about)).one()
    return progress_of(rows, answers, since=since, now=now)


def _going_since(campaign: Campaign) -> datetime | None:
    """From when on its pace can be told: since it began, or went on after a pause."""
    if campaign.started_at is None or campaign.scheduled_at is None:
        return None
    begun = max(campaign.scheduled_at, campaign.started_at)
    return begun if campaign.watched_from is None else max(begun, campaign.watched_from)
