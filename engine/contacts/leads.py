"""Interests of contacts: who becomes a customer gets nothing more of what was to win them."""

from datetime import datetime

from sqlalchemy import select, text

from engine.actor import Actor
from engine.clock import Clock
from engine.contacts import inbox_store
from engine.database import Database
from engine.errors import InvalidInputError, NotFoundError
from engine.sequences.intake import JoinedByItself, NewLead, join_new_leads, open_to_new_leads
from engine.sequences.settings import clean_niche
from engine.transactions import Session
from models import Contact
from models.enums import Role

CUSTOMER = "customer"

# A customer of something that nobody had noted as their interest is noted now.
BECOME_CUSTOMER = """
INSERT INTO leads (workspace_id, contact_id, niche, status, created_at)
VALUES (:workspace, :contact, :niche, 'customer', :at)
    ON CONFLICT (contact_id, lower(niche)) DO UPDATE SET status = 'customer'
"""
ADD = """
INSERT INTO leads (workspace_id, contact_id, niche, created_at) VALUES (:workspace, :contact, :niche, :at)
    ON CONFLICT (contact_id, lower(niche)) DO NOTHING
RETURNING id
"""
REMOVE = """
DELETE FROM leads WHERE workspace_id = :workspace AND contact_id = :contact AND lower(niche) = lower(:niche)
RETURNING id
"""
BECOME_PROSPECT = """
UPDATE leads SET status = 'prospect'
 WHERE workspace_id = :workspace AND contact_id = :contact AND lower(niche) = lower(:niche) AND status = 'customer'
RETURNING id
"""
CUSTOMER_OF_ALL = "UPDATE leads SET status = 'customer' WHERE workspace_id = :workspace AND contact_id = :contact"


class Leads:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(self, actor: Actor, contact_id: int, niche: str) -> tuple[JoinedByItself, ...]:
        """Note an interest; the sequences that it has led them into by themselves. Raises InvalidInputError."""
        actor.must_be(Role.OPERATOR)
        now, cleaned = self._clock.now(), clean_niche(niche)
        if cleaned is None:
            raise InvalidInputError("Please type an interest.")
        async with self._database.transaction() as session:
            sequences = await open_to_new_leads(session, actor.workspace_id)
            await _check(session, actor, contact_id, hold=True)
            if not await add_lead(session, actor.workspace_id, contact_id, cleaned, now):
                return ()
            actor.record(session, now, "contact.interest", contact_id, niche=cleaned)
            lead = NewLead(contact_id, cleaned)
            return tuple(await join_new_leads(session, actor, sequences, [lead], now))

    async def remove(self, actor: Actor, contact_id: int, niche: str) -> None:
        """Forget an interest. It ends no run: those of sequences go on. Idempotent."""
        await self._change(actor, contact_id, REMOVE, niche, "contact.interest_removed")

    async def become_prospect(self, actor: Actor, contact_id: int, niche: str) -> None:
        """Take back that somebody is a customer of a niche; it begins no run anew. Idempotent."""
        await self._change(actor, contact_id, BECOME_PROSPECT, niche, "contact.prospect")

    async def _change(self, actor: Actor, contact_id: int, statement: str, niche: str, action: str) -> None:
        actor.must_be(Role.OPERATOR)
        about = {"workspace": actor.workspace_id, "contact": contact_id, "niche": niche}
        async with self._database.transaction() as session:
            await _check(session, actor, contact_id)
            if await session.scalar(text(statement), about) is not None:
                actor.record(session, self._clock.now(), action, contact_id, niche=niche)

    async def become_customer(self, actor: Actor, contact_id: int, niche: str | None) -> int:
        """Make somebody a customer of a niche, or of all they are interested in (None). Idempotent.

        Their runs through sequences of that niche (through all of them) end, and what waits of these is
        cancelled; what is on its way arrives. Returns how many runs ended.
        """
        actor.must_be(Role.OPERATOR)
        now, niche = self._clock.now(), clean_niche(niche)
        about = {"workspace": actor.workspace_id, "contact": contact_id}
        async with self._database.transaction() as session:
            await _check(session, actor, contact_id)
            runs = await inbox_store.lock_open_enrolments(session, actor.workspace_id, contact_id)
            ended = [run.id for run in runs if niche is None or (run.niche or "").lower() == niche.lower()]
            await inbox_store.cancel_pending(
                session, actor.workspace_id, contact_id, code=CUSTOMER, enrolments=ended
            )
            await inbox_store.exit_enrolments(session, actor.workspace_id, ended, reason=CUSTOMER, at=now)
            await _check(session, actor, contact_id, hold=True)
            if niche is None:
                await session.execute(text(CUSTOMER_OF_ALL), about)
            else:
                await session.execute(text(BECOME_CUSTOMER), {**about, "niche": niche, "at": now})
            actor.record(session, now, "contact.customer", contact_id, niche=niche, ended=len(ended))
        return len(ended)


async def add_lead(session: Session, workspace_id: int, contact_id: int, niche: str, at: datetime) -> bool:
    """Note an interest; whether it was not noted yet."""
    values = {"workspace": workspace_id, "contact": contact_id, "niche": niche, "at": at}
    return await session.scalar(text(ADD), values) is not None


async def _check(session: Session, actor: Actor, contact_id: int, *, hold: bool = False) -> None:
    """Raise NotFoundError. `hold`: nobody deletes them until this is done, as no foreign key would see to it."""
    known = select(Contact.id).where(
        Contact.id == contact_id, Contact.workspace_id == actor.workspace_id, Contact.unlisted.is_(False)
    )
    if await session.scalar(known.with_for_update(read=True, key_share=True) if hold else known) is None:
        raise NotFoundError("This person is not in the contact book any more.")
