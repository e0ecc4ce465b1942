"""What the menus and REST show of campaigns."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import select, text

from engine.actor import Actor
from engine.campaigns import store
from engine.campaigns.audience import Audience, LeftOut
from engine.campaigns.content import Content
from engine.campaigns.progress import CampaignProgress
from engine.campaigns.progress_store import read_progress
from engine.clock import Clock
from engine.database import Database
from engine.transactions import Session
from models import Campaign, ContactList, Media, Operator, Segment, Workspace
from models.enums import (
    CampaignPause,
    CampaignStatus,
    DeviceChoice,
    DeviceState,
    LatePolicy,
    LeadStatus,
)


class Tab(StrEnum):
    """How the list of campaigns is divided."""

    RUNNING = "running"
    SCHEDULED = "scheduled"
    DRAFTS = "drafts"
    DONE = "done"

    @property
    def statuses(self) -> tuple[CampaignStatus, ...]:
        return _STATUSES[self]


_STATUSES = {
    Tab.RUNNING: (CampaignStatus.RUNNING, CampaignStatus.PAUSED),
    Tab.SCHEDULED: (CampaignStatus.SCHEDULED,),
    Tab.DRAFTS: (CampaignStatus.DRAFT,),
    Tab.DONE: (CampaignStatus.FINISHED, CampaignStatus.CANCELLED),
}


class Missing(StrEnum):
    """What a draft still needs before it can be launched."""

    MESSAGE = "message"
    AUDIENCE = "audience"
    DEVICES = "devices"


@dataclass(frozen=True, slots=True)
class CampaignSummary:
    """`ended` of the `planned` messages have their outcome."""

    id: int
    name: str
    status: CampaignStatus
    scheduled_at: datetime | None
    planned: int
    ended: int


@dataclass(frozen=True, slots=True)
class CampaignPage:
    """`counts`: how many campaigns each tab has."""

    counts: Mapping[Tab, int]
    campaigns: tuple[CampaignSummary, ...]


class PoolDevice(NamedTuple):
    id: int
    name: str
    state: DeviceState
    paused: bool


@dataclass(frozen=True, slots=True)
class CampaignCard:
    """Everything that one screen shows of a campaign. Windows are of each person's own zone."""

    id: int
    name: str
    status: CampaignStatus
    revision: int
    pause_reason: CampaignPause | None
    paused_at: datetime | None
    paused_by: str | None
    content: Content
    file_name: str | None
    audience: Audience
    audience_words: str  # "interest Yoga, prospects"
    device_choice: DeviceChoice
    devices: tuple[PoolDevice, ...]
    delays: tuple[float, float] | None  # seconds
    window: tuple[time, time] | None
    late_policy: LatePolicy
    late_window_minutes: int
    first_ones: int | None
    scheduled_at: datetime | None
    started_at: datetime | None
    fanned: bool  # everybody it is for has a message
    finished_at: datetime | None
    missing: tuple[Missing, ...]
    left_out: Mapping[LeftOut, int]  # people
    progress: CampaignProgress
    time_zone: str  # the workspace's
    now: datetime


COUNTS = "SELECT status, count(*) AS campaigns FROM campaigns WHERE workspace_id = :workspace_id GROUP BY status"

# The newest first, and of what is to come the next first. All is counted in indexes: of a million messages the
# outcomes are in as many rows.
PAGE = """
SELECT c.id, c.name, c.status, c.scheduled_at, m.planned + p.messages AS planned,
       m.planned + p.messages - coalesce(q.waiting, 0) - coalesce(d.sending, 0) AS ended
  FROM (SELECT * FROM campaigns
         WHERE workspace_id = :workspace_id AND status = ANY(:statuses)
         ORDER BY CASE WHEN status = 'scheduled' THEN scheduled_at END, coalesce(scheduled_at, created_at) DESC,
                  id DESC
         LIMIT :limit OFFSET :offset) c
 CROSS JOIN LATERAL (SELECT count(*) AS planned FROM messages o WHERE o.campaign_id = c.id) m
 CROSS JOIN LATERAL (SELECT CAST(coalesce(sum(o.messages), 0) AS bigint) AS messages
                       FROM pruned_messages o WHERE o.campaign_id = c.id) p
  LEFT JOIN LATERAL (SELECT count(*) AS waiting
                       FROM user_devices v
                       JOIN queue o ON o.device_id = v.id AND o.lane = 'campaign' AND o.campaign_id = c.id
                      WHERE v.workspace_id = c.workspace_id) q ON c.finished_at IS NULL
  LEFT JOIN LATERAL (SELECT count(*) AS sending
                       FROM user_devices v
                       JOIN messages o ON o.id = v.in_flight_message_id AND o.campaign_id = c.id
                      WHERE v.workspace_id = c.workspace_id) d ON c.finished_at IS NULL
 ORDER BY CASE WHEN c.status = 'scheduled' THEN c.scheduled_at END, coalesce(c.scheduled_at, c.created_at) DESC,
          c.id DESC
"""


