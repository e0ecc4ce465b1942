"""Joining by itself: a new lead joins the sequences of its niche in the transaction that makes it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.actor import Actor
from engine.sequences import joining, joining_store
from engine.sequences.joining import Refusal
from engine.sequences.progress import load_targets
from engine.transactions import Session


@dataclass(frozen=True, slots=True)
class NewLead:
    contact_id: int
    niche: str


@dataclass(frozen=True, slots=True)
class JoinedByItself:
    sequence_id: int
    name: str
    joined: int
    refusals: tuple[Refusal, ...]


async def open_to_new_leads(session: Session, workspace_id: int) -> Sequence[Any]:
    """Lock the sequences that new leads may join. To be called before any contact is locked."""
    return await session.rows(joining_store.OPEN_TO_NEW_LEADS, {"workspace_id": workspace_id})


async def join_new_leads(
    session: Session, actor: Actor, sequences: Sequence[Any], leads: Collection[NewLead], now: datetime
) -> list[JoinedByItself]:
    """Let each new lead join those of these sequences that are for its niche, by the rules for joining them."""
    by_niche: dict[str, list[int]] = {}
    for lead in leads:
        by_niche.setdefault(lead.niche.lower(), []).append(lead.contact_id)
    wanted = {row.id: row for row in sequences if row.niche.lower() in by_niche}
    joined = []
    for target in await load_targets(session, wanted) if wanted else ():
        if not target.devices:
            continue
        contacts = by_niche[wanted[target.id].niche.lower()]
        chosen = await joining.choose(session, target, now, contact_ids=contacts)
        done = await joining.join(session, target, chosen, now)
        report = JoinedByItself(target.id, wanted[target.id].name, len(done.runs), done.refusals)
        refused = dict(joining.by_reason(done.refusals))
        actor.record(
            session, now, "sequence.join", target.id, joined=report.joined, refused=refused, by="new leads"
        )
        joined.append(report)
    return joined
