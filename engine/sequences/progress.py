"""How an enrolment moves on: what it has had, what is next, and when. Written set by set."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import holidays

from engine.sequences import joining, joining_store
from engine.sequences.calendar import Due, Run, SendingDays, StepTime, next_due
from engine.sequences.joining import Target
from engine.transactions import Transaction
from models.enums import DeviceState, EnrolmentStatus, ReentryPolicy, SequenceStatus

# Enrolments with all that planning needs; `had` are the steps that this run has a message for already.
ENROLMENTS = """
SELECT e.id, e.sequence_id, e.status, e.joined_at, e.anchor_date, e.time_zone, e.last_day_number,
       e.last_minute, e.reached_day, e.reached_on, e.next_step_id, e.next_due_at, e.contact_id,
       s.next_sequence_id, s.skip_weekends, s.skip_holidays, w.rest_days, w.country,
       ARRAY(SELECT m.step_id FROM messages m WHERE m.enrolment_id = e.id) AS had
  FROM sequence_contacts e
  JOIN sequences s ON s.id = e.sequence_id
  JOIN workspaces w ON w.id = e.workspace_id
 WHERE e.id = ANY(:ids)
 ORDER BY e.id
   FOR UPDATE OF e
"""

# The live steps of these sequences, and of those that may be retired, the few that are asked for.
STEPS = """
SELECT id, sequence_id, day_number, send_time, after_join_minutes, retired_at IS NULL AS live
  FROM sequence_steps
 WHERE (sequence_id = ANY(:sequence_ids) AND retired_at IS NULL) OR id = ANY(CAST(:step_ids AS bigint[]))
