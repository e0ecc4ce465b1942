"""Changing what is known of one person: the name, the attributes, where they opted in."""

from sqlalchemy import select

from engine.actor import Actor
from engine.clock import Clock
from engine.contacts import inbox_store
from engine.contacts.entering import clean_evidence, typed_by
from engine.contacts.naming import clean_name, read_attribute
from engine.database import Database
from engine.errors import ConflictError, InvalidInputError, NotFoundError
from engine.transactions import Session
from models import Contact, Suppression
from models.enums import ConsentSource, ConsentState, Role

MOST_ATTRIBUTES = 50


class ContactEditor:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def rename(self, actor: Actor, contact_id: int, typed: str) -> str:
        """Give them another name; return it cleaned up. Raises InvalidInputError."""
        actor.must_be(Role.OPERATOR)
        name = clean_name(typed)
        if not name:
            raise InvalidInputError("Please type a name.")
        async with self._database.transaction() as session:
            contact = await _lock(session, actor, contact_id)
            if contact.name != name:
                contact.name = name
                actor.record(session, self._clock.now(), "contact.name", contact_id)
        return name

    async def set_attribute(self, actor: Actor, contact_id: int, typed: str) -> str:
        """Set what "city = Ipoh" says; return the key as templates know it. Raises InvalidInputError."""
        actor.must_be(Role.OPERATOR)
        key, value = read_attribute(typed)
        async with self._database.transaction() as session:
            contact = await _lock(session, actor, contact_id)
            if contact.attributes.get(key) != value:
                contact.attributes = {**contact.attributes, key: value}
                if len(contact.attributes) > MOST_ATTRIBUTES:
                    raise InvalidInputError(f"Somebody has at most {MOST_ATTRIBUTES} attributes.")
                actor.record(session, self._clock.now(), "contact.attribute", contact_id, attribute=key)
        return key

    async def remove_attribute(self, actor: Actor, contact_id: int, key: str) -> None:
        """Idempotent."""
        actor.must_be(Role.OPERATOR)
        async with self._database.transaction() as session:
            contact = await _lock(session, actor, contact_id)
            if key in contact.attributes:
                contact.attributes = {name: value for name, value in contact.attributes.items() if name != key}
                actor.record(session, self._clock.now(), "contact.attribute_removed", contact_id, attribute=key)

    async def note_permission(
        self, actor: Actor, contact_id: int, source: ConsentSource, evidence: str = ""
    ) -> None:
        """Keep where somebody opted in of whom nobody knew it. Raises ConflictError for who has opted out."""
        actor.must_be(Role.OPERATOR)
        now = self._clock.now()
        async with self._database.transaction() as session:
            contact = await _lock(session, actor, contact_id)
            suppressed = select(Suppression.id).where(
                Suppression.workspace_id == actor.workspace_id, Suppression.phone == contact.phone
            )
            if contact.consent is ConsentState.OPTED_OUT or await session.scalar(suppressed) is not None:
                raise ConflictError("They have opted out. Only they can come back, by writing START.")
            if contact.consent is ConsentState.OPTED_IN:
                return
            proof = await typed_by(session, actor, clean_evidence(evidence))
            await inbox_store.record_consent(
                session, actor.workspace_id, contact_id, ConsentState.OPTED_IN,
                source=source, evidence=proof, at=now, by=actor.operator_id,
            )  # fmt: skip
            actor.record(session, now, "contact.permission", contact_id, source=source)


async def _lock(session: Session, actor: Actor, contact_id: int) -> Contact:
    query = select(Contact).where(
        Contact.id == contact_id, Contact.workspace_id == actor.workspace_id, Contact.unlisted.is_(False)
    )
    contact = await session.scalar(query.with_for_update())
    if contact is None:
        raise NotFoundError("This person is not in the contact book any more.")
    return contact
