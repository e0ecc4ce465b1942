"""The time zone that somebody lives in, as an operator types it: a city or a zone's name."""

import zoneinfo
from functools import lru_cache

from sqlalchemy import select

from engine.actor import Actor
from engine.clock import Clock
from engine.database import Database
from engine.errors import InvalidInputError, NotFoundError
from models import Contact
from models.enums import Role


class ContactZones:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def set(self, actor: Actor, contact_id: int, typed: str | None) -> str | None:
        """Set it for what this contact joins from now on; runs keep the zone that they began with. The zone.

        None: not known, so that the sequence's counts. Raises InvalidInputError for a city that has no zone.
        """
        actor.must_be(Role.OPERATOR)
        zone = read_zone(typed) if typed is not None else None
        query = select(Contact).where(Contact.id == contact_id, Contact.workspace_id == actor.workspace_id)
        async with self._database.transaction() as session:
            contact = await session.scalar(query.with_for_update())
            if contact is None:
                raise NotFoundError("This person is not in the contact book any more.")
            if contact.time_zone != zone:
                contact.time_zone = zone
                actor.record(session, self._clock.now(), "contact.time_zone", contact_id, zone=zone)
        return zone


def read_zone(typed: str) -> str:
    """Find the zone of "london", "Kuala Lumpur" or "Asia/Tokyo"."""
    wanted = "_".join(typed.split()).casefold()
    found = _zones().get(wanted)
    if found is None:
        raise InvalidInputError(
            f"No time zone is called “{typed[:40].strip()}”. Type the largest city near them, such as London or "
            "Kuala Lumpur."
        )
    return found


@lru_cache(maxsize=1)
def _zones() -> dict[str, str]:
    """Every zone by its name and by its city; of two cities of one name that with the shorter zone's name."""
    names = [name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/")]
    names.sort(key=lambda name: (len(name), name), reverse=True)
    cities = {name.rpartition("/")[2].casefold(): name for name in names}
    return {**cities, **{name.casefold(): name for name in names}, "utc": "UTC"}
