"""The daily digest: what a team should know of its day, once, whoever is on duty."""

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from engine.database import Database
from engine.reports import digest_store
from engine.transactions import Session

A_DAY = timedelta(days=1)
LONGEST = timedelta(days=7)  # that one digest tells of, if there was none for long
MOST_REASONS = 3
MOST_CAMPAIGNS = 3
LONGEST_WORDS = 80  # characters of a reason or a name


@dataclass(frozen=True, slots=True)
class Failure:
    why: str
    messages: int


@dataclass(frozen=True, slots=True)
class Coming:
    """A campaign that begins tomorrow."""

    name: str
    at: str  # local, "09:30"


@dataclass(frozen=True, slots=True)
class Figures:
    """Messages of sequences and campaigns; what happened since the last digest, and what stands at this one."""

    sent: int
    delivered: int  # of those
    read: int
    failed: int
    failures: tuple[Failure, ...]  # the most frequent
    replied: int  # people
    opted_out: int  # numbers, by themselves or by hand …
    listed_out: int  # … and by a list that was imported
    asking: int  # people who seem to ask to stop, and about whom nobody has decided
    unsure: int  # messages that may have arrived, and about which nobody has decided
    sequences: int  # that run
    campaigns: int
    due_tomorrow: int  # messages of sequences
    campaigns_tomorrow: tuple[Coming, ...]
    campaigns_paused: int = 0  # digests that were kept before this was counted lack it …
    not_shown: int = 0  # … and this: of those sent, what the phone could not show

    @property
    def happened(self) -> bool:
        return any((self.sent, self.failed, self.replied, self.opted_out, self.listed_out))

    @property
    def is_empty(self) -> bool:
        """Nothing happened, nothing runs, and nobody waits for anything."""
        stands = (
            self.asking,
            self.unsure,
            self.sequences,
            self.campaigns,
            self.campaigns_paused,
            self.due_tomorrow,
        )
        return not (self.happened or any(stands) or self.campaigns_tomorrow)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Figures":
        failures = tuple(Failure(**one) for one in stored["failures"])
        coming = tuple(Coming(**one) for one in stored["campaigns_tomorrow"])
        return cls(**{**stored, "failures": failures, "campaigns_tomorrow": coming})


class Digests:
    """Makes them; the alerts chat is told by whoever posts to it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run_once(self, now: datetime) -> int:
        """Make what is due; how many were made.

        Any number of engines may do so: the day is taken in the transaction that keeps the digest. A team where
        nothing runs and nothing happened is not told so every day.
        """
        async with self._database.transaction() as session:
            due = await digest_store.due(session, now)
        return sum([await self._make(team.id, ZoneInfo(team.time_zone), team.day, team.last, now) for team in due])

    async def _make(
        self, workspace_id: int, zone: ZoneInfo, day: date, last: datetime | None, now: datetime
    ) -> bool:
        since = max(last, now - LONGEST) if last is not None else now - A_DAY
        async with self._database.transaction() as session:
            figures = await _figures(session, workspace_id, day, zone, since=since, until=now)
        async with self._database.transaction() as session:
            if not await digest_store.take_the_day(session, workspace_id, day) or figures.is_empty:
                return False
            stored = json.dumps(asdict(figures))
            await digest_store.keep(session, workspace_id, day, since=since, until=now, figures=stored)
        return True


async def _figures(
    session: Session, workspace_id: int, day: date, zone: ZoneInfo, *, since: datetime, until: datetime
) -> Figures:
    sent, people = await digest_store.counts(session, workspace_id, since, until)
    failed = await digest_store.failed(session, workspace_id, since, until)
    start, end = (datetime.combine(day + ahead * A_DAY, time(), zone) for ahead in (1, 2))
    coming = await digest_store.due_campaigns(session, workspace_id, start, end)
    return Figures(
        sent=sent.sent,
        delivered=sent.delivered,
        read=sent.read,
        not_shown=sent.not_shown,
        failed=sum(row.messages for row in failed),
        failures=tuple(
            Failure((row.error or row.code or "no reason given")[:LONGEST_WORDS], row.messages)
            for row in failed[:MOST_REASONS]
        ),
        replied=people.replied,
        opted_out=people.opted_out,
        listed_out=people.listed_out,
        asking=people.asking,
        unsure=people.unsure,
        sequences=people.sequences,
        campaigns=people.campaigns,
        campaigns_paused=people.campaigns_paused,
        due_tomorrow=await digest_store.due_messages(session, workspace_id, start, end),
        campaigns_tomorrow=tuple(
            Coming(row.name[:LONGEST_WORDS], f"{row.scheduled_at.astimezone(zone):%H:%M}")
            for row in coming[:MOST_CAMPAIGNS]
        ),
    )
