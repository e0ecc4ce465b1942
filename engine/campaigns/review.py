"""What an operator sees before a campaign is launched: who gets it and who does not, what it says, until when."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from engine.actor import Actor
from engine.broadcast.forecast import Share
from engine.broadcast.templating import Need, UnfillableError, fill_in, needs, says_nothing_without
from engine.broadcast.walk import Limit
from engine.campaigns import review_store, store
from engine.campaigns.audience import LeftOut
from engine.campaigns.audience_store import people_of
from engine.campaigns.catalogue import Missing, missing_of
from engine.campaigns.faster import Faster, faster
from engine.campaigns.launch import TIME_TO_UNDO
from engine.campaigns.layout import Layout
from engine.campaigns.surveying import Survey, Surveyor
from engine.clock import Clock
from engine.database import Database
from engine.devices.idle import Idle, idle_of
from engine.errors import ConflictError
from engine.transactions import Session
from models import Campaign, Workspace
from models.enums import CampaignStatus, ContentKind

SAMPLES = 3


@dataclass(frozen=True, slots=True)
class Sample:
    """The message as somebody gets it. `trouble`: why they cannot get it; then there is no text."""

    name: str
    text: str
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """So many of those who would get it have none of these variables, and it fails for them.

    `blank`: without them nothing is left of the text; else one of them is named in it, without a default.
    """

    need: Need
    lacking: int
    blank: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """What mostly decides how long a device takes, with the figures of it."""

    by: Limit
    cap: int | None = None  # of a cap; of a warm-up, what it allows on the first day …
    full_cap: int | None = None  # … and what it rises to
    delays: tuple[float, float] | None = None  # seconds
    others: int = 0  # messages that go out before its last


@dataclass(frozen=True, slots=True)
class DeviceShare:
    device_id: int
    name: str
    people: int
    last_at: datetime | None
    held_by: Held


@dataclass(frozen=True, slots=True)
class Review:
    """Everything that is to be known before pressing Launch.

    With something `missing` there may be nobody and no forecast. `capped` are among those who get it, on the day
    after. `expires` of them would be too late by then, and `later` come after more than a year or never.
    """

    campaign_id: int
    name: str
    status: CampaignStatus
    revision: int
    time_zone: str  # the workspace's
    now: datetime
    missing: tuple[Missing, ...]
    starts_at: datetime
    gets: int
    left_out: Mapping[LeftOut, int]
    capped: int
    samples: tuple[Sample, ...]
    gaps: tuple[Gap, ...]
    first_at: datetime | None
    last_at: datetime | None
    expires: int
    later: int
    curve: tuple[tuple[datetime, int], ...]  # how many are out by then
    devices: tuple[DeviceShare, ...]  # that have people, who is through last in front
    idle: tuple[Idle, ...]
    stopped: bool  # everything is, in this workspace
    faster: tuple[Faster, ...]


@dataclass(frozen=True, slots=True)
class _Read:
    campaign: Campaign
    workspace: Workspace
    missing: tuple[Missing, ...]
    survey: Survey
    samples: Sequence[Any]


class CampaignReviews:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def review(self, actor: Actor, campaign_id: int, *, at: datetime | None = None) -> Review:
        """Foresee what launching it does, now or at a time. Raises ConflictError if it has begun."""
        now = self._clock.now()
        async with self._database.transaction() as session:
            campaign = await store.find(session, actor, campaign_id)
            if campaign.status not in {CampaignStatus.DRAFT, CampaignStatus.SCHEDULED}:
                raise ConflictError("This campaign has begun; its card shows how far it is.")
            asked = at or campaign.scheduled_at or now
            starts_at = max(asked, now + TIME_TO_UNDO * max(1.0, self._clock.speed))
            read = await _read(session, campaign, starts_at, now)
        return await asyncio.to_thread(_review, read, starts_at, now)  # it may take a second


async def _read(session: Session, campaign: Campaign, starts_at: datetime, now: datetime) -> _Read:
    workspace = await session.get_one(Workspace, campaign.workspace_id)
    missing = missing_of(campaign, devices=len(await store.devices_of(session, campaign.id)))
    people = None if Missing.AUDIENCE in missing else await people_of(session, campaign, now)
    return _Read(
        campaign,
        workspace,
        missing,
        await Surveyor(session, workspace, now).survey(campaign, people, _needs(campaign), starts_at),
        await review_store.samples(session, people, SAMPLES) if people and Missing.MESSAGE not in missing else (),
    )


def _review(read: _Read, starts_at: datetime, now: datetime) -> Review:
    campaign, found = read.campaign, read.survey
    layout = found.layout
    told = layout.foresee()
    shares = sorted(
        (share for share in told.shares if share.people),
        key=lambda share: (share.last_at is None, share.last_at or now),
        reverse=True,
    )
    waiting = {share.device_id: share.people for share in shares}
    return Review(
        campaign_id=campaign.id,
        name=campaign.name,
        status=campaign.status,
        revision=campaign.revision,
        time_zone=read.workspace.time_zone,
        now=now,
        missing=read.missing,
        starts_at=starts_at,
        gets=found.gets,
        left_out=found.left_out,
        capped=sum(crowd.capped for crowd in layout.crowds),
        samples=tuple(_sample(campaign, row) for row in read.samples),
        gaps=_gaps(campaign, found.lacking),
        first_at=told.first_at,
        last_at=told.last_at,
        expires=told.expired,
        later=told.people - told.sent - told.expired,
        curve=told.curve,
        devices=tuple(_device_share(layout, share) for share in shares),
        idle=idle_of([row for row in found.devices if row.pooled or row.id in waiting], waiting),
        stopped=read.workspace.stopped_at is not None,
        faster=faster(layout, told, found.spare),
    )


def _needs(campaign: Campaign) -> tuple[Need, ...]:
    """What the text demands, and at the end that without which nothing is left of it."""
    demanded = needs(campaign.body)
    unsaid = says_nothing_without(campaign.body) if campaign.kind is ContentKind.TEXT else ()
    return (*demanded, unsaid) if unsaid and not any(set(need) <= set(unsaid) for need in demanded) else demanded


def _gaps(campaign: Campaign, lacking: Mapping[Need, int]) -> tuple[Gap, ...]:
    demanded = needs(campaign.body)
    return tuple(Gap(need, people, need not in demanded) for need, people in lacking.items() if people)


def _sample(campaign: Campaign, row: Any) -> Sample:
    called = row.name.strip() or row.phone
    try:
        text = fill_in(campaign.kind, campaign.body, name=row.name, phone=row.phone, attributes=row.attributes)
    except UnfillableError as error:
        return Sample(called, "", str(error))
    return Sample(called, text)


def _device_share(layout: Layout, share: Share) -> DeviceShare:
    station = next(one for one in layout.stations if one.device_id == share.device_id)
    pace, held = layout.pace_on(station), Held(share.held_by)
    match share.held_by:
        case Limit.HOURLY_CAP:
            held = replace(held, cap=pace.hourly_cap)
        case Limit.DAILY_CAP:
            held = replace(held, cap=pace.daily_cap)
        case Limit.WARM_UP:
            day = layout.terms.starts_at.astimezone(layout.zone).date()
            held = replace(held, cap=pace.cap_on(day), full_cap=pace.daily_cap)
        case Limit.DELAYS | Limit.CAMPAIGN_DELAYS:
            held = replace(held, delays=(pace.min_delay, pace.max_delay))
        case Limit.OTHERS:
            held = replace(held, others=share.others)
    return DeviceShare(station.device_id, station.name, share.people, share.last_at, held)
