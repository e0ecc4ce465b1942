"""Click-to-chat: a link, or its QR picture, by which people write in, opt in and join at once."""

import re
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from sqlalchemy import select

from engine.actor import Actor
from engine.clock import Clock
from engine.contacts import chat_link_store
from engine.database import Database
from engine.devices.changes import find_device
from engine.errors import ConflictError, InvalidInputError, NotFoundError
from engine.transactions import Session
from models import Campaign, ChatLink
from models import Sequence as SequenceRow
from models.enums import CampaignStatus, Role, SequenceStatus

GREETING = "Hi! I would like to hear from you."
LONGEST_GREETING = 300
CODE_LENGTH = 6
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # nothing that looks like something else
_DIGITS = "23456789"
_CODE = re.compile(rf"(?<![A-Z0-9])(?=[A-Z]*[{_DIGITS}])[{ALPHABET}]{{{CODE_LENGTH}}}(?![A-Z0-9])")

OVER = {CampaignStatus.FINISHED, CampaignStatus.CANCELLED}


@dataclass(frozen=True, slots=True)
class ChatLinkView:
    """`greeting`: what the link has people write, its code included. `joined`: how many have joined by it."""

    id: int
    url: str
    greeting: str
    device: str
    target: str  # the name of the sequence or campaign
    sequence_id: int | None
    campaign_id: int | None
    joined: int
    created_at: datetime
    closed_at: datetime | None


class ChatLinks:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def of_sequence(self, actor: Actor, sequence_id: int) -> list[ChatLinkView]:
        """The oldest first."""
        async with self._database.transaction() as session:
            await _sequence(session, actor, sequence_id)
            return await _views(session, actor, sequence_id=sequence_id)

    async def of_campaign(self, actor: Actor, campaign_id: int) -> list[ChatLinkView]:
        """The oldest first."""
        async with self._database.transaction() as session:
            await _campaign(session, actor, campaign_id)
            return await _views(session, actor, campaign_id=campaign_id)

    async def get(self, actor: Actor, link_id: int) -> ChatLinkView:
        async with self._database.transaction() as session:
            views = await _views(session, actor, id=link_id)
        if not views:
            raise NotFoundError("This link does not exist any more.")
        return views[0]

    async def create_for_sequence(self, actor: Actor, sequence_id: int, device_id: int) -> int:
        """Make a link by which people write to this device and join the sequence. Raises ConflictError."""
        actor.must_be(Role.OPERATOR)
        async with self._database.transaction() as session:
            sequence = await _sequence(session, actor, sequence_id)
            if sequence.status is SequenceStatus.ARCHIVED:
                raise ConflictError("This sequence is archived; nobody can join it any more.")
            return await self._create(session, actor, device_id, sequence_id=sequence_id)

    async def create_for_campaign(self, actor: Actor, campaign_id: int, device_id: int) -> int:
        """Make a link by which people write to this device and get the campaign. Raises ConflictError.

        A campaign stays open for as long as one of its links does.
        """
        actor.must_be(Role.OPERATOR)
        async with self._database.transaction() as session:
            campaign = await _campaign(session, actor, campaign_id)
            if campaign.status is CampaignStatus.DRAFT:
                raise ConflictError("Launch this campaign first: a link gives people what has been launched.")
            if campaign.status in OVER:
                raise ConflictError("This campaign is over. Clone it, launch the clone, and make a link for that.")
            return await self._create(session, actor, device_id, campaign_id=campaign_id)

    async def set_greeting(self, actor: Actor, link_id: int, words: str) -> None:
        """Set what people write by the link; its code is added. What is printed already keeps working."""
        words = check_greeting(words)
        async with self._changing(actor, link_id) as (session, link):
            link.greeting = f"{words} ({link.code})"
            actor.record(session, self._clock.now(), "chat_link.greeting", link_id)

    async def close(self, actor: Actor, link_id: int) -> None:
        """Nobody joins by it any more; what they write is an ordinary reply. Idempotent."""
        async with self._changing(actor, link_id) as (session, link):
            if link.closed_at is None:
                link.closed_at = self._clock.now()
                actor.record(session, link.closed_at, "chat_link.close", link_id)

    async def reopen(self, actor: Actor, link_id: int) -> None:
        async with self._changing(actor, link_id) as (session, link):
            if link.campaign_id is not None:
                campaign = await _campaign(session, actor, link.campaign_id)
                if campaign.status in OVER:
                    raise ConflictError("This campaign is over; clone it for those who still write in.")
            if link.closed_at is not None:
                link.closed_at = None
                actor.record(session, self._clock.now(), "chat_link.reopen", link_id)

    async def _create(
        self,
        session: Session,
        actor: Actor,
        device_id: int,
        *,
        sequence_id: int | None = None,
        campaign_id: int | None = None,
    ) -> int:
        device = await find_device(session, actor, device_id)
        if device.phone is None:
            raise ConflictError(f"The number of {device.name} is not known yet; pair it, then make a link to it.")
        code, now = new_code(), self._clock.now()
        link = ChatLink(
            workspace_id=actor.workspace_id,
            code=code,
            sequence_id=sequence_id,
            campaign_id=campaign_id,
            device_id=device_id,
            greeting=f"{GREETING} ({code})",
            created_by=actor.operator_id,
            created_at=now,
        )
        session.add(link)
        await session.flush()
        actor.record(session, now, "chat_link.create", link.id, device=device.name)
        return link.id

    @asynccontextmanager
    async def _changing(self, actor: Actor, link_id: int) -> AsyncIterator[tuple[Session, ChatLink]]:
        actor.must_be(Role.OPERATOR)
        query = select(ChatLink).where(ChatLink.id == link_id, ChatLink.workspace_id == actor.workspace_id)
        async with self._database.transaction() as session:
            link = await session.scalar(query.with_for_update())
            if link is None:
                raise NotFoundError("This link does not exist any more.")
            yield session, link