class CampaignCatalogue:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def page(self, actor: Actor, tab: Tab, *, limit: int = 10, offset: int = 0) -> CampaignPage:
        """The newest of a tab first; of those that are scheduled, the next first."""
        about = {"workspace_id": actor.workspace_id}
        shown = {**about, "statuses": list(tab.statuses), "limit": limit, "offset": offset}
        async with self._database.transaction() as session:
            by_status = {row.status: row.campaigns for row in await session.execute(text(COUNTS), about)}
            rows = (await session.execute(text(PAGE), shown)).all()
        campaigns = (
            CampaignSummary(row.id, row.name, CampaignStatus(row.status), row.scheduled_at, row.planned, row.ended)
            for row in rows
        )
        counts = {one: sum(by_status.get(status, 0) for status in one.statuses) for one in Tab}
        return CampaignPage(counts, tuple(campaigns))

    async def card(self, actor: Actor, campaign_id: int) -> CampaignCard:
        now = self._clock.now()
        async with self._database.transaction() as session:
            campaign = await store.find(session, actor, campaign_id)
            workspace = await session.get_one(Workspace, actor.workspace_id)
            devices = await store.devices_of(session, campaign_id)
            paused_by = await session.scalar(select(Operator.name).where(Operator.id == campaign.paused_by))
            file_name = await session.scalar(select(Media.file_name).where(Media.id == campaign.media_id))
            words = await audience_words(session, campaign)
            progress = await read_progress(session, campaign, now)
        return CampaignCard(
            id=campaign.id,
            name=campaign.name,
            status=campaign.status,
            revision=campaign.revision,
            pause_reason=campaign.pause_reason,
            paused_at=campaign.paused_at,
            paused_by=paused_by,
            content=content_of(campaign),
            file_name=file_name,
            audience=audience_of(campaign),
            audience_words=words,
            device_choice=campaign.device_choice,
            devices=tuple(PoolDevice(one.id, one.name, one.state, one.paused_at is not None) for one in devices),
            delays=delays_of(campaign),
            window=window_of(campaign),
            late_policy=campaign.late_policy,
            late_window_minutes=campaign.late_window_minutes,
            first_ones=campaign.first_ones,
            scheduled_at=campaign.scheduled_at,
            started_at=campaign.started_at,
            fanned=campaign.fanned_at is not None,
            finished_at=campaign.finished_at,
            missing=missing_of(campaign, devices=len(devices)),
            left_out=left_out_of(campaign),
            progress=progress,
            time_zone=workspace.time_zone,
            now=now,
        )


def content_of(campaign: Campaign) -> Content:
    return Content(campaign.kind, campaign.body, campaign.media_id)


def audience_of(campaign: Campaign) -> Audience:
    return Audience(
        niche=campaign.niche,
        list_id=campaign.list_id,
        segment_id=campaign.segment_id,
        follows_id=campaign.follows_id,
        lead_status=campaign.lead_status,
    )


def delays_of(campaign: Campaign) -> tuple[float, float] | None:
    shortest, longest = campaign.min_delay_seconds, campaign.max_delay_seconds
    return None if shortest is None or longest is None else (shortest, longest)


def window_of(campaign: Campaign) -> tuple[time, time] | None:
    start, end = campaign.window_start, campaign.window_end
    return None if start is None or end is None else (start, end)


def left_out_of(campaign: Campaign) -> Mapping[LeftOut, int]:
    return Counter({LeftOut(reason): people for reason, people in campaign.left_out.items() if people})


def missing_of(campaign: Campaign, *, devices: int) -> tuple[Missing, ...]:
    """What has to be said before it can be launched. `devices`: how many of its pool are there."""
    needed = {
        Missing.MESSAGE: not campaign.body.strip() and campaign.media_id is None,
        Missing.AUDIENCE: not campaign.audience_set,
        Missing.DEVICES: campaign.device_choice is DeviceChoice.POOL and not devices,
    }
    return tuple(one for one, is_missing in needed.items() if is_missing)


async def audience_words(session: Session, campaign: Campaign) -> str:
    """Say whom it is for: "interest Yoga, prospects"; empty while nobody has said it."""
    if not campaign.audience_set:
        return ""
    words = "everybody"
    if campaign.niche is not None:
        words = f"interest {campaign.niche}"
    for named, model, named_id in (
        ("list", ContactList, campaign.list_id),
        ("segment", Segment, campaign.segment_id),
        ("who got", Campaign, campaign.follows_id),
    ):
        if named_id is not None:
            words = f"{named} {await session.scalar(_name(model, named_id, campaign.workspace_id))}"
    if campaign.lead_status is None:
        return words
    return f"{words}, {'customers' if campaign.lead_status is LeadStatus.CUSTOMER else 'prospects'}"


def _name(model: Any, named_id: int, workspace_id: int) -> Any:
    return select(model.name).where(model.id == named_id, model.workspace_id == workspace_id)
