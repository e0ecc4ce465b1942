"""How people join a sequence, set by set: on which device, in which zone, in which wave, and when Day 1 is."""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from engine.contacts.time_zones import guess_time_zone
from engine.errors import InvalidInputError
from engine.sequences import joining_store
from engine.sequences.calendar import Due, Run, SendingDays, StepTime, anchor_for, at_local_time, next_due
from engine.transactions import Transaction
from models.enums import ReentryPolicy, SequenceStatus

CHUNK = 10_000
MOST_WAVES = 366


class RefusalReason(StrEnum):
    OPTED_OUT = "opted_out"
    NO_CONSENT = "no_consent"
    ALREADY_IN_IT = "already_in_it"
    HAD_IT_BEFORE = "had_it_before"
    HAD_IT_LATELY = "had_it_lately"
    NOT_A_PHONE = "not_a_phone"
    NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Who could not join: a contact, or else what was given and is nobody's."""

    reason: RefusalReason
    contact_id: int | None
    phone: str | None  # of the contact, or as it was given
    detail: str | None = None  # what is wrong with a phone that cannot be read
    name: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Target:
    """A sequence, as far as joining it depends on it."""

    id: int
    workspace_id: int
    status: SequenceStatus
    time_zone: str
    use_contact_time_zone: bool
    reentry_policy: ReentryPolicy
    reentry_cooldown_days: int
    devices: tuple[int, ...]
    steps: tuple[StepTime, ...]
    days: SendingDays

    def zones_of(self, contacts: Sequence[Any], now: datetime) -> list[str]:
        """Find the zone of each, which is fixed at joining: set for the contact, else guessed, else this one."""
        if not self.use_contact_time_zone:
            return [self.time_zone] * len(contacts)
        return [contact.time_zone or guess_time_zone(contact.phone, now) or self.time_zone for contact in contacts]


@dataclass(frozen=True, slots=True)
class Start:
    """What somebody of one time zone who joins now, or in a later wave, begins with."""

    run: Run
    due: Due | None


@dataclass(frozen=True, slots=True)
class Waves:
    """So many people a sending day: the waves from the `first` on. Wave 0 is of those who join all at once."""

    per_day: int
    first: int = 1

    def of(self, place: int) -> int:
        return self.first + place // self.per_day


AT_ONCE = Waves(per_day=2**31, first=0)


@dataclass(frozen=True, slots=True)
class Joining:
    """Who joined, by contact with the id of the run, and who did not."""

    runs: Mapping[int, int]
    refusals: tuple[Refusal, ...]

    def of(self, contact_ids: Collection[int]) -> "Joining":
        """What of it is about these."""
        return Joining(
            {contact_id: run for contact_id, run in self.runs.items() if contact_id in contact_ids},
            tuple(refusal for refusal in self.refusals if refusal.contact_id in contact_ids),
        )


def start_of(zone: str, wave: int, steps: Sequence[StepTime], days: SendingDays, now: datetime) -> Start:
    """Work out where somebody begins who joins now, all at once or in the first wave, or in a later wave.

    Waves have the Day 1 of those who join now and the sending days after it, one each. They join at the same
    time of day as these, on the date that makes it so: their own Day 1, or where the time of the first step
    has gone by, the sending day before.
    """
    local = ZoneInfo(zone)
    today = now.astimezone(local)
    anchor = anchor_for(now, local, steps, days)
    joined_at = now
    if wave > 1:
        time_of_day = today.time().replace(fold=0)
        before, anchor = days.nth(anchor, wave - 1), days.nth(anchor, wave)
        joined_at = at_local_time(anchor, time_of_day, local)
        if anchor_for(joined_at, local, steps, days) > anchor:
            joined_at = at_local_time(before, time_of_day, local)
    run = Run(joined_at, anchor, local)
    return Start(run, next_due(run, steps, days))


async def choose(
    transaction: Transaction, target: Target, now: datetime, *, before_run: int | None = None, **who: object
) -> list[Any]:
    """Load whom `who` names (contact_ids, list_id, niche; or everyone), each with why they may not join, if so."""
    everyone = who.pop("everyone", False)
    about = {
        "workspace_id": target.workspace_id,
        "sequence_id": target.id,
        "reentry": target.reentry_policy.value,
        "cooldown": target.reentry_cooldown_days,
        "now": now,
        "before_run": before_run,
    }
    if everyone:
        return list(await transaction.rows(joining_store.EVERYONE, about))
    named = {"contact_ids": [], "list_id": None, "niche": None, **who}
    return list(await transaction.rows(joining_store.NAMED, {**about, **named}))


