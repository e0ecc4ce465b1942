"""The contact book: looking people, lists and interests up, and noting where somebody is."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from engine.actor import Actor
from engine.clock import Clock
from engine.contacts import store
from engine.contacts.naming import split_attribute
from engine.contacts.time_zones import read_zone
from engine.database import Database
from engine.errors import NotFoundError
from models import Contact
from models.enums import ConsentState, Role

_FEWEST_DIGITS = 3  # a shorter part of a number matches nearly everybody


@dataclass(frozen=True, slots=True)
class ListSummary:
    id: int
    name: str
    size: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ContactSummary:
    id: int
    phone: str
    name: str
    consent: ConsentState | None
    suppressed: bool
    niches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NicheSummary:
    niche: str
    contacts: int


class ContactBook:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def count(self, actor: Actor) -> int:
        async with self._database.transaction() as session:
            return await store.count_contacts(session, actor.workspace_id)

    async def lists(self, actor: Actor) -> list[ListSummary]:
        """Newest first."""
        async with self._database.transaction() as session:
            return [ListSummary(**row) for row in await store.lists(session, actor.workspace_id)]

    async def find(self, actor: Actor, text: str, limit: int = 10) -> list[ContactSummary]:
        """Find by a part of the name or of the number, with or without its leading zero; by name.

        Also by an interest as a whole, and by an attribute ("city = Ipoh"), whatever their case.
        """
        name, digits = searched(text)
        if not name:
            return []
        attribute = split_attribute(text)
        async with self._database.transaction() as session:
            rows = await store.find_contacts(
                session,
                actor.workspace_id,
                name=name,
                digits=digits,
                attribute=attribute,
                limit=limit,
            )
        return [
            ContactSummary(
                id=row["id"],
                phone=row["phone"],
                name=row["name"],
                consent=ConsentState(row["consent"]) if row["consent"] else None,
                suppressed=row["suppressed"],
                niches=tuple(row["niches"]),
            )
            for row in rows
        ]

    async def niches(self, actor: Actor) -> list[NicheSummary]:
        """The largest first."""
        async with self._database.transaction() as session:
            return [NicheSummary(**row) for row in await store.niches(session, actor.workspace_id)]

    async def set_time_zone(self, actor: Actor, contact_id: int, typed: str | None) -> str | None:
        """Set it, by a city or a zone's name, for what this contact joins from now on; return the zone's name.

        Runs keep the zone that they began with. None: guess it from the number. Raises InvalidInputError.
        """
        actor.must_be(Role.OPERATOR)
        query = select(Contact).where(
            Contact.id == contact_id, Contact.workspace_id == actor.workspace_id, Contact.unlisted.is_(False)
        )
        async with self._database.transaction() as session:
            country = (await store.workspace(session, actor.workspace_id)).country
            zone = read_zone(typed, country) if typed is not None else None
            contact = await session.scalar(query.with_for_update())
            if contact is None:
                raise NotFoundError("This person is not in the contact book any more.")
            if contact.time_zone != zone:
                contact.time_zone = zone
                actor.record(session, self._clock.now(), "contact.time_zone", contact_id, zone=zone)
        return zone


def searched(text: str) -> tuple[str, str]:
    """Read what somebody typed to find a person: a part of a name, and of a number if it can be one."""
    name = " ".join(text.replace("\0", "").split())
    if re.search(r"[^\W\d]", name):
        return name, ""
    digits = re.sub(r"\D", "", name)
    stripped = digits.lstrip("0")  # a number as it is dialled at home; but 0002 may be its end
    digits = stripped if len(stripped) >= _FEWEST_DIGITS else digits
    return name, digits if len(digits) >= _FEWEST_DIGITS else ""
