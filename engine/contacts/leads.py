"""Interests of contacts: who becomes a customer gets nothing more of what was to win them."""

from sqlalchemy import select, text

from engine.actor import Actor
from engine.clock import Clock
from engine.contacts import inbox_store
from engine.database import Database
from engine.errors import NotFoundError
from engine.sequences.settings import clean_niche
from models import Contact
from models.enums import Role

CUSTOMER = "customer"

# A customer of something that nobody had noted as their interest is noted now.
BECOME_CUSTOMER = """
INSERT INTO leads (workspace_id, contact_id, niche, status, created_at)
VALUES (:workspace, :contact, :niche, 'customer', :at)
    ON CONFLICT (contact_id, lower(niche)) DO UPDATE SET status = 'customer'
"""
CUSTOMER_OF_ALL = "UPDATE leads SET status = 'customer' WHERE workspace_id = :workspace AND contact_id = :contact"


class Leads:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def become_customer(self, actor: Actor, contact_id: int, niche: str | None) -> int:
        """Make somebody a customer of a niche, or of all they are interested in (None). Idempotent.

        Their runs through sequences of that niche (through all of them) end, and what waits of these is
        cancelled; what is on its way arrives. Returns how many runs ended.
        """
        actor.must_be(Role.OPERATOR)
        now, niche = self._clock.now(), clean_niche(niche)
        about = {"workspace": actor.workspace_id, "contact": contact_id}
        async with self._database.transaction() as session:
            known = select(Contact.id).where(Contact.id == contact_id, Contact.workspace_id == actor.workspace_id)
            if await session.scalar(known) is None:
                raise NotFoundError("This contact does not exist any more.")
            runs = await inbox_store.lock_open_enrolments(session, actor.workspace_id, contact_id)
            ended = [run.id for run in runs if niche is None or (run.niche or "").lower() == niche.lower()]
            await inbox_store.cancel_pending(
                session, actor.workspace_id, contact_id, code=CUSTOMER, enrolments=ended
            )
            await inbox_store.exit_enrolments(session, actor.workspace_id, ended, reason=CUSTOMER, at=now)
            if niche is None:
                await session.execute(text(CUSTOMER_OF_ALL), about)
            else:
                await session.execute(text(BECOME_CUSTOMER), {**about, "niche": niche, "at": now})
            actor.record(session, now, "contact.customer", contact_id, niche=niche, ended=len(ended))
        return len(ended)