"""

MOVE_ON = """
UPDATE sequence_contacts e
   SET status = CASE WHEN v.exit_reason IS NOT NULL THEN 'exited'
                     WHEN v.next_step_id IS NULL AND v.last_day_number IS NOT NULL
                          AND e.status IN ('active', 'paused') THEN 'completed'
                     ELSE e.status END,
       exit_reason = coalesce(e.exit_reason, v.exit_reason),
       ended_at = CASE WHEN v.exit_reason IS NOT NULL
                            OR (v.next_step_id IS NULL AND v.last_day_number IS NOT NULL)
                       THEN coalesce(e.ended_at, :now) END,
       next_step_id = v.next_step_id, next_due_at = v.next_due_at,
       last_day_number = v.last_day_number, last_minute = v.last_minute,
       reached_day = v.reached_day, reached_on = v.reached_on
  FROM unnest(
       CAST(:ids AS bigint[]), CAST(:exit_reasons AS text[]), CAST(:step_ids AS bigint[]),
       CAST(:due AS timestamptz[]), CAST(:days AS bigint[]), CAST(:minutes AS bigint[]),
       CAST(:reached_days AS bigint[]), CAST(:reached_on AS date[])
       ) AS v(id, exit_reason, next_step_id, next_due_at, last_day_number, last_minute, reached_day, reached_on)
 WHERE e.id = v.id
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """The message of this step has its outcome. With a reason, the whole run ends with it.

    `reached`: the contact has it, or may have it.
    """

    enrolment_id: int
    step_id: int
    reached: bool
    exit_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a sequence and its time; `live`: it has not been retired."""

    time: StepTime
    live: bool


@dataclass(frozen=True, slots=True)
class _Enrolment:
    id: int
    sequence_id: int
    contact_id: int
    next_sequence_id: int | None
    status: EnrolmentStatus
    run: Run
    days: SendingDays
    had: frozenset[int]
    waits_for: Due | None


async def move_on(transaction: Transaction, ended: Collection[Ended], now: datetime) -> None:
    """Let the runs whose message has just ended wait for their next step, or complete them.

    Who completes a sequence that has a next one joins that.
    """
    if not ended:
        return
    by_id = {one.enrolment_id: one for one in ended}
    await transaction.rows(joining_store.LOCK_NEXT, {"ids": list(by_id)})
    enrolments = await _load(transaction, list(by_id))
    sequence_ids = {enrolment.sequence_id for enrolment in enrolments}
    steps = await load_steps(transaction, sequence_ids, [one.step_id for one in ended])
    places = {step.time.step_id: step.time.place for known in steps.values() for step in known}
    moved = []
    for enrolment in enrolments:
        one = by_id[enrolment.id]
        place = places[one.step_id]
        run = enrolment.run
        day, on = (place[0], now.astimezone(run.zone).date()) if one.reached else (run.reached_day, run.reached_on)
        run = replace(run, last_place=place, reached_day=day, reached_on=on)
        moved.append((replace(enrolment, run=run), one.exit_reason))
    await _plan(transaction, moved, steps, now)


async def plan_again(
    transaction: Transaction, enrolment_ids: Collection[int], now: datetime, *, inserted: Collection[int] = ()
) -> int:
    """Work out anew what these runs wait for, after the steps or the days of their sequence have changed.

    Of the steps just `inserted`, those whose time has passed for somebody are behind them: they are not sent
    retroactively. Returns for how many runs something changed.
    """
    if not enrolment_ids:
        return 0
    enrolments = await _load(transaction, enrolment_ids)
    steps = await load_steps(transaction, {enrolment.sequence_id for enrolment in enrolments})
    return await _plan(transaction, [(enrolment, None) for enrolment in enrolments], steps, now, inserted)


async def overtaken(
    transaction: Transaction, queued: Mapping[int, int], now: datetime, inserted: Collection[int]
) -> list[int]:
    """Tell which of these runs another step comes first for than the one whose message is in the queue."""
    if not queued:
        return []
    enrolments = await _load(transaction, list(queued))
    steps = await load_steps(transaction, {enrolment.sequence_id for enrolment in enrolments})
    found = []
    for enrolment in enrolments:
        had = enrolment.had - {queued[enrolment.id]}
        waiting = [step for step in _live(steps[enrolment.sequence_id]) if step.step_id not in had]
        _, due = next_for(enrolment.run, waiting, enrolment.days, now, inserted)
        if due is not None and due.step_id != queued[enrolment.id]:
            found.append(enrolment.id)
    return found


async def _load(transaction: Transaction, ids: Collection[int]) -> list[_Enrolment]:
    rows = await transaction.rows(ENROLMENTS, {"ids": list(ids)})
    return [
        _Enrolment(
            id=row.id,
            sequence_id=row.sequence_id,
            contact_id=row.contact_id,
            next_sequence_id=row.next_sequence_id,
            status=EnrolmentStatus(row.status),
            run=run_of(row),
            days=sending_days_of(row),
            had=frozenset(row.had),
            waits_for=None if row.next_due_at is None else Due(row.next_step_id, row.next_due_at),
        )
        for row in rows
    ]


async def _plan(
    transaction: Transaction,
    moved: Sequence[tuple[_Enrolment, str | None]],
    steps: Mapping[int, Sequence[Step]],
    now: datetime,
    inserted: Collection[int] = (),
) -> int:
    changed = 0
    live = {sequence_id: _live(known) for sequence_id, known in steps.items()}
    planned: dict[object, tuple[Run, Due | None]] = {}  # many stand at the same place
    columns: dict[str, list[Any]] = defaultdict(list)
    completed = []
    for enrolment, exit_reason in moved:
        over = exit_reason is not None or enrolment.status in {
            EnrolmentStatus.EXITED,
            EnrolmentStatus.COMPLETED,
        }
        place_in_plan = (enrolment.sequence_id, enrolment.run, enrolment.had)
        if over:
            run, due = enrolment.run, None
        elif place_in_plan in planned:
            run, due = planned[place_in_plan]
        else:
            waiting = [step for step in live[enrolment.sequence_id] if step.step_id not in enrolment.had]
            run, due = planned[place_in_plan] = next_for(enrolment.run, waiting, enrolment.days, now, inserted)
        changed += due != enrolment.waits_for
        if not over and due is None and run.last_place is not None:
            completed.append(enrolment)
        place = run.last_place or (None, None)
        columns["ids"].append(enrolment.id)
        columns["exit_reasons"].append(exit_reason)
        columns["step_ids"].append(due and due.step_id)
        columns["due"].append(due and due.at)
        columns["days"].append(place[0])
        columns["minutes"].append(place[1])
        columns["reached_days"].append(run.reached_day)
        columns["reached_on"].append(run.reached_on)
    if columns:
        await transaction.rows(MOVE_ON, {**columns, "now": now})
    await _go_on(transaction, completed, now)
    return changed


async def _go_on(transaction: Transaction, completed: Collection[_Enrolment], now: datetime) -> None:
    """Let who has completed a sequence join the next one, by the rules for joining it.

    An archived one and one without a device take nobody; in one that is paused, or still a draft, they wait.
    """
    leaving: dict[int, list[_Enrolment]] = defaultdict(list)
    for enrolment in completed:
        if enrolment.next_sequence_id is not None:
            leaving[enrolment.next_sequence_id].append(enrolment)
    if not leaving:
        return
    for target in await load_targets(transaction, leaving):
        enrolments = leaving[target.id]
        if target.status is SequenceStatus.ARCHIVED or not target.devices:
            continue
        contacts = [enrolment.contact_id for enrolment in enrolments]
        chosen = await joining.choose(transaction, target, now, contact_ids=contacts)
        done = await joining.join(transaction, target, chosen, now)
        paused = [one.id for one in enrolments if one.status is EnrolmentStatus.PAUSED]
        if paused:
            inherit = {"paused_ids": paused, "run_ids": list(done.runs.values())}
            await transaction.rows(joining_store.INHERIT_PAUSES, inherit)
        for origin in sorted({enrolment.sequence_id for enrolment in enrolments}):
            theirs = {enrolment.contact_id for enrolment in enrolments if enrolment.sequence_id == origin}
            await joining.record(transaction, target, origin, done.of(theirs), now)


async def load_targets(transaction: Transaction, sequence_ids: Collection[int]) -> list[Target]:
    """Load these sequences as those see them who join."""
    lost = [state.value for state in DeviceState if state.is_lost]
    rows = await transaction.rows(joining_store.TARGETS, {"ids": list(sequence_ids), "lost": lost})
    steps = await load_steps(transaction, sequence_ids)
    return [
        Target(
            id=row.id,
            workspace_id=row.workspace_id,
            status=SequenceStatus(row.status),
            time_zone=row.time_zone,
            use_contact_time_zone=row.use_contact_time_zone,
            reentry_policy=ReentryPolicy(row.reentry_policy),
            reentry_cooldown_days=row.reentry_cooldown_days,
            devices=tuple(row.usable or row.pool),
            steps=tuple(_live(steps[row.id])),
            days=sending_days_of(row),
        )
        for row in rows
    ]


def next_for(
    run: Run, waiting: Sequence[StepTime], days: SendingDays, now: datetime, inserted: Collection[int]
) -> tuple[Run, Due | None]:
    """Find what is due next, passing over the inserted steps whose time has gone by."""
    places = {step.step_id: step.place for step in waiting}
    due = next_due(run, waiting, days)
    while due is not None and due.step_id in inserted and due.at <= now:
        run = replace(run, last_place=places[due.step_id])
        due = next_due(run, waiting, days)
    return run, due


async def load_steps(
    transaction: Transaction, sequence_ids: Collection[int], step_ids: Collection[int] = ()
) -> dict[int, list[Step]]:
    """Load the live steps of each sequence, and beside them these, which may be retired."""
    if not sequence_ids:
        return {}
    steps: dict[int, list[Step]] = {sequence_id: [] for sequence_id in sequence_ids}
    about = {"sequence_ids": list(sequence_ids), "step_ids": list(set(step_ids))}
    for row in await transaction.rows(STEPS, about):
        steps[row.sequence_id].append(Step(_step_time(row), row.live))
    return steps


async def live_steps(transaction: Transaction, sequence_id: int) -> list[StepTime]:
    """Load the times of the steps that a sequence has now."""
    return _live((await load_steps(transaction, [sequence_id]))[sequence_id])


def _live(steps: Iterable[Step]) -> list[StepTime]:
    return [step.time for step in steps if step.live]


def run_of(row: Any) -> Run:
    """Read a run from a row with the columns of `sequence_contacts`."""
    place = None if row.last_day_number is None else (row.last_day_number, row.last_minute)
    return Run(row.joined_at, row.anchor_date, ZoneInfo(row.time_zone), place, row.reached_day, row.reached_on)


@lru_cache(maxsize=1024)
def sending_days(
    *, skip_weekends: bool, rest_days: tuple[int, ...], skip_holidays: bool, country: str
) -> SendingDays:
    """Work out which dates a sequence of a workspace in `country` sends on."""
    return SendingDays(
        rest_days=frozenset(rest_days) if skip_weekends else frozenset(),
        holidays=public_holidays(country) if skip_holidays else frozenset(),
    )


def sending_days_of(row: Any) -> SendingDays:
    """Read it from a row with the columns of those names."""
    return sending_days(
        skip_weekends=row.skip_weekends,
        rest_days=tuple(row.rest_days),
        skip_holidays=row.skip_holidays,
        country=row.country,
    )


@lru_cache(maxsize=256)
def public_holidays(country: str) -> Collection[date]:
    """All public holidays of a country that the `holidays` library knows; none for an unknown country."""
    try:
        return holidays.country_holidays(country)
    except NotImplementedError:
        return frozenset()


def _step_time(row: Any) -> StepTime:
    send_time: time | None = row.send_time
    return StepTime.of(row.id, row.day_number, send_time, row.after_join_minutes)
