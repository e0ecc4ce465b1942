"""Planning anew whoever waits in a sequence, in the transaction that changes its messages or its days."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import text

from engine.sequences import store
from engine.sequences.progress import live_steps, overtaken, plan_again
from engine.transactions import Session


async def replan(
    session: Session, sequence_id: int, step_ids: Collection[int], now: datetime, *, inserted: Collection[int] = ()
) -> int:
    """Plan everybody anew who waits; messages of these steps that still wait go back into the plan.

    So do those that another step now comes before: a late message may wait for days. The sequence is locked.
    Returns how many people now wait for something else, or for another time.
    """
    waiting = list(await session.scalars(text(store.WAITING_ENROLMENTS), {"sequence_id": sequence_id}))
    passed = await _overtaken(session, sequence_id, {*step_ids, *inserted}, now, inserted)
    await session.execute(text(store.UNPLAN), {"step_ids": list(step_ids), "overtaken": passed})
    still_open = set(await session.scalars(text(store.STILL_OPEN), {"ids": waiting}))
    unqueued = [enrolment_id for enrolment_id in waiting if enrolment_id not in still_open]
    return await plan_again(session, unqueued, now, inserted=inserted)


async def _overtaken(
    session: Session, sequence_id: int, changed: Collection[int], now: datetime, inserted: Collection[int]
) -> list[int]:
    """Find the runs with a message in the queue that has lost its turn to one of the changed steps."""
    live = await live_steps(session, sequence_id)
    first = min((step.place for step in live if step.step_id in changed), default=None)
    behind = [step.step_id for step in live if first is not None and step.place > first]
    queued = {row.enrolment_id: row.step_id for row in await session.rows(store.QUEUED, {"step_ids": behind})}
    return await overtaken(session, queued, now, inserted)


async def replan_all(session: Session, sequence_id: int, now: datetime) -> int:
    """Plan everybody anew, whatever they wait for."""
    steps = await store.steps_of(session, sequence_id)
    return await replan(session, sequence_id, [step.id for step in steps], now)
