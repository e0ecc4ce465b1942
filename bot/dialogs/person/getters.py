from typing import Any

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.navigation import when
from bot.dialogs.person.context import person_of, run_chosen
from bot.dialogs.person.wording import (
    attribute_words,
    entry_words,
    interest_words,
    next_words,
    obstacle_words,
    permission_words,
    run_words,
    short,
    zone_words,
)
from engine.actor import Actor
from engine.contacts.card import ContactCard, ContactCards, RunView
from engine.errors import NotFoundError
from engine.sequences.catalogue import SequenceCatalogue
from engine.sequences.moves import Moves
from models.enums import EnrolmentStatus, LeadStatus, SequenceStatus

LONGEST_NAME = 60
MOST_PAST = 3  # runs that are over, on the card
LATELY = 3
OPEN_TO_ALL = (SequenceStatus.ACTIVE, SequenceStatus.DRAFT, SequenceStatus.PAUSED)


def name_of(card: ContactCard) -> str:
    return short(card.name, LONGEST_NAME) or card.phone


def find_run(card: ContactCard, run_id: int) -> RunView:
    found = next((run for run in card.runs if run.id == run_id), None)
    if found is None:
        raise NotFoundError("This person is not in the sequence any more.")
    return found


@inject
async def get_person(
    dialog_manager: DialogManager, actor: Actor, cards: FromDishka[ContactCards], **_: Any
) -> dict[str, Any]:
    """Read what every window of this person names."""
    card = await cards.get(actor, person_of(dialog_manager))
    return {
        "card": card,
        "name": name_of(card),
        "zone": zone_words(card),
        "zone_known": card.time_zone is not None,
    }


@inject
async def get_interests(
    dialog_manager: DialogManager, actor: Actor, cards: FromDishka[ContactCards], **_: Any
) -> dict[str, Any]:
    card = await cards.get(actor, person_of(dialog_manager))
    dialog_manager.dialog_data["niches"] = [niche for niche, _ in card.interests]  # what a press on one means
    return {
        "name": name_of(card),
        "niches": [
            (short(niche, 30), number)
            for number, (niche, status) in enumerate(card.interests)
            if status is LeadStatus.PROSPECT
        ],
    }


@inject
async def get_card(
    dialog_manager: DialogManager, actor: Actor, cards: FromDishka[ContactCards], **_: Any
) -> dict[str, Any]:
    card = await cards.get(actor, person_of(dialog_manager))
    opened = [run for run in card.runs if run.is_open]
    past = [run for run in card.runs if not run.is_open]
    return {
        "card": card,
        "name": name_of(card),
        "permission": permission_words(card),
        "interests": interest_words(card),
        "attributes": attribute_words(card),
        "zone": zone_words(card),
        "runs": [_told(run, card) for run in opened],
        "past": [_told(run, card) for run in past[:MOST_PAST]],
        "lately": [entry_words(entry, card.now, card.team_zone) for entry in card.history.entries[:LATELY]],
        "labels": [(f"✉️ {short(run.sequence, 30)}", run.id) for run in _newest([*opened, *past])],
        "may_opt_out": not card.opted_out,
    }


def _newest(runs: list[RunView]) -> list[RunView]:
    """The one run of each sequence that something can be done about."""
    newest: dict[int, RunView] = {}
    for run in runs:
        newest.setdefault(run.sequence_id, run)
    return list(newest.values())


def _told(run: RunView, card: ContactCard) -> dict[str, Any]:
    return {
        "sequence": run.sequence,
        "where": run_words(run, card.now, card.team_zone),
        "next": next_words(run, card.now, card.team_zone),
        "why": _why_not(run, card),
    }


def _why_not(run: RunView, card: ContactCard) -> list[str]:
    upcoming = run.next
    if upcoming is None:
        return []
    return [obstacle_words(one, upcoming, run, card.now, card.team_zone) for one in upcoming.obstacles]


@inject
async def get_run(
    dialog_manager: DialogManager, actor: Actor, cards: FromDishka[ContactCards], **_: Any
) -> dict[str, Any]:
    card = await cards.get(actor, person_of(dialog_manager))
    run = find_run(card, run_chosen(dialog_manager))
    told = _told(run, card)
    verb = "Joins" if run.joined_at > card.now else "Joined"
    return {
        **told,
        "run": run,
        "name": name_of(card),
        "joined": f"{verb} {when(run.joined_at, card.now, card.team_zone)}",
        "active": run.status is EnrolmentStatus.ACTIVE,
        "paused": run.status is EnrolmentStatus.PAUSED,
        "open": run.is_open,
        "movable": run.sequence_status in {SequenceStatus.ACTIVE, SequenceStatus.PAUSED},
    }


@inject
async def get_history(
    dialog_manager: DialogManager, actor: Actor, cards: FromDishka[ContactCards], **_: Any
) -> dict[str, Any]:
    page = int(dialog_manager.dialog_data.get("page", 0))
    contact_id = person_of(dialog_manager)
    card = await cards.get(actor, contact_id)
    history = await cards.history(actor, contact_id, page)
    return {
        "name": name_of(card),
        "page": page,
        "lines": [entry_words(entry, card.now, card.team_zone) for entry in history.entries],
        "newer": page > 0,
        "older": history.more,
    }


@inject
async def get_sequences(actor: Actor, catalogue: FromDishka[SequenceCatalogue], **_: Any) -> dict[str, Any]:
    return {
        "labels": [
            (f"{short(sequence.name, 40)} · {status.value}", sequence.id)
            for status in OPEN_TO_ALL
            for sequence in await catalogue.list(actor, status)
        ]
    }


@inject
async def get_targets(
    dialog_manager: DialogManager,
    actor: Actor,
    cards: FromDishka[ContactCards],
    moves: FromDishka[Moves],
    **_: Any,
) -> dict[str, Any]:
    card = await cards.get(actor, person_of(dialog_manager))
    run_id = run_chosen(dialog_manager)
    marks = {(True, False): "✓ ", (False, True): "▸ ", (True, True): "▸ "}
    return {
        "name": name_of(card),
        "sequence": find_run(card, run_id).sequence,
        "labels": [
            (f"{marks.get((one.had, one.next), '')}{one.header} · {short(one.body, 24)}", one.step_id)
            for one in await moves.targets(actor, run_id)
        ],
    }


async def get_words(dialog_manager: DialogManager, **_: Any) -> dict[str, Any]:
    """Show what was foreseen when the question was asked; the answer acts on what is so then."""
    data = dialog_manager.dialog_data
    return {"words": data["words"], "name": data["name"], "sequence": data["sequence"], "moves": data["acts"]}
