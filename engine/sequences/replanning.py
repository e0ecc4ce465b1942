"""Planning anew whoever waits in a sequence, in the transaction that changes its messages or its days."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import text

from engine.sequences import store
from engine.sequences.progress import plan_again
from engine.transactions import Session


async def replan(
    session: Session, sequence_id: int, step_ids: Collection[int], now: datetime, *, inserted: Collection[int] = ()
) -> int:
    """Plan everybody anew who waits; messages of these steps that still wait go back into the plan.

    The sequence is locked. Returns how many people now wait for something else, or for another time.
    """
    waiting = list(await session.scalars(text(store.WAITING_ENROLMENTS), {"sequence_id": sequence_id}))
    await session.execute(text(store.UNPLAN), {"step_ids": list(step_ids)})
    still_open = set(await session.scalars(text(store.STILL_OPEN), {"ids": waiting}))
    unqueued = [enrolment_id for enrolment_id in waiting if enrolment_id not in still_open]
    return await plan_again(session, unqueued, now, inserted=inserted)


async def replan_all(session: Session, sequence_id: int, now: datetime) -> int:
    """Plan everybody anew, whatever they wait for."""
    steps = await store.steps_of(session, sequence_id)
    return await replan(session, sequence_id, [step.id for step in steps], now)
