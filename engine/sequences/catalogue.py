"""What the menus and REST show of sequences."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, time
from typing import Any

from sqlalchemy import select, text

from engine.actor import Actor
from engine.broadcast.templating import UnfillableError, fill_in
from engine.clock import Clock
from engine.database import Database
from engine.errors import NotFoundError
from engine.sequences import store
from engine.sequences.calendar import Run, SendingDays, StepTime, dates
from engine.sequences.enrolment import calendar_of, starts
from engine.sequences.pasting import FILE_WORDS, StepDraft, write_header, write_plan
from engine.sequences.results import StepResults, read_results
from engine.sequences.samples import find_sample
from engine.sequences.settings import SequenceSettings
from models import Media, SequenceStep, Workspace
from models import Sequence as SequenceRow
from models.enums import ContentKind, EnrolmentStatus, SequenceStatus


@dataclass(frozen=True, slots=True)
class SequenceSummary:
    id: int
    name: str
    status: SequenceStatus
    niche: str | None
    steps: int
    contacts: int
    active: int
    completed: int


@dataclass(frozen=True, slots=True)
class StepOutline:
    id: int
    day: int
    send_time: time | None
    after_join_minutes: int | None
    kind: ContentKind
    body: str
    media_id: int | None

    @property
    def header(self) -> str:
        return write_header(self.day, self.send_time, self.after_join_minutes)


@dataclass(frozen=True, slots=True)
class StepView(StepOutline):
    media_name: str | None
    if_joined_now: datetime  # local
    results: StepResults


@dataclass(frozen=True, slots=True)
class SequenceOutline(SequenceSettings):
    """A sequence: its settings, and what it has."""

    id: int
    name: str
    status: SequenceStatus
    revision: int
    devices: tuple[tuple[int, str], ...]  # id, name
    people: dict[EnrolmentStatus, int]
    steps: tuple[StepOutline, ...]

    @property
    def contacts(self) -> int:
        return sum(self.people.values())


@dataclass(frozen=True, slots=True)
class SequenceCard(SequenceOutline):
    steps: tuple[StepView, ...]
    next_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class SequencePage:
    """`next_before`: what to ask for to get the next page, if there is one."""

    sequences: tuple[SequenceOutline, ...]
    next_before: int | None


@dataclass(frozen=True, slots=True)
class StoredFile:
    kind: ContentKind
    content: bytes
    mime_type: str
    file_name: str


class SequenceCatalogue:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def list(self, actor: Actor, status: SequenceStatus) -> list[SequenceSummary]:
        async with self._database.transaction() as session:
            rows = await session.execute(
                text(store.SUMMARIES), {"workspace_id": actor.workspace_id, "status": status}
            )
            return [
                SequenceSummary(
                    row.id,
                    row.name,
                    SequenceStatus(row.status),
                    row.niche,
                    row.steps,
                    row.contacts,
                    row.active,
                    row.completed,
                )
                for row in rows
            ]

    async def page(
        self, actor: Actor, *, status: SequenceStatus | None = None, before: int | None = None, limit: int = 50
    ) -> SequencePage:
        """The newest of them first, of one status or of all; from there on those with a lower id than `before`."""
        query = select(SequenceRow).where(SequenceRow.workspace_id == actor.workspace_id)
        if status is not None:
            query = query.where(SequenceRow.status == status)
        if before is not None:
            query = query.where(SequenceRow.id < before)
        async with self._database.transaction() as session:
            rows = list(await session.scalars(query.order_by(SequenceRow.id.desc()).limit(limit + 1)))
            ids = [sequence.id for sequence in rows[:limit]]
            steps: dict[int, list[StepOutline]] = defaultdict(list)
            devices: dict[int, list[tuple[int, str]]] = defaultdict(list)
            people: dict[int, dict[EnrolmentStatus, int]] = defaultdict(dict)
            for step in await store.steps_of(session, *ids):
                steps[step.sequence_id].append(StepOutline(**_words(step)))
            for sequence_id, device in await store.pools_of(session, ids):
                devices[sequence_id].append((device.id, device.name))
            for row in await session.execute(text(store.PEOPLE), {"sequence_ids": ids}):
                people[row.sequence_id][EnrolmentStatus(row.status)] = row.people
        shown = (
            SequenceOutline(
                **_settings(row),
                devices=tuple(devices[row.id]),
                people=people[row.id],
                steps=tuple(steps[row.id]),
            )
            for row in rows[:limit]
        )
        return SequencePage(tuple(shown), ids[-1] if len(rows) > limit else None)

    async def card(self, actor: Actor, sequence_id: int) -> SequenceCard:
        """Everything one screen shows, with the dates for somebody who would join now."""
        now, parameters = self._clock.now(), {"sequence_id": sequence_id}
        async with self._database.transaction() as session:
            sequence = await store.find(session, actor, sequence_id)
            workspace = await session.get_one(Workspace, actor.workspace_id)
            steps = await store.steps_of(session, sequence_id)
            start = (await starts(session, sequence, {sequence.time_zone}, now))[sequence.time_zone]
            results = await read_results(session, sequence_id)
            people = (await session.execute(text(store.PEOPLE), {"sequence_ids": [sequence_id]})).all()
            queued = await session.scalar(text(store.NEXT_QUEUED), parameters)
            media_ids = [step.media_id for step in steps if step.media_id is not None]
            named = await session.execute(select(Media.id, Media.file_name).where(Media.id.in_(media_ids)))
            names = {row.id: row.file_name for row in named}
            devices = await store.devices_of(session, sequence_id)
        coming = _if_joined_now(steps, start.run, calendar_of(sequence, workspace))
        dues = [row.next_due_at for row in people if row.status == EnrolmentStatus.ACTIVE]
        return SequenceCard(
            **_settings(sequence),
            devices=tuple((device.id, device.name) for device in devices),
            steps=tuple(_step_view(step, coming[step.id], results[step.id], names) for step in steps),
            people={EnrolmentStatus(row.status): row.people for row in people},
            next_due_at=min((due for due in (*dues, queued) if due is not None), default=None),
        )

    async def export(self, actor: Actor, sequence_id: int) -> str:
        """Write the messages in the form that the builder reads back."""
        async with self._database.transaction() as session:
            await store.find(session, actor, sequence_id)
            steps = await store.steps_of(session, sequence_id)
        return write_plan(
            [
                StepDraft(
                    step.day_number, step.send_time, step.after_join_minutes, step.body, FILE_WORDS.get(step.kind)
                )
                for step in steps
            ]
        )

    async def sample(self, actor: Actor, step_id: int) -> str:
        """Fill a step in for the newest contact, or for nobody in particular: what a preview shows."""
        query = select(SequenceStep).where(
            SequenceStep.id == step_id, SequenceStep.workspace_id == actor.workspace_id
        )
        async with self._database.transaction() as session:
            step = await session.scalar(query)
            if step is None:
                raise NotFoundError("This message does not exist any more.")
            sample = await find_sample(session, actor.workspace_id, step.sequence_id)
        try:
            return fill_in(
                step.kind, step.body, name=sample.name, phone=sample.phone, attributes=sample.attributes
            )
        except UnfillableError as error:
            return f"{step.body}\n\n⚠️ {error}"

    async def file(self, actor: Actor, step_id: int) -> StoredFile | None:
        """The file that a step carries, if it carries one."""
        query = (
            select(SequenceStep.kind, Media.content, Media.mime_type, Media.file_name)
            .outerjoin(Media, Media.id == SequenceStep.media_id)
            .where(SequenceStep.id == step_id, SequenceStep.workspace_id == actor.workspace_id)
        )
        async with self._database.transaction() as session:
            row = (await session.execute(query)).first()
        if row is None:
            raise NotFoundError("This message does not exist any more.")
        return None if row.content is None else StoredFile(row.kind, row.content, row.mime_type, row.file_name)


def _settings(sequence: SequenceRow) -> dict[str, Any]:
    """What a sequence is, without what it has."""
    about = {"id": sequence.id, "name": sequence.name, "status": sequence.status, "revision": sequence.revision}
    return {**about, **asdict(SequenceSettings.of(sequence))}


def _words(step: SequenceStep) -> dict[str, Any]:
    """What a message is, without what became of it."""
    return {
        "id": step.id,
        "day": step.day_number,
        "send_time": step.send_time,
        "after_join_minutes": step.after_join_minutes,
        "kind": step.kind,
        "body": step.body,
        "media_id": step.media_id,
    }


def _if_joined_now(steps: Sequence[SequenceStep], run: Run, days: SendingDays) -> dict[int, datetime]:
    times = [StepTime.of(step.id, step.day_number, step.send_time, step.after_join_minutes) for step in steps]
    return {step_id: instant.astimezone(run.zone) for step_id, instant in dates(run, times, days).items()}


def _step_view(
    step: SequenceStep, if_joined_now: datetime, results: StepResults, names: dict[int, str]
) -> StepView:
    return StepView(
        **_words(step),
        media_name=names.get(step.media_id or 0),
        if_joined_now=if_joined_now,
        results=results,
    )
