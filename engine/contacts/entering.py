"""Adding one person by hand: a number that somebody has typed, or a contact card that was shared."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text

from engine.actor import Actor
from engine.clock import Clock
from engine.contacts import inbox_store, store
from engine.contacts.leads import add_lead
from engine.contacts.naming import LONGEST_NAME, clean_name, read_person, read_phone
from engine.database import Database
from engine.sequences.intake import JoinedByItself, NewLead, join_new_leads, open_to_new_leads
from engine.sequences.settings import clean_niche
from engine.transactions import Session
from models.enums import ConsentSource, ConsentState, Role

LONGEST_EVIDENCE = 500

KNOWN = """
SELECT c.id, c.name, x.source, x.evidence, x.created_at AS since
  FROM (SELECT CAST(:phone AS text) AS phone) p
  LEFT JOIN contacts c ON c.workspace_id = :workspace AND c.phone = p.phone AND NOT c.unlisted
  LEFT JOIN suppressions x ON x.workspace_id = :workspace AND x.phone = p.phone
"""
# An operator's own phone, so far for their tests alone, becomes a contact.
ADD = """
INSERT INTO contacts AS c (workspace_id, phone, name, created_at) VALUES (:workspace, :phone, :name, :at)
    ON CONFLICT (workspace_id, phone) DO UPDATE
       SET name = coalesce(nullif(excluded.name, ''), c.name), unlisted = false
     WHERE c.unlisted
RETURNING c.id
"""


@dataclass(frozen=True, slots=True)
class TypedPerson:
    """Who was meant. `contact_id` is set if they are in the book already, `name` is theirs there, then."""

    phone: str
    name: str
    contact_id: int | None
    opted_out: bool


@dataclass(frozen=True, slots=True)
class Added:
    contact_id: int
    created: bool  # False: they were in the book already, and nothing was changed
    opted_out: bool
    by_themselves: tuple[JoinedByItself, ...]  # the sequences that their interest led them into


class NewContacts:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def read(self, actor: Actor, typed: str) -> TypedPerson:
        """Read a name and a number, or a number alone. Raises InvalidInputError."""
        async with self._database.transaction() as session:
            name, phone = read_person(typed, await _country(session, actor))
            return await _meant(session, actor, phone, name)

    async def read_card(self, actor: Actor, number: str, name: str) -> TypedPerson:
        """Read what a shared contact card says. Raises InvalidInputError."""
        async with self._database.transaction() as session:
            phone = read_phone(number, await _country(session, actor))
            return await _meant(session, actor, phone, clean_name(name[:LONGEST_NAME]))

    async def add(
        self,
        actor: Actor,
        phone: str,
        *,
        name: str = "",
        niche: str | None = None,
        source: ConsentSource | None,
        evidence: str = "",
    ) -> Added:
        """Put somebody into the book, unless they are in it.

        `source` is where they opted in, kept with who has typed it and with `evidence`, what else is known of it;
        None means that nobody knows, and they cannot be sent to. Who has opted out stays so. Raises
        InvalidInputError.
        """
        actor.must_be(Role.OPERATOR)
        now, workspace_id, niche = self._clock.now(), actor.workspace_id, clean_niche(niche)
        name, evidence = clean_name(name), clean_evidence(evidence)
        async with self._database.transaction() as session:
            phone = read_phone(phone, await _country(session, actor))
            sequences = await open_to_new_leads(session, workspace_id)
            values = {"workspace": workspace_id, "phone": phone, "name": name, "at": now}
            contact_id: int | None = await session.scalar(text(ADD), values)
            known = await _known(session, workspace_id, phone)
            if contact_id is None:
                return Added(known.id, created=False, opted_out=known.since is not None, by_themselves=())
            opted_out = known.since is not None
            if opted_out:
                await inbox_store.record_consent(
                    session, workspace_id, contact_id, ConsentState.OPTED_OUT,
                    source=ConsentSource(known.source), evidence=known.evidence, at=known.since,
                )  # fmt: skip
            elif source is not None:
                await inbox_store.record_consent(
                    session, workspace_id, contact_id, ConsentState.OPTED_IN,
                    source=source, evidence=await typed_by(session, actor, evidence), at=now, by=actor.operator_id,
                )  # fmt: skip
            by_themselves: list[JoinedByItself] = []
            if niche is not None and await add_lead(session, workspace_id, contact_id, niche, now):
                lead = NewLead(contact_id, niche)
                by_themselves = await join_new_leads(session, actor, sequences, [lead], now)
            actor.record(session, now, "contact.add", contact_id, source=source)
        return Added(contact_id, created=True, opted_out=opted_out, by_themselves=tuple(by_themselves))


def clean_evidence(typed: str) -> str:
    return " ".join(typed.replace("\0", "").split())[:LONGEST_EVIDENCE]


async def typed_by(session: Session, actor: Actor, evidence: str) -> str:
    """Write what is kept as the evidence of a permission that somebody has noted by hand."""
    query = text("SELECT name FROM operators WHERE id = :id")
    who = await session.scalar(query, {"id": actor.operator_id}) or "a script"
    return f"typed by {who}: {evidence}" if evidence else f"typed by {who}"


async def _country(session: Session, actor: Actor) -> str:
    return str((await store.workspace(session, actor.workspace_id)).country)


async def _meant(session: Session, actor: Actor, phone: str, name: str) -> TypedPerson:
    known = await _known(session, actor.workspace_id, phone)
    return TypedPerson(phone, name if known.id is None else known.name, known.id, known.since is not None)


async def _known(session: Session, workspace_id: int, phone: str) -> Row[Any]:
    return (await session.execute(text(KNOWN), {"workspace": workspace_id, "phone": phone})).one()
