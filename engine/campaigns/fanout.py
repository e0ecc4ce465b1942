"""The fan-out: a campaign's audience becomes messages, chunk by chunk, from where it stands.

A chunk is one transaction: its messages and the cursor, `fanned_to`, which says behind which contact the next one
begins. Whoever dies leaves nothing of an unfinished chunk, and whoever comes next begins it anew.
"""

import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError

from engine.broadcast.pacing import pace_of, tally_of
from engine.campaigns import audience_store, fanout_store
from engine.campaigns.audience import LeftOut
from engine.campaigns.audience_store import People
from engine.campaigns.fanout_store import Chunk
from engine.campaigns.spreading import Dealing, Hours, Room, spread
from engine.database import Database
from engine.sequences.calendar import QuietHours
from engine.transactions import Session
from models import Campaign, Workspace
from models.enums import CampaignStatus, DeviceState, LatePolicy

CHUNK = 25_000  # people

# Devices that send, or will in a while without anybody's doing.
AT_WORK = {DeviceState.ONLINE, DeviceState.DEGRADED, DeviceState.CONNECTING, DeviceState.PHONE_OFFLINE}


class _OvertakenError(Exception):
    """Somebody else has moved, paused or taken back the campaign: nothing of this chunk is to stay."""


class Fanout:
    """One campaign's way through its audience, as far as this process takes it."""

    def __init__(self, database: Database, campaign_id: int, now: datetime, *, chunk: int | None = None) -> None:
        self._database = database
        self.campaign_id = campaign_id
        self._now = now
        self._chunk = chunk or CHUNK
        self._dealing: Dealing | None = None
        self._dealt = 0

    async def next_chunk(self) -> bool:
        """Plan the messages of the next people; whether there is more to do.

        Somebody may be deleted, or write in by a link, at the very moment that they are planned: then the chunk is
        planned once more, with what is known by then.
        """
        try:
            try:
                return await self._try_chunk(careful=False)
            except IntegrityError:
                return await self._try_chunk(careful=True)
        except _OvertakenError:
            return False

    async def _try_chunk(self, *, careful: bool) -> bool:
        async with self._database.transaction() as session:
            if not await fanout_store.take_turn(session, self.campaign_id):
                return False
            campaign = await session.get(Campaign, self.campaign_id)
            if campaign is None or campaign.status is not CampaignStatus.RUNNING or campaign.fanned_at:
                return False
            most = await self._most(session, campaign)
            return most > 0 and await self._plan(session, campaign, most, careful=careful)

    async def _most(self, session: Session, campaign: Campaign) -> int:
        """How many may get it with this chunk: of the first ones, those that are left."""
        if campaign.first_ones is None:
            return self._chunk
        return min(self._chunk, campaign.first_ones - await fanout_store.made(session, campaign.id))

    async def _plan(self, session: Session, campaign: Campaign, most: int, *, careful: bool) -> bool:
        people = await audience_store.people_of(session, campaign, self._now)
        if self._dealing is None:
            self._dealing = await self._deal(session, campaign, people)
        chunk = Chunk(
            self._chunk,
            most,
            due_of(campaign, self._now),
            expiry_of(campaign),
            self._dealing,
            self._dealt,
            careful=careful or await fanout_store.has_links(session, campaign.id),
        )
        done = await fanout_store.plan_chunk(session, campaign, people, chunk)
        through = done.people == done.looked_at < self._chunk
        moved = await fanout_store.move_cursor(
            session,
            campaign,
            last=campaign.fanned_to if done.last is None else done.last,
            left_out=json.dumps(_added(campaign.left_out, done)),
            fanned_at=self._now if through else None,
        )
        if not moved:
            raise _OvertakenError
        self._dealt += done.new
        return not through

    async def _deal(self, session: Session, campaign: Campaign, people: People) -> Dealing:
        """Share out over the pool who has no device there, beside those who have."""
        devices = await fanout_store.devices(session, campaign.id)
        if len(devices) < 2:  # nobody gets it, or everybody from their own or this one
            return Dealing(tuple(row.id for row in devices), (0,), 1, 1)
        counts = await fanout_store.standing(session, campaign, people)
        workspace = await session.get_one(Workspace, campaign.workspace_id)
        zone, due = ZoneInfo(workspace.time_zone), due_of(campaign, self._now)
        rooms = [_room(row, campaign, counts.get(row.id, 0), due, zone) for row in devices]
        new = max(1, counts.get(None, 0))
        return Dealing.of(spread(rooms, new, hours_of(campaign, workspace, due)))


def due_of(campaign: Campaign, now: datetime) -> datetime:
    """From when on its messages may go out: what is late, or goes on later, is due now."""
    return now if campaign.scheduled_at is None else max(campaign.scheduled_at, now)


def expiry_of(campaign: Campaign) -> datetime | None:
    """From when on they are not to go out any more, if ever."""
    if campaign.late_policy is not LatePolicy.EXPIRE or campaign.scheduled_at is None:
        return None
    return campaign.scheduled_at + timedelta(minutes=campaign.late_window_minutes)


def hours_of(campaign: Campaign, workspace: Workspace, due: datetime) -> Hours:
    """The hours in which it goes out, as the workspace's zone has them."""
    closed = []
    if workspace.quiet_start is not None and workspace.quiet_end is not None:
        closed.append(QuietHours(workspace.quiet_start, workspace.quiet_end))
    if campaign.window_start is not None and campaign.window_end is not None:
        closed.append(QuietHours(campaign.window_end, campaign.window_start))
    return Hours.of(due.astimezone(ZoneInfo(workspace.time_zone)).time(), closed)


def _room(row: Any, campaign: Campaign, own_people: int, due: datetime, zone: ZoneInfo) -> Room:
    pace = pace_of(row)
    if campaign.min_delay_seconds is not None and campaign.max_delay_seconds is not None:
        pace = pace.slowed_to(campaign.min_delay_seconds, campaign.max_delay_seconds)
    sends = row.paused_at is None and DeviceState(row.state) in AT_WORK
    return Room(row.id, pace, tally_of(row, due, zone), row.waiting + own_people, sends=sends)


def _added(left_out: dict[str, Any], chunk: Any) -> dict[str, int]:
    """People by reason, with those of this chunk."""
    counts = {str(reason): left_out.get(reason, 0) + getattr(chunk, reason) for reason in LeftOut}
    return {reason: people for reason, people in counts.items() if people}
