"""The stop words of a team, beside those that everybody has."""

from sqlalchemy import select

from engine.actor import Actor
from engine.clock import Clock
from engine.contacts.stopwords import read_own_word
from engine.database import Database
from engine.transactions import Session
from models import Workspace
from models.enums import Role


class OwnStopWords:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def list(self, actor: Actor) -> list[str]:
        """In the order in which they were added."""
        async with self._database.transaction() as session:
            return list((await session.get_one(Workspace, actor.workspace_id)).stop_words)

    async def add(self, actor: Actor, typed: str) -> str:
        """Add what was typed; who writes it from now on is opted out. Raises InvalidInputError."""
        actor.must_be(Role.OWNER)
        async with self._database.transaction() as session:
            team = await _locked(session, actor)
            word = read_own_word(typed, team.stop_words)
            team.stop_words = [*team.stop_words, word]
            actor.record(session, self._clock.now(), "stop_word.add", None, word=word)
        return word

    async def remove(self, actor: Actor, word: str) -> bool:
        """Who has written it stays opted out. Whether it was there."""
        actor.must_be(Role.OWNER)
        async with self._database.transaction() as session:
            team = await _locked(session, actor)
            if word not in team.stop_words:
                return False
            team.stop_words = [one for one in team.stop_words if one != word]
            actor.record(session, self._clock.now(), "stop_word.remove", None, word=word)
        return True


async def _locked(session: Session, actor: Actor) -> Workspace:
    query = select(Workspace).where(Workspace.id == actor.workspace_id).with_for_update(key_share=True)
    return (await session.scalars(query)).one()
