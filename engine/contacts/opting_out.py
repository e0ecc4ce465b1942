"""Opting out, by a stop word or by hand: one transaction, after which nothing more goes to that person."""

from datetime import datetime

from sqlalchemy import select

from engine.actor import Actor
from engine.alerts import Solution, tell
from engine.clock import Clock
from engine.contacts import inbox_store
from engine.database import Database
from engine.errors import NotFoundError
from engine.transactions import Session
from models import Contact
from models.enums import AlertKind, ConsentSource, ConsentState, Role

BY_HAND = "an operator noted it"
DECIDED = "They have opted out."


def request_subject(contact_id: int) -> str:
    """Name a person in the alert that they seem to ask to stop."""
    return f"contact:{contact_id}"


def contact_of(subject: str) -> int:
    return int(subject.partition(":")[2])


class OptOuts:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def opt_out(self, actor: Actor, contact_id: int) -> bool:
        """Note that somebody has asked not to be written to, on the phone perhaps. Whether they were not out yet.

        They get no confirmation: they did not ask for it in the chat.
        """
        actor.must_be(Role.OPERATOR)
        now = self._clock.now()
        query = select(Contact.phone).where(
            Contact.id == contact_id, Contact.workspace_id == actor.workspace_id, Contact.unlisted.is_(False)
        )
        async with self._database.transaction() as session:
            phone = await session.scalar(query)
            if phone is None:
                raise NotFoundError("This person is not in the contact book any more.")
            first = await opt_out(
                session,
                actor.workspace_id,
                contact_id,
                phone,
                source=ConsentSource.MANUAL,
                evidence=BY_HAND,
                at=now,
                by=actor.operator_id,
            )
            if first:
                actor.record(session, now, "contact.opt_out", contact_id)
        return first


async def opt_out(
    session: Session,
    workspace_id: int,
    contact_id: int | None,
    phone: str,
    *,
    source: ConsentSource,
    evidence: str,
    at: datetime,
    by: int | None = None,
    decided: str = DECIDED,
) -> bool:
    """Suppress the phone, end its owner's runs and cancel what waits for them; whether it was not suppressed yet.

    `contact_id` is None for a phone that nobody imported. Where somebody was to decide whether they ask to stop,
    that is answered by it, in the words of `decided`.
    """
    first = await inbox_store.suppress(session, workspace_id, phone, source=source, evidence=evidence, at=at)
    if contact_id is None:
        return first
    open_ones = await inbox_store.lock_open_enrolments(session, workspace_id, contact_id)
    enrolments = [enrolment.id for enrolment in open_ones]
    await inbox_store.cancel_pending(session, workspace_id, contact_id, code="opted_out")
    await inbox_store.exit_enrolments(session, workspace_id, enrolments, reason="opted_out", at=at)
    await inbox_store.record_consent(
        session, workspace_id, contact_id, ConsentState.OPTED_OUT, source=source, evidence=evidence, at=at, by=by
    )
    answered = Solution(AlertKind.ASKS_TO_STOP, request_subject(contact_id), decided)
    await tell(session, workspace_id, answered, at)
    return first
