"""What operators say of themselves."""

from dataclasses import dataclass

from sqlalchemy import select, update

from engine.actor import Actor
from engine.clock import Clock
from engine.contacts.phones import Phone, read_phones
from engine.database import Database
from engine.errors import InvalidInputError
from models import Operator, Workspace
from models.enums import Role


@dataclass(frozen=True, slots=True)
class Operators:
    database: Database
    clock: Clock

    async def phone(self, actor: Actor) -> str | None:
        """The number that their tests go to (E.164), if they have said it."""
        async with self.database.transaction() as session:
            return await session.scalar(select(Operator.phone).where(Operator.id == actor.operator_id))

    async def set_phone(self, actor: Actor, typed: str) -> str:
        """Keep the number that tests go to; one without a country code is of the workspace's country."""
        actor.must_be(Role.OPERATOR)
        async with self.database.transaction() as session:
            workspace = await session.get_one(Workspace, actor.workspace_id)
            phone = read_phone(typed, workspace.country)
            await session.execute(update(Operator).where(Operator.id == actor.operator_id).values(phone=phone))
            actor.record(session, self.clock.now(), "operator.phone", actor.operator_id)
        return phone


def read_phone(typed: str, country: str) -> str:
    """Read exactly one number as E.164. Raises InvalidInputError."""
    found = read_phones(typed, country)
    if len(found) != 1:
        raise InvalidInputError("Write one phone number, with its country code: +60 12-345 6789.")
    if not isinstance(found[0], Phone):
        raise InvalidInputError(f"“{found[0].text}”: {found[0].reason}. Write it with its country code.")
    return found[0].number
