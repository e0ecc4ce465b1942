"""Deleting a campaign's messages for those who got them, where WhatsApp still lets that be done."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text

from engine.actor import Actor
from engine.campaigns import store
from engine.clock import Clock
from engine.database import Database
from engine.errors import ConflictError
from models.enums import CampaignStatus, Role, TransportKind

# "Delete for everyone" works for two days and a bit: https://faq.whatsapp.com/1370476507113751
REVOCABLE_FOR = timedelta(hours=60)
# The official API has no such call.
REVOKING = (TransportKind.SIMULATOR.value, TransportKind.NEONIZE.value)

FIGURES = """
SELECT count(*) AS sent,
       count(*) FILTER (WHERE r.message_id IS NULL AND m.sent_at > :since AND d.transport = ANY(:transports)
                          AND d.removed_at IS NULL) AS possible,
       count(r.message_id) AS asked, count(*) FILTER (WHERE r.revoked) AS revoked,
       count(*) FILTER (WHERE NOT r.revoked) AS refused
  FROM messages m
  JOIN deliveries p ON p.message_id = m.id
  JOIN user_devices d ON d.id = m.device_id
  LEFT JOIN revocations r ON r.message_id = m.id
 WHERE m.campaign_id = :campaign_id AND m.outcome = 'sent'
"""
ASK = """
INSERT INTO revocations (workspace_id, message_id, campaign_id, device_id, asked_at, asked_by)
SELECT m.workspace_id, m.id, m.campaign_id, m.device_id, :now, :by
  FROM messages m
  JOIN deliveries p ON p.message_id = m.id
  JOIN user_devices d ON d.id = m.device_id
 WHERE m.campaign_id = :campaign_id AND m.outcome = 'sent' AND m.sent_at > :since
   AND d.transport = ANY(:transports) AND d.removed_at IS NULL
    ON CONFLICT (message_id) DO NOTHING
RETURNING message_id
"""


@dataclass(frozen=True, slots=True)
class Revocations:
    """Of the messages that were `sent`: how many can still be deleted, and how far those are that are to be.

    `asked` = revoked + refused (WhatsApp did not do it) + those that wait.
    """

    sent: int
    possible: int
    asked: int
    revoked: int
    refused: int

    @property
    def waiting(self) -> int:
        return self.asked - self.revoked - self.refused


class CampaignRevocations:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def get(self, actor: Actor, campaign_id: int) -> Revocations:
        async with self._database.transaction() as session:
            await store.find(session, actor, campaign_id)
            row = (await session.execute(text(FIGURES), self._about(campaign_id))).one()
        return Revocations(row.sent, row.possible, row.asked, row.revoked, row.refused)

    async def revoke(self, actor: Actor, campaign_id: int) -> int:
        """Ask the devices to delete what was sent; how many messages. They do it between two sends, and tell.

        Idempotent. Raises ConflictError while the campaign still goes out.
        """
        now = self._clock.now()
        async with self._database.transaction() as session:
            campaign = await store.find(session, actor, campaign_id, role=Role.OPERATOR, lock=True)
            if campaign.status is CampaignStatus.RUNNING:
                raise ConflictError("This campaign still goes out; stop it first.")
            about = {**self._about(campaign_id), "now": now, "by": actor.operator_id}
            asked = len((await session.execute(text(ASK), about)).all())
            if asked:
                actor.record(session, now, "campaign.revoke", campaign_id, messages=asked)
        return asked

    def _about(self, campaign_id: int) -> dict[str, object]:
        since = self._clock.now() - REVOCABLE_FOR
        return {"campaign_id": campaign_id, "since": since, "transports": list(REVOKING)}
