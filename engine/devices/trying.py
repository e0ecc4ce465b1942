"""A device shows that it can send: one message to the operator's own phone."""

from engine.actor import Actor
from engine.broadcast.rehearsing import Draft, Rehearsal, own_phone, rehearse
from engine.clock import Clock
from engine.contacts.samples import NOBODY_IN_PARTICULAR
from engine.database import Database
from engine.devices.changes import find_device
from models.enums import ContentKind, Role

GREETING = "Hello, this is {name}. I can send."


class DeviceTests:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def run(self, actor: Actor, device_id: int) -> Rehearsal:
        """Queue it, in place of what still waits for this phone. Raises NotFoundError, ConflictError."""
        now = self._clock.now()
        async with self._database.transaction() as session:
            device = await find_device(session, actor, device_id, role=Role.OPERATOR)
            phone = await own_phone(session, actor)
            rehearsal = await rehearse(
                session,
                actor,
                [Draft("The test", ContentKind.TEXT, GREETING.format(name=_plain(device.name)), None)],
                {device.id: device.name},
                of="test",
                phone=phone,
                sample=NOBODY_IN_PARTICULAR,
                now=now,
            )
            actor.record(session, now, "device.test", device_id)
        return rehearsal


def _plain(name: str) -> str:
    """Braces would be filled in."""
    return name.replace("{", "(").replace("}", ")").replace("%", " ")
