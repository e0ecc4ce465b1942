"""One contact's card: where in which sequence, what was sent and how it went, what is next, and why not if not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.actor import Actor
from engine.broadcast.outlook import Outlook, outlook
from engine.broadcast.outlook_store import Prospect, count_ahead, read_prospects
from engine.clock import Clock
from engine.contacts import card_store
from engine.contacts.stop_requests import StopRequest, find_request
from engine.contacts.time_zones import guess_time_zone
from engine.contacts.why_not import Around, Obstacle, why_not
from engine.database import Database
from engine.devices.standings import read_standings, read_surroundings
from engine.devices.why import Standing, Surroundings
from engine.sequences.pasting import write_header
from engine.sequences.progress import Step, load_steps
from engine.transactions import Session
from models.enums import (
    ConsentSource,
    ConsentState,
    ContentKind,
    EnrolmentStatus,
    Lane,
    LeadStatus,
    MessageStatus,
    PauseReason,
    SequenceStatus,
)

MOST_RUNS = 8
MOST_RECORDS = 20  # of the permission
A_PAGE = 6  # of the history


@dataclass(frozen=True, slots=True)
class Permission:
    """One record of it: that they opted in, or out; where, when, on what evidence, noted by whom."""

    state: ConsentState
    source: ConsentSource
    evidence: str
    at: datetime
    by: str | None


@dataclass(frozen=True, slots=True)
class NextMessage:
    """`due_at` is what the plan says, `outlook` what comes of it; `obstacles` are in its way."""

    header: str
    due_at: datetime
    device: str
    on_its_way: bool
    outlook: Outlook
    obstacles: tuple[Obstacle, ...]


@dataclass(frozen=True, slots=True)
class RunView:
    id: int
    sequence_id: int
    sequence: str
    sequence_status: SequenceStatus
    run_no: int
    status: EnrolmentStatus
    joined_at: datetime
    time_zone: str
    reached: int  # how many of the sequence's messages lie behind …
    steps: int  # … and how many it has
    pause: PauseReason | None
    paused_at: datetime | None
    paused_by: str | None
    reply: str
    exit_reason: str | None
    ended_at: datetime | None
    next: NextMessage | None

    @property
    def is_open(self) -> bool:
        return self.status in {EnrolmentStatus.ACTIVE, EnrolmentStatus.PAUSED}


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A message that has its outcome, or one that they wrote (`inbound`)."""

    at: datetime
    inbound: bool
    body: str
    device: str
    attached: str = ""  # to what they wrote
    typed_on_phone: bool = False  # by somebody on the team, on the device's own phone
    lane: Lane | None = None
    outcome: MessageStatus | None = None
    kind: ContentKind | None = None
    code: str | None = None
    error: str | None = None
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    failed_at: datetime | None = None  # their phone could not show it
    sequence: str | None = None
    header: str | None = None
    campaign: str | None = None


