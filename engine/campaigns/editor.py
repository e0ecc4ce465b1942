"""Making a campaign and saying what it is: message, audience, devices, pace, hours."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import time
from typing import Any

from sqlalchemy import func, select

from engine.actor import Actor
from engine.broadcast.media import check_media
from engine.campaigns import store
from engine.campaigns.audience import Audience
from engine.campaigns.content import Content, check_content
from engine.clock import Clock
from engine.database import Database
from engine.devices.limits import LONGEST_DELAY
from engine.devices.registry import check_name
from engine.errors import ConflictError, InvalidInputError, NotFoundError
from engine.sequences.copying import name_of_copy
from engine.sequences.settings import LONGEST_LATE_WINDOW, clean_niche
from engine.transactions import Session
from models import Campaign, ContactList, Media, Segment, UserDevice
from models.enums import CampaignStatus, DeviceChoice, LatePolicy, Role

# What a campaign is, but for what it is called and what has become of it.
COPIED = (
    "audience_set", "niche", "list_id", "segment_id", "follows_id", "lead_status", "kind", "body", "media_id",
    "device_choice", "min_delay_seconds", "max_delay_seconds", "window_start", "window_end", "late_policy",
    "late_window_minutes",
)  # fmt: skip


class CampaignEditor:
    """Changes a draft. What is scheduled becomes a draft by being changed; what has begun stays as it is."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def create(self, actor: Actor, name: str) -> int:
        """Make an empty draft."""
        actor.must_be(Role.OPERATOR)
        name = check_name(name, "campaign")
        async with self._database.transaction() as session:
            campaign = Campaign(workspace_id=actor.workspace_id, name=name)
            session.add(campaign)
            await session.flush()
            actor.record(session, self._clock.now(), "campaign.create", campaign.id, name=name)
        return campaign.id

    async def rename(self, actor: Actor, campaign_id: int, name: str) -> None:
        """Call it something else; that is possible at any time."""
        name = check_name(name, "campaign")
        async with self._database.transaction() as session:
            campaign = await store.find(session, actor, campaign_id, role=Role.OPERATOR, lock=True)
            actor.record(session, self._clock.now(), "campaign.rename", campaign_id, was=campaign.name, name=name)
            campaign.name = name

    async def set_content(self, actor: Actor, campaign_id: int, content: Content) -> None:
        async with self._changing(actor, campaign_id, "campaign.content", kind=content.kind) as (
            session,
            campaign,
        ):
            await write_content(session, campaign, content)

    async def set_audience(self, actor: Actor, campaign_id: int, audience: Audience) -> None:
        named = {"list": audience.list_id, "segment": audience.segment_id, "follows": audience.follows_id}
        detail = {**named, "niche": audience.niche, "lead_status": audience.lead_status}
        async with self._changing(actor, campaign_id, "campaign.audience", **detail) as (session, campaign):
            await _check_audience(session, campaign, audience)
            campaign.audience_set = True
            campaign.niche = clean_niche(audience.niche)
            campaign.list_id = audience.list_id
            campaign.segment_id = audience.segment_id
            campaign.follows_id = audience.follows_id
            campaign.lead_status = audience.lead_status

    async def set_devices(self, actor: Actor, campaign_id: int, device_ids: Collection[int]) -> None:
        """Spread it over these devices; who knows one of them gets it from that."""
        chosen = sorted(set(device_ids))
        async with self._changing(actor, campaign_id, "campaign.devices", devices=chosen) as (session, campaign):
            await _check_devices(session, campaign.workspace_id, chosen)
            campaign.device_choice = DeviceChoice.POOL
            await store.set_pool(session, campaign, set(chosen))

    async def use_known_devices(self, actor: Actor, campaign_id: int) -> None:
        """Send to everybody from the device that they know."""
        async with self._changing(actor, campaign_id, "campaign.devices", known=True) as (session, campaign):
            campaign.device_choice = DeviceChoice.KNOWN
            await store.set_pool(session, campaign, set())

    async def set_pacing(self, actor: Actor, campaign_id: int, delays: tuple[float, float] | None) -> None:
        """Go slower than the devices' own delays (seconds); None: as fast as these allow."""
        if delays is not None:
            _check_delays(*delays)
        async with self._changing(actor, campaign_id, "campaign.pacing", delays=delays) as (_, campaign):
            campaign.min_delay_seconds, campaign.max_delay_seconds = delays or (None, None)

    async def set_window(self, actor: Actor, campaign_id: int, window: tuple[time, time] | None) -> None:
        """Send between these times of every day, of the person's own zone; None: at any time."""
        if window is not None and window[0] == window[1]:
            raise InvalidInputError("The window begins when it ends; choose two different times.")
        told = None if window is None else [f"{bound:%H:%M}" for bound in window]
        async with self._changing(actor, campaign_id, "campaign.window", window=told) as (_, campaign):
            campaign.window_start, campaign.window_end = window or (None, None)

    async def set_late(self, actor: Actor, campaign_id: int, policy: LatePolicy, minutes: int) -> None:
        """Say what becomes of messages that have not gone out so many minutes after its start."""
        if not 1 <= minutes <= LONGEST_LATE_WINDOW:
            raise InvalidInputError("A campaign can count as late after at least one minute and at most 7 days.")
        told = {"policy": policy, "minutes": minutes}
        async with self._changing(actor, campaign_id, "campaign.late", **told) as (_, campaign):
            campaign.late_policy, campaign.late_window_minutes = policy, minutes

    async def clone(self, actor: Actor, campaign_id: int) -> int:
        """Make a draft like it, called “… (copy)”, whatever has become of the original; the id of the copy."""
        async with self._database.transaction() as session:
            original = await store.find(session, actor, campaign_id, role=Role.OPERATOR)
            names = select(func.lower(Campaign.name)).where(Campaign.workspace_id == actor.workspace_id)
            name = name_of_copy(original.name, set(await session.scalars(names)))
            settings = {column: getattr(original, column) for column in COPIED}
            copy = Campaign(workspace_id=actor.workspace_id, name=name, **settings)
            session.add(copy)
            await session.flush()
            pool = await store.devices_of(session, campaign_id)
            await store.set_pool(session, copy, {device.id for device in pool})
            actor.record(session, self._clock.now(), "campaign.clone", campaign_id, copy=copy.id)
        return copy.id

    async def delete(self, actor: Actor, campaign_id: int) -> None:
        """Delete a draft."""
        async with self._database.transaction() as session:
            campaign = await store.find(session, actor, campaign_id, role=Role.OPERATOR, lock=True)
            if campaign.status is not CampaignStatus.DRAFT:
                raise ConflictError("Only a draft can be deleted; what has been sent stays in the books.")
            followers = select(Campaign.name).where(Campaign.follows_id == campaign_id).limit(1)
            if (follower := await session.scalar(followers)) is not None:
                raise ConflictError(f"“{follower}” is for those who got this campaign; change that first.")
            actor.record(session, self._clock.now(), "campaign.delete", campaign_id, name=campaign.name)
            await session.delete(campaign)

    @asynccontextmanager
    async def _changing(
        self, actor: Actor, campaign_id: int, action: str, **detail: Any
    ) -> AsyncIterator[tuple[Session, Campaign]]:
        """Open a draft for a change, which raises its revision and is in the audit log. Raises ConflictError."""
        now = self._clock.now()
        async with self._database.transaction() as session:
            campaign = await store.find(session, actor, campaign_id, role=Role.OPERATOR, lock=True)
            if campaign.status is CampaignStatus.SCHEDULED:
                campaign.status, campaign.scheduled_at, campaign.launched_by = CampaignStatus.DRAFT, None, None
                campaign.first_ones = None
                actor.record(session, now, "campaign.unschedule", campaign_id)
            if campaign.status is not CampaignStatus.DRAFT:
                raise ConflictError(
                    "This campaign has begun and stays as it is. Make a copy to change more of it."
                )
            yield session, campaign
            campaign.revision += 1
            actor.record(session, now, action, campaign_id, revision=campaign.revision, **detail)