def new_code() -> str:
    """Make a code that is no word: it has a digit at least."""
    code = [secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)]
    code[secrets.randbelow(CODE_LENGTH)] = secrets.choice(_DIGITS)
    return "".join(code)


def codes_in(text: str) -> list[str]:
    """Find what may be the code of a link in what somebody wrote."""
    return _CODE.findall(text)


def without_codes(text: str) -> str:
    """What somebody wrote, but for what may be the code of a link."""
    return _CODE.sub(" ", text)


def check_greeting(words: str) -> str:
    """Clean up what people are to write. Raises InvalidInputError."""
    words = " ".join(words.replace("\0", "").split())
    if not words:
        raise InvalidInputError("Type what people are to write to you, such as “Hi! I would like the price list.”")
    if len(words) > LONGEST_GREETING:
        raise InvalidInputError(f"This has {len(words)} characters; at most {LONGEST_GREETING} fit into a link.")
    return words


def url_of(phone: str, greeting: str) -> str:
    """Write the link that opens a chat with a phone (E.164), the words ready to be sent.

    https://faq.whatsapp.com/5913398998672934
    """
    return f"https://wa.me/{phone.removeprefix('+')}?text={quote(greeting, safe='')}"


async def _views(session: Session, actor: Actor, **of: int) -> list[ChatLinkView]:
    about = {"id": None, "sequence_id": None, "campaign_id": None, **of}
    rows: Sequence[Any] = await session.rows(chat_link_store.VIEWS, {"workspace_id": actor.workspace_id, **about})
    return [
        ChatLinkView(
            row.id,
            url_of(row.phone or "", row.greeting),
            row.greeting,
            row.device,
            row.target,
            row.sequence_id,
            row.campaign_id,
            row.joined,
            row.created_at,
            row.closed_at,
        )
        for row in rows
    ]


async def _sequence(session: Session, actor: Actor, sequence_id: int) -> SequenceRow:
    query = select(SequenceRow).where(
        SequenceRow.id == sequence_id, SequenceRow.workspace_id == actor.workspace_id
    )
    sequence = await session.scalar(query.with_for_update(read=True))
    if sequence is None:
        raise NotFoundError("This sequence does not exist any more.")
    return sequence


async def _campaign(session: Session, actor: Actor, campaign_id: int) -> Campaign:
    query = select(Campaign).where(Campaign.id == campaign_id, Campaign.workspace_id == actor.workspace_id)
    campaign = await session.scalar(query.with_for_update(read=True))
    if campaign is None:
        raise NotFoundError("This campaign does not exist any more.")
    return campaign
