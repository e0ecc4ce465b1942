"""Requests to stop in free words: "jangan hantar lagi" is no stop word, so an operator decides, with one tap."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from engine.actor import Actor
from engine.alerts import Problem, Solution, tell
from engine.clock import Clock
from engine.contacts import inbox_store, stop_request_store
from engine.contacts.opting_out import opt_out, request_subject
from engine.contacts.stopwords import START_WORD
from engine.database import Database
from engine.errors import NotFoundError
from engine.transactions import Session
from models.enums import AlertKind, ConsentSource, Role

OPTED_OUT_ANSWER = (
    "You are unsubscribed and will get no more messages from us. "
    f"If you change your mind, reply {START_WORD}: then we may write to you again."
)
LONGEST_WORDS = 300  # characters of what they wrote, in the alert
LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class StopRequest:
    """What somebody wrote that seems to ask to stop, and about which nobody has decided."""

    words: str
    at: datetime


def as_alert(contact_id: int, name: str, phone: str, words: str) -> Problem:
    who = f"{_cut(name, LONGEST_NAME)} ({phone})" if name.strip() else phone
    waits = "Their sequences are paused and campaigns wait until you decide."
    told = f"{who} wrote: “{_cut(words, LONGEST_WORDS)}”. {waits}"
    return Problem(AlertKind.ASKS_TO_STOP, request_subject(contact_id), told)


class StopRequests:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def opt_out(self, actor: Actor, contact_id: int) -> bool:
        """Take it as the wish that it is: what STOP does, with the one confirmation. Whether it was still open."""
        actor.must_be(Role.OPERATOR)
        now = self._clock.now()
        await self._must_be_here(actor, contact_id, now)
        async with self._database.transaction() as session:
            request = await _find(session, actor, contact_id)
            if request is None:
                return False
            who = await stop_request_store.name_of(session, actor.operator_id)
            first = await opt_out(
                session, actor.workspace_id, contact_id, request.phone,
                source=ConsentSource.MANUAL, evidence=request.body, at=now, by=actor.operator_id,
                decided=f"Opted out by {who}.",
            )  # fmt: skip
            await inbox_store.mark_opted_out(session, request.inbound_id)
            if first:
                await inbox_store.answer(
                    session, actor.workspace_id, contact_id,
                    device_id=request.device_id, body=OPTED_OUT_ANSWER, at=now,
                )  # fmt: skip
                actor.record(session, now, "contact.opt_out", contact_id)
        return True

    async def keep(self, actor: Actor, contact_id: int) -> bool:
        """It was no such wish, only a reply: what a reply pauses stays paused. Whether it was still open."""
        actor.must_be(Role.OPERATOR)
        now = self._clock.now()
        await self._must_be_here(actor, contact_id, now)
        async with self._database.transaction() as session:
            request = await _find(session, actor, contact_id)
            if request is None:
                return False
            who = await stop_request_store.name_of(session, actor.operator_id)
            await stop_request_store.go_on(session, actor.workspace_id, contact_id)
            await _resolve(session, actor, contact_id, f"Kept by {who}: no wish to stop.", now)
            actor.record(session, now, "contact.keep", contact_id)
        return True

    async def _must_be_here(self, actor: Actor, contact_id: int, now: datetime) -> None:
        """Raise NotFoundError; about somebody who was deleted meanwhile nobody is asked any more."""
        async with self._database.transaction() as session:
            here = await stop_request_store.who(session, actor.workspace_id, contact_id)
            if here is None:
                await _resolve(session, actor, contact_id, "They are not in the contact book any more.", now)
        if here is None:
            raise NotFoundError("This person is not in the contact book any more.")


async def find_request(session: Session, workspace_id: int, contact_id: int) -> StopRequest | None:
    """Return the request of this person, if nobody has decided about it."""
    subject = request_subject(contact_id)
    found = await stop_request_store.find_open(session, workspace_id, contact_id, subject)
    return StopRequest(found.body, found.received_at) if found else None


async def _find(session: Session, actor: Actor, contact_id: int) -> Row[Any] | None:
    subject = request_subject(contact_id)
    return await stop_request_store.find_open(session, actor.workspace_id, contact_id, subject)


async def _resolve(session: Session, actor: Actor, contact_id: int, how: str, at: datetime) -> None:
    answered = Solution(AlertKind.ASKS_TO_STOP, request_subject(contact_id), how)
    await tell(session, actor.workspace_id, answered, at)


def _cut(words: str, longest: int) -> str:
    line = " ".join(words.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