async def join(
    transaction: Transaction, target: Target, chosen: Sequence[Any], now: datetime, waves: Waves = AT_ONCE
) -> Joining:
    """Let those of the chosen join who may. Who has joined in another transaction meanwhile is in it already.

    Raises InvalidInputError for waves that would take more than a year.
    """
    admitted = [row for row in chosen if row.refusal is None]
    _check_waves(len(admitted), waves)
    runs: dict[int, int] = {}
    for start in range(0, len(admitted), CHUNK):
        chunk = admitted[start : start + CHUNK]
        places = [waves.of(start + number) for number in range(len(chunk))]
        runs |= await _enrol(transaction, target, chunk, places, now)
    refused = tuple(
        Refusal(RefusalReason(row.refusal or RefusalReason.ALREADY_IN_IT), row.id, row.phone, name=row.name)
        for row in chosen
        if row.id not in runs
    )
    return Joining(runs, refused)


async def record(transaction: Transaction, target: Target, from_id: int, done: Joining, now: datetime) -> None:
    """Write into the audit log how many went on from another sequence to this one, and why others did not."""
    about = {"workspace_id": target.workspace_id, "sequence_id": target.id, "from_id": from_id, "now": now}
    refused = json.dumps(by_reason(done.refusals))
    await transaction.rows(joining_store.RECORD, {**about, "joined": len(done.runs), "refused": refused})


async def _enrol(
    transaction: Transaction, target: Target, contacts: Sequence[Any], waves: Sequence[int], now: datetime
) -> dict[int, int]:
    zones = await asyncio.to_thread(target.zones_of, contacts, now)
    planned: dict[tuple[str, int], Start] = {}
    columns: dict[str, list[Any]] = defaultdict(list)
    for number, (contact, zone, wave) in enumerate(zip(contacts, zones, waves, strict=True)):
        if (zone, wave) not in planned:
            planned[zone, wave] = start_of(zone, wave, target.steps, target.days, now)
        start = planned[zone, wave]
        devices = target.devices
        columns["contact_ids"].append(contact.id)
        columns["run_nos"].append(contact.run_no)
        columns["joined_at"].append(start.run.joined_at)
        columns["waves"].append(wave)
        columns["anchors"].append(start.run.anchor)
        columns["zones"].append(zone)
        columns["step_ids"].append(start.due and start.due.step_id)
        columns["dues"].append(start.due and start.due.at)
        columns["device_ids"].append(
            contact.device_id if contact.device_id in devices else devices[number % len(devices)]
        )
    about = {"workspace_id": target.workspace_id, "sequence_id": target.id}
    rows = await transaction.rows(joining_store.ENROL, {**about, **columns})
    kept = {"contact_ids": columns["contact_ids"], "device_ids": columns["device_ids"]}
    await transaction.rows(joining_store.KEEP_DEVICES, kept)
    return {row.contact_id: row.id for row in rows}


async def waves_of(transaction: Transaction, target: Target, per_day: int, now: datetime) -> Waves:
    """Plan so many a day, behind those who join in waves already: no day takes in twice as many."""
    if per_day < 1:
        raise InvalidInputError("At least one person a day has to join.")
    (last,) = await transaction.rows(joining_store.LAST_WAVE, {"sequence_id": target.id})
    if last.wave is None:
        return Waves(per_day)
    if target.status is SequenceStatus.DRAFT:
        return Waves(per_day, last.wave + 1)
    free = (wave for wave in range(1, MOST_WAVES + 1) if _first_day(target, wave, now) > last.day)
    return Waves(per_day, next(free, MOST_WAVES + 1))


def _first_day(target: Target, wave: int, now: datetime) -> date:
    return start_of(target.time_zone, wave, target.steps, target.days, now).run.anchor


def _check_waves(people: int, waves: Waves) -> None:
    if people and waves.of(people - 1) > MOST_WAVES:
        raise InvalidInputError(
            f"At {waves.per_day} a day it would take more than a year until the last of them joins. "
            "Let more of them join a day."
        )


def joins_on(target: Target, wave: int, now: datetime) -> date:
    """The date on which a wave joins, in the zone of the sequence."""
    joined_at = start_of(target.time_zone, wave, target.steps, target.days, now).run.joined_at
    return joined_at.astimezone(ZoneInfo(target.time_zone)).date()


def by_reason(refusals: Collection[Refusal]) -> Mapping[RefusalReason, int]:
    """How many people by reason."""
    return Counter(refusal.reason for refusal in refusals)
