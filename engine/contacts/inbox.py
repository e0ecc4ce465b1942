"""What people write back: kept once, obeyed when it says stop, and heard by the sequences they are in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.alerts import tell
from engine.clock import Clock
from engine.contacts import inbox_store, stop_request_store
from engine.contacts.click_to_chat import codes_in, without_codes
from engine.contacts.opting_out import opt_out
from engine.contacts.refusals import asks_to_stop
from engine.contacts.senders import learn_lid, without_nul
from engine.contacts.stop_requests import OPTED_OUT_ANSWER, as_alert
from engine.contacts.stopwords import is_start, is_stop
from engine.contacts.typed_answers import note_typed
from engine.contacts.writing_in import find_link, write_in
from engine.database import Database
from engine.transactions import Session
from engine.transports.contract import Inbound
from models.enums import ConsentSource, ConsentState, Lane, OnReply

# START gives the permission back and no more: what somebody was in has ended, and may or may not begin again.
OPTED_IN_ANSWER = "Thank you! You may hear from us again. Reply STOP at any time to unsubscribe."


@dataclass(frozen=True, slots=True)
class _Heard:
    """An inbound message, and whose it is."""

    id: int
    workspace_id: int
    contact_id: int | None  # None: a phone that nobody imported, or a number that WhatsApp hides
    listed: bool  # the contact is in the book; who only tests is not
    device_id: int
    phone: str | None  # the contact's, else the one that it was written from; None: hidden
    written_from: str | None
    text: str
    at: datetime
    refuses: bool  # it is no stop word, but seems to ask to stop

    @property
    def wants_answer(self) -> bool:
        """Whether the team is to see it. What strangers write to a phone that somebody also uses is not for it."""
        return self.listed or self.phone is None


class Inbox:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def receive(self, device_id: int, inbound: Inbound) -> None:
        """Keep the message and do what it asks, in one transaction; a second delivery does nothing."""
        now = self._clock.now()
        async with self._database.transaction() as session:
            if inbound.typed_on_phone:
                await note_typed(session, device_id, inbound, now)
            else:
                await _hear(session, device_id, inbound, now)
        if inbound.phone is not None and inbound.lid is not None:
            # In a transaction of its own: it locks other contacts than the one who wrote. If it does not come to
            # that, the next message says the same again.
            async with self._database.transaction() as session:
                await learn_lid(session, device_id, inbound.phone, inbound.lid, now)


async def _hear(session: Session, device_id: int, inbound: Inbound, now: datetime) -> None:
    body = without_nul(inbound.text)
    kept = await inbox_store.keep_inbound(session, device_id, inbound, body, now)
    if kept is None:
        return
    stops = is_stop(body, kept.stop_words)
    heard = _Heard(
        id=kept.id,
        workspace_id=kept.workspace_id,
        contact_id=kept.contact_id,
        listed=kept.unlisted is False,
        device_id=device_id,
        phone=kept.phone or kept.written_from,
        written_from=kept.written_from,
        text=body,
        at=now,
        refuses=not stops and asks_to_stop(without_codes(body), kept.stop_words),
    )
    if await _obey(session, heard, stops=stops) or not heard.wants_answer:
        await inbox_store.settled(session, heard.id, now)
    else:
        await inbox_store.tell(session)


async def _obey(session: Session, heard: _Heard, *, stops: bool) -> bool:
    """Do what the message asks; whether that was all there is to it, and nobody has to answer."""
    if stops:
        await inbox_store.mark_opted_out(session, heard.id)
        await _opt_out(session, heard)
        return True
    link = await _way_in(session, heard)
    if link is not None and heard.phone is not None:
        await write_in(session, heard.workspace_id, link, heard.id, heard.phone, words=heard.text, at=heard.at)
        return True
    if is_start(heard.text) and await _opt_in_again(session, heard):
        return True
    await _reply(session, heard)
    return False


async def _way_in(session: Session, heard: _Heard) -> Any | None:
    """Find the link by which they write in. Who asks to stop, and quotes its words, does not come in by it."""
    if heard.refuses:
        return None
    return await find_link(session, heard.workspace_id, codes_in(heard.text))


async def _opt_out(session: Session, heard: _Heard) -> None:
    """Whose number is hidden can be told that only when it is known; then it holds (senders.py)."""
    if heard.phone is None:
        return
    first = await opt_out(
        session,
        heard.workspace_id,
        heard.contact_id,
        heard.phone,
        source=ConsentSource.STOP_WORD,
        evidence=heard.text,
        at=heard.at,
    )
    if heard.written_from not in {None, heard.phone}:  # a contact who has another number now, and may be imported
        await inbox_store.suppress(
            session,
            heard.workspace_id,
            heard.written_from,
            source=ConsentSource.STOP_WORD,
            evidence=heard.text,
            at=heard.at,
        )
    if first and heard.contact_id is not None:
        await _answer(session, heard, heard.contact_id, OPTED_OUT_ANSWER)


async def _opt_in_again(session: Session, heard: _Heard) -> bool:
    """Return whether there was an opt-out to lift."""
    numbers = {number for number in (heard.phone, heard.written_from) if number is not None}
    lifted = any([await inbox_store.lift_suppression(session, heard.workspace_id, one) for one in numbers])
    if heard.contact_id is None:
        return lifted
    if lifted or await inbox_store.is_opted_out(session, heard.workspace_id, heard.contact_id):
        await _record(session, heard, heard.contact_id, ConsentState.OPTED_IN, ConsentSource.START_WORD)
        await _answer(session, heard, heard.contact_id, OPTED_IN_ANSWER)
        return True
    return False


async def _reply(session: Session, heard: _Heard) -> None:
    if heard.contact_id is None:
        return
    workspace_id, contact_id = heard.workspace_id, heard.contact_id
    if await inbox_store.last_lane(session, workspace_id, contact_id) == Lane.TEST:
        return  # an operator tries out what answering does; the sequences that they are in themselves go on
    holding = {OnReply.PAUSE, OnReply.CONTINUE} if heard.refuses else {OnReply.PAUSE}
    open_ones = await inbox_store.lock_open_enrolments(session, workspace_id, contact_id)
    paused = [enrolment.id for enrolment in open_ones if enrolment.on_reply in holding]
    ended = [enrolment.id for enrolment in open_ones if enrolment.on_reply == OnReply.EXIT]
    if paused:
        await inbox_store.pause_enrolments(session, workspace_id, paused, at=heard.at)
    if ended:
        await inbox_store.cancel_pending(session, workspace_id, contact_id, code="replied", enrolments=ended)
        await inbox_store.exit_enrolments(session, workspace_id, ended, reason="replied", at=heard.at)
    if heard.refuses:
        await _ask_operators(session, heard, contact_id)


async def _ask_operators(session: Session, heard: _Heard, contact_id: int) -> None:
    """Somebody is to decide whether this was a wish to stop; who is out already needs no decision."""
    who = await stop_request_store.who(session, heard.workspace_id, contact_id)
    if who is None or who.suppressed:
        return
    await stop_request_store.mark(session, heard.id)
    await tell(
        session, heard.workspace_id, as_alert(contact_id, who.name, heard.phone or "", heard.text), heard.at
    )


async def _record(
    session: Session, heard: _Heard, contact_id: int, state: ConsentState, source: ConsentSource
) -> None:
    await inbox_store.record_consent(
        session, heard.workspace_id, contact_id, state, source=source, evidence=heard.text, at=heard.at
    )


async def _answer(session: Session, heard: _Heard, contact_id: int, body: str) -> None:
    await inbox_store.answer(
        session, heard.workspace_id, contact_id, device_id=heard.device_id, body=body, at=heard.at
    )