async def write_content(session: Session, campaign: Campaign, content: Content) -> None:
    """Set what a locked campaign sends. Raises InvalidInputError, NotFoundError."""
    check_content(content)
    if content.media_id is not None:
        query = select(Media.mime_type, func.octet_length(Media.content).label("size")).where(
            Media.id == content.media_id, Media.workspace_id == campaign.workspace_id
        )
        file = (await session.execute(query)).one_or_none()
        if file is None:
            raise NotFoundError("The file of this message does not exist any more; send it once more.")
        check_media(content.kind, file.mime_type, file.size)
    campaign.kind, campaign.body, campaign.media_id = content.kind, content.body, content.media_id


async def _check_audience(session: Session, campaign: Campaign, audience: Audience) -> None:
    chosen = (clean_niche(audience.niche), audience.list_id, audience.segment_id, audience.follows_id)
    if sum(one is not None for one in chosen) > 1:
        raise InvalidInputError("A campaign is for one interest, one list, one segment or one earlier campaign.")
    workspace_id = campaign.workspace_id
    for model, chosen_id, words in (
        (ContactList, audience.list_id, "This list does not exist any more."),
        (Segment, audience.segment_id, "This segment does not exist any more."),
    ):
        query = select(model.id).where(model.id == chosen_id, model.workspace_id == workspace_id)
        if chosen_id is not None and await session.scalar(query) is None:
            raise NotFoundError(words)
    if audience.follows_id is None:
        return
    followed = select(Campaign.status).where(
        Campaign.id == audience.follows_id, Campaign.workspace_id == workspace_id, Campaign.id != campaign.id
    )
    status = await session.scalar(followed)
    if status is None:
        raise NotFoundError("This campaign does not exist any more.")
    if status in {CampaignStatus.DRAFT, CampaignStatus.SCHEDULED}:
        raise ConflictError("Nobody has got that campaign yet; choose one that has begun.")


async def _check_devices(session: Session, workspace_id: int, device_ids: Collection[int]) -> None:
    if not device_ids:
        raise InvalidInputError("Choose at least one device.")
    query = select(UserDevice.id).where(
        UserDevice.id.in_(device_ids), UserDevice.workspace_id == workspace_id, UserDevice.removed_at.is_(None)
    )
    if set(await session.scalars(query)) != set(device_ids):
        raise NotFoundError("One of these devices does not exist any more.")


def _check_delays(shortest: float, longest: float) -> None:
    if not 0 <= shortest <= longest:
        raise InvalidInputError("The shortest delay must not be above the longest, nor below zero.")
    if longest > LONGEST_DELAY:
        raise InvalidInputError("A delay can be at most a day (86400 seconds).")
