"""Reads all that the forecast of a campaign needs: people, devices, and what these have to send besides."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from engine.broadcast.forecast import Terms
from engine.broadcast.hours import Hours, Window
from engine.broadcast.pacing import pace_of, tally_of
from engine.broadcast.templating import Need
from engine.broadcast.walk import Load
from engine.campaigns import review_store
from engine.campaigns.audience import LeftOut
from engine.campaigns.audience_store import People, people_of
from engine.campaigns.catalogue import delays_of, window_of
from engine.campaigns.fanout import AT_WORK
from engine.campaigns.layout import Crowd, Layout, Station
from engine.contacts.time_zones import zone_of
from engine.sequences.calendar import Run, at_local_time
from engine.sequences.progress import Step, load_steps, run_of, sending_days
from engine.sequences.results import quiet_hours_of
from engine.sequences.traffic import Course, Runners, traffic
from engine.transactions import Session
from models import Campaign, Workspace
from models.enums import DeviceChoice, DeviceState, Lane, LatePolicy, MissedPolicy

MOST_BEFORE = 5  # campaigns that start before this one and are laid out as well


@dataclass(frozen=True, slots=True)
class Survey:
    """`lacking`: people who have none of the variables of a need. `devices`: rows, of all that the team has.

    `spare`: devices that could be added to the pool, with nothing wrong with them.
    """

    layout: Layout
    gets: int
    left_out: Mapping[LeftOut, int]
    lacking: Mapping[Need, int]
    devices: Sequence[Any]
    spare: tuple[Station, ...]


class Surveyor:
    """For one team, as it is now."""

    def __init__(self, session: Session, workspace: Workspace, now: datetime) -> None:
        self._session = session
        self._workspace = workspace
        self._zone = ZoneInfo(workspace.time_zone)
        self._quiet = quiet_hours_of(workspace)
        self._now = now

    async def survey(
        self, campaign: Campaign, people: People | None, needs: Sequence[Need], starts_at: datetime
    ) -> Survey:
        """`people`: None: nobody has said who they are yet."""
        session = self._session
        rows = await review_store.crowds(session, people, needs) if people else ()
        getting = [row for row in rows if row.left_out is None]
        capped = await self._capped(campaign, people, starts_at) if people else {}
        devices = await review_store.devices(session, campaign)
        others = await self._others(campaign, [row.id for row in devices])
        stations = {row.id: self._station(row, others[row.id]) for row in devices}
        for one in await review_store.before(session, campaign, starts_at, MOST_BEFORE):
            stations = await self._behind(await session.get_one(Campaign, one), stations)
        used = _used(campaign, devices, getting)
        left_out = Counter[LeftOut]()
        for row in rows:
            if row.left_out is not None:
                left_out[LeftOut(row.left_out)] += row.people
        return Survey(
            self._layout(campaign, [stations[one] for one in used], self._crowds(getting, capped), starts_at),
            gets=sum(row.people for row in getting),
            left_out=left_out,
            lacking={
                need: sum(getattr(row, f"lacking_{number}") for row in getting)
                for number, need in enumerate(needs)
            },
            devices=devices,
            spare=tuple(one for device_id, one in stations.items() if device_id not in used and one.sends),
        )

    def _layout(
        self, campaign: Campaign, stations: Iterable[Station], crowds: Iterable[Crowd], starts_at: datetime
    ) -> Layout:
        window = window_of(campaign)
        return Layout(
            stations=tuple(stations),
            crowds=tuple(crowds),
            terms=_terms(campaign, starts_at),
            quiet=self._quiet,
            window=None if window is None else Window(*window),
            zone=self._zone,
            now=self._now,
        )

    def _station(self, row: Any, others: Iterable[Load]) -> Station:
        return Station(
            row.id,
            row.name,
            pace_of(row),
            tally_of(row, self._now, self._zone),
            max(self._now, row.next_send_at or self._now),
            row.waiting,
            tuple(others),
            row.paused_at is None and DeviceState(row.state) in AT_WORK,
        )

    async def _capped(self, campaign: Campaign, people: People, starts_at: datetime) -> Mapping[Any, int]:
        """Who has had enough for today, if it is to start today; days as the workspace has them."""
        cap, today = self._workspace.frequency_cap, self._now.astimezone(self._zone).date()
        if cap is None or starts_at.astimezone(self._zone).date() != today:
            return {}
        since = at_local_time(today, time(0), self._zone)
        corrected = campaign.follows_id
        return await review_store.capped(self._session, people, since, cap, corrected=corrected)

    def _crowds(self, rows: Sequence[Any], capped: Mapping[Any, int]) -> list[Crowd]:
        """`rows` of those who get it; those of one zone together."""
        people, of_them = Counter[tuple[int | None, ZoneInfo]](), Counter[tuple[int | None, ZoneInfo]]()
        for row in rows:
            key = row.device_id, self._zone_of(row)
            people[key] += row.people
            of_them[key] += capped.get((row.device_id, row.time_zone, row.prefix), 0)
        return [Crowd(*key, count, of_them[key]) for key, count in people.items()]

    def _zone_of(self, row: Any) -> ZoneInfo:
        return zone_of(row.time_zone, row.phone, self._workspace.time_zone, self._now)

    async def _others(self, campaign: Campaign, device_ids: Sequence[int]) -> Mapping[int, list[Load]]:
        """What waits on the devices already, and what sequences will send from them."""
        others: defaultdict[int, list[Load]] = defaultdict(list)
        for row in await review_store.waiting(self._session, campaign, device_ids):
            others[row.device_id].append(self._waiting(row))
        rows = await review_store.runners(self._session, campaign, device_ids)
        steps = await load_steps(self._session, {row.sequence_id for row in rows})
        courses = {row.sequence_id: self._course(row, steps[row.sequence_id]) for row in rows}
        runners = [
            Runners(row.people, row.device_id, row.sequence_id, self._run(row), row.next_due_at) for row in rows
        ]
        for device_id, loads in traffic(runners, courses, self._quiet, self._now).items():
            others[device_id] += loads
        return others

    def _run(self, row: Any) -> Run:
        run = run_of(row)
        return run if row.joined_at is not None else replace(run, joined_at=self._now)

    def _course(self, row: Any, steps: Sequence[Step]) -> Course:
        days = sending_days(
            skip_weekends=row.skip_weekends,
            rest_days=tuple(self._workspace.rest_days),
            skip_holidays=row.skip_holidays,
            country=self._workspace.country,
        )
        live = tuple(step.time for step in steps if step.live)
        return Course(live, days, MissedPolicy(row.missed_policy), timedelta(minutes=row.late_window_minutes))

    def _waiting(self, row: Any) -> Load:
        lane = Lane(row.lane)
        if lane is Lane.CAMPAIGN:
            window = Window(row.window_start, row.window_end) if row.window_start is not None else None
            hours = Hours(self._zone_of(row), self._quiet, window)
            delays = (row.min_delay_seconds, row.max_delay_seconds) if row.min_delay_seconds is not None else None
            return Load(row.messages, lane, row.due_at, hours, row.expires_at, delays=delays)
        if lane is Lane.SEQUENCE:
            policy = MissedPolicy(row.missed_policy)
            expires_at = None if policy is MissedPolicy.SEND_NOW else row.expires_at
            hours = Hours(ZoneInfo(row.run_zone), self._quiet)
            return Load(row.messages, lane, row.due_at, hours, expires_at, shifts=policy is MissedPolicy.SHIFT)
        return Load(row.messages, lane, row.due_at)

    async def _behind(self, other: Campaign, stations: Mapping[int, Station]) -> dict[int, Station]:
        """The stations, with what another campaign is still to plan on them before this one's turn."""
        people = await people_of(self._session, other, self._now)
        rows = await review_store.crowds_behind(self._session, people, other.fanned_to)
        getting = [row for row in rows if row.left_out is None]
        used = _used(other, await review_store.devices(self._session, other), getting)
        starts_at = max(self._now, other.scheduled_at or self._now)
        layout = self._layout(other, [stations[one] for one in used], self._crowds(getting, {}), starts_at)
        terms = layout.terms
        loads: defaultdict[int, list[Load]] = defaultdict(list)
        for group in layout.groups():
            load = Load(group.people, Lane.CAMPAIGN, starts_at, group.hours, terms.expires_at, delays=terms.delays)
            loads[group.device_id].append(load)
        return {
            device_id: replace(
                one,
                waiting=one.waiting + sum(load.messages for load in loads[device_id]),
                others=(*one.others, *loads[device_id]),
            )
            for device_id, one in stations.items()
        }


def _used(campaign: Campaign, devices: Sequence[Any], getting: Sequence[Any]) -> list[int]:
    """The devices that send it: those of the pool that are in service, or those that its people know."""
    if campaign.device_choice is DeviceChoice.KNOWN:
        known = {row.device_id for row in getting}
        return [row.id for row in devices if row.id in known]
    return [row.id for row in devices if row.pooled and not DeviceState(row.state).is_lost]


def _terms(campaign: Campaign, starts_at: datetime) -> Terms:
    expires = campaign.late_policy is LatePolicy.EXPIRE
    late = timedelta(minutes=campaign.late_window_minutes)
    return Terms(starts_at, delays_of(campaign), starts_at + late if expires else None)