@dataclass(frozen=True, slots=True)
class History:
    entries: tuple[HistoryEntry, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class ContactCard:
    id: int
    name: str
    phone: str
    time_zone: str | None  # as somebody has set it …
    guessed_zone: str | None  # … else as the number says, if it says one
    team_zone: str
    consent: ConsentState | None
    permission: Permission | None  # the latest record …
    permissions: tuple[Permission, ...]  # … and all, the newest first
    suppressed_since: datetime | None
    request: StopRequest | None  # they seem to ask to stop, and nobody has decided
    interests: tuple[tuple[str, LeadStatus], ...]
    attributes: Mapping[str, Any]
    device: str | None
    runs: tuple[RunView, ...]  # the open ones first
    history: History
    now: datetime

    @property
    def opted_out(self) -> bool:
        return self.suppressed_since is not None or self.consent is ConsentState.OPTED_OUT


class ContactCards:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def get(self, actor: Actor, contact_id: int) -> ContactCard:
        now = self._clock.now()
        async with self._database.transaction() as session:
            contact = await card_store.find(session, actor, contact_id)
            interests = await card_store.interests(session, contact_id)
            runs = await _runs(session, await card_store.runs(session, contact_id, MOST_RUNS), now)
            history = await _history(session, contact_id, 0)
            records = await card_store.consents(session, contact_id, MOST_RECORDS)
            request = await find_request(session, actor.workspace_id, contact_id)
        permissions = tuple(map(_permission, records))
        return ContactCard(
            id=contact.id,
            name=contact.name,
            phone=contact.phone,
            time_zone=contact.time_zone,
            guessed_zone=guess_time_zone(contact.phone, now, preferred=contact.team_zone),
            team_zone=contact.team_zone,
            consent=ConsentState(contact.consent) if contact.consent else None,
            permission=permissions[0] if permissions else None,
            permissions=permissions,
            suppressed_since=contact.suppressed_since,
            request=request,
            interests=tuple((row.niche, LeadStatus(row.status)) for row in interests),
            attributes=contact.attributes,
            device=contact.device,
            runs=runs,
            history=history,
            now=now,
        )

    async def history(self, actor: Actor, contact_id: int, page: int) -> History:
        """What was sent and what came back, the newest first; A_PAGE entries a page, from page 0 on."""
        async with self._database.transaction() as session:
            await card_store.find(session, actor, contact_id)
            return await _history(session, contact_id, page)


def _permission(row: Any) -> Permission:
    state, source = ConsentState(row.state), ConsentSource(row.source)
    return Permission(state, source, row.evidence, row.recorded_at, row.recorded_by)


async def _runs(session: Session, rows: Sequence[Any], now: datetime) -> tuple[RunView, ...]:
    prospects = await read_prospects(session, [row.id for row in rows], now)
    device_ids = {prospect.device_id for prospect in prospects.values()}
    standings = {one.device_id: one for one in await read_standings(session, list(device_ids), now)}
    surroundings = {device_id: await read_surroundings(session, device_id) for device_id in device_ids}
    steps = await load_steps(session, {row.sequence_id for row in rows})
    views = []
    for row in rows:
        upcoming = None
        if (prospect := prospects.get(row.id)) is not None:
            queued = prospect.message_id if not prospect.on_its_way else None
            ahead = await count_ahead(session, queued) if queued is not None else 0
            around = _around(row, surroundings[prospect.device_id], ahead)
            upcoming = _next(prospect, standings[prospect.device_id], around, now)
        views.append(_view(row, steps, upcoming))
    return tuple(views)


def _around(row: Any, device: Surroundings, ahead: int) -> Around:
    return Around(
        device=device,
        sequence_paused_by=row.sequence_paused_by,
        sequence_paused_at=row.sequence_paused_at,
        pause=PauseReason(row.paused_reason) if row.paused_reason else None,
        paused_by=row.paused_by,
        paused_at=row.paused_at,
        reply=row.reply or "",
        ahead=ahead,
    )


def _next(prospect: Prospect, device: Standing, around: Around, now: datetime) -> NextMessage:
    candidate = prospect.candidate(now)
    return NextMessage(
        header=prospect.header,
        due_at=candidate.due_at,
        device=prospect.device,
        on_its_way=prospect.on_its_way,
        outlook=Outlook() if prospect.on_its_way else outlook(candidate, now),
        obstacles=() if prospect.on_its_way else why_not(candidate, device, around, now),
    )


def _view(row: Any, steps: Mapping[int, Sequence[Step]], upcoming: NextMessage | None) -> RunView:
    live = [step.time.place for step in steps[row.sequence_id] if step.live]
    place = None if row.last_day_number is None else (row.last_day_number, row.last_minute)
    return RunView(
        id=row.id,
        sequence_id=row.sequence_id,
        sequence=row.sequence,
        sequence_status=SequenceStatus(row.sequence_status),
        run_no=row.run_no,
        status=EnrolmentStatus(row.status),
        joined_at=row.joined_at,
        time_zone=row.time_zone,
        reached=sum(place is not None and one <= place for one in live),
        steps=len(live),
        pause=PauseReason(row.paused_reason) if row.paused_reason else None,
        paused_at=row.paused_at,
        paused_by=row.paused_by,
        reply=row.reply or "",
        exit_reason=row.exit_reason,
        ended_at=row.ended_at,
        next=upcoming,
    )


async def _history(session: Session, contact_id: int, page: int) -> History:
    rows = await card_store.history(session, contact_id, first=page * A_PAGE, most=A_PAGE + 1)
    return History(tuple(_entry(row) for row in rows[:A_PAGE]), len(rows) > A_PAGE)


def _entry(row: Any) -> HistoryEntry:
    if row.inbound:
        return HistoryEntry(row.at, inbound=True, body=row.body, device=row.device, attached=row.attached)
    of_a_step = row.day_number is not None
    return HistoryEntry(
        at=row.at,
        inbound=False,
        body=row.body or "",
        device=row.device,
        typed_on_phone=row.typed_on_phone,
        lane=Lane(row.lane),
        outcome=MessageStatus(row.outcome),
        kind=ContentKind(row.kind) if row.kind else None,
        code=row.error_code,
        error=row.error,
        delivered_at=row.delivered_at,
        read_at=row.read_at,
        failed_at=row.failed_at,
        sequence=row.sequence,
        header=write_header(row.day_number, row.send_time, row.after_join_minutes) if of_a_step else None,
        campaign=row.campaign,
    )
