"""Somebody writes in by a click-to-chat link: they opt in by that, and join what the link is for."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from engine.actor import Actor
from engine.contacts import chat_link_store, inbox_store
from engine.sequences import joining
from engine.sequences.progress import load_targets
from engine.transactions import Session
from models.enums import Face, Role, SequenceStatus


async def write_in(
    session: Session, workspace_id: int, link: Any, inbound_id: int, phone: str, *, words: str, at: datetime
) -> None:
    """Take them into the book, keep their words as the evidence, and let them join, if they may.

    Whoever had opted out and writes in by a link of their own accord is in again, as with START. `link` has the
    columns of chat_link_store.OPEN_LINK.
    """
    await inbox_store.lift_suppression(session, workspace_id, phone)
    if link.sequence_id is not None:
        await session.rows(chat_link_store.LOCK_SEQUENCE, {"id": link.sequence_id})
    else:
        await session.rows(chat_link_store.LOCK_CAMPAIGN, {"id": link.campaign_id})
    about = {"workspace_id": workspace_id, "phone": phone, "device_id": link.device_id, "at": at}
    (contact,) = await session.rows(chat_link_store.KEEP_CONTACT, about)
    await session.rows(chat_link_store.OF_CONTACT, {"contact_id": contact.id, "id": inbound_id})
    evidence = {"workspace_id": workspace_id, "contact_id": contact.id, "evidence": words, "at": at}
    await session.rows(chat_link_store.OPT_IN, evidence)
    if link.sequence_id is not None:
        joined = await _join(session, workspace_id, link.sequence_id, contact.id, at)
    else:
        joined = bool(await _give(session, link, contact.id, at))
    if joined:
        await session.rows(chat_link_store.COUNT_JOINED, {"id": link.id})


async def find_link(session: Session, workspace_id: int, codes: Sequence[str]) -> Any | None:
    """Find the open link that one of these is the code of."""
    if not codes:
        return None
    about = {"workspace_id": workspace_id, "codes": list(codes)}
    return next(iter(await session.rows(chat_link_store.OPEN_LINK, about)), None)


async def _join(session: Session, workspace_id: int, sequence_id: int, contact_id: int, at: datetime) -> bool:
    for target in await load_targets(session, [sequence_id]):
        if target.status is SequenceStatus.ARCHIVED or not target.devices:
            continue
        chosen = await joining.choose(session, target, at, contact_ids=[contact_id])
        done = await joining.join(session, target, chosen, at)
        if done.runs:
            actor = Actor(workspace_id, Role.OPERATOR, Face.SYSTEM)
            actor.record(session, at, "sequence.join", sequence_id, joined=1, refused={}, by="link")
            return True
    return False


async def _give(session: Session, link: Any, contact_id: int, at: datetime) -> Sequence[Any]:
    about = {"campaign_id": link.campaign_id, "contact_id": contact_id, "device_id": link.device_id, "at": at}
    return await session.rows(chat_link_store.GIVE_CAMPAIGN, about)
