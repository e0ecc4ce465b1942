from typing import Any

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.sequence_settings import wording
from bot.dialogs.sequences.context import sequence_of
from bot.dialogs.sequences.getters import label
from bot.dialogs.welcome.answers import COUNTRIES
from engine.actor import Actor
from engine.contacts.book import ContactBook
from engine.sequences.catalogue import SequenceCatalogue
from engine.sequences.settings import SequenceRules, SequenceSettings
from engine.workspaces import Workspaces
from models.enums import SequenceStatus

GOING_ON = (SequenceStatus.ACTIVE, SequenceStatus.PAUSED, SequenceStatus.DRAFT)


@inject
async def get_settings(
    dialog_manager: DialogManager,
    actor: Actor,
    catalogue: FromDishka[SequenceCatalogue],
    rules: FromDishka[SequenceRules],
    workspaces: FromDishka[Workspaces],
    **_: Any,
) -> dict[str, Any]:
    """Everything that these windows say, and the choices of each with a tick before what is set."""
    sequence_id = sequence_of(dialog_manager)
    settings, card = await rules.get(actor, sequence_id), await catalogue.card(actor, sequence_id)
    team = await workspaces.get(actor)
    rest = wording.rest_days(team.rest_days)
    country = COUNTRIES.get(team.country, team.country)
    return {
        "card": card,
        "settings": settings,
        "days": wording.days_words(settings, rest),
        "late": wording.LATE[settings.missed_policy],
        "window": wording.span(settings.late_window_minutes),
        "on_reply": wording.ON_REPLY[settings.on_reply],
        "again": wording.again(settings),
        "afterwards": await _afterwards(actor, catalogue, settings),
        "rest_label": f"{_tick(settings.skip_weekends)}Skip days of rest ({rest})",
        "holidays_label": f"{_tick(settings.skip_holidays)}Skip public holidays ({country})",
        "own_zone_label": f"{_tick(settings.use_contact_time_zone)}Each contact's own, where it is known",
        "team_zone": team.time_zone,
        "is_other_zone": settings.time_zone != team.time_zone,
        "auto_label": f"{_tick(settings.auto_enroll)}New leads of it join by themselves",
        "has_niche": settings.niche is not None,
        **{f"{name}_options": _options(settings, name) for name in wording.OPTIONS},
    }


@inject
async def get_niches(
    dialog_manager: DialogManager, actor: Actor, book: FromDishka[ContactBook], **_: Any
) -> dict[str, Any]:
    niches = await book.niches(actor)
    dialog_manager.dialog_data["niches"] = [one.niche for one in niches]  # what a press on one of them means
    return {"niches": [(label(one.niche, one.contacts), number) for number, one in enumerate(niches)]}


@inject
async def get_others(
    dialog_manager: DialogManager, actor: Actor, catalogue: FromDishka[SequenceCatalogue], **_: Any
) -> dict[str, Any]:
    here = sequence_of(dialog_manager)
    others = [one for status in GOING_ON for one in await catalogue.list(actor, status) if one.id != here]
    return {"others": [(f"{one.name[:40]} · {one.status.value}", one.id) for one in others]}


async def _afterwards(actor: Actor, catalogue: SequenceCatalogue, settings: SequenceSettings) -> str:
    if settings.next_sequence_id is None:
        return "it ends there"
    following = await catalogue.card(actor, settings.next_sequence_id)
    archived = " (archived: nobody goes on)" if following.status is SequenceStatus.ARCHIVED else ""
    return f"go on to {following.name}{archived}"


def _options(settings: SequenceSettings, name: str) -> list[tuple[str, int]]:
    return [
        (f"{_tick(wording.sets(settings, changes))}{text}", number)
        for number, (text, changes) in enumerate(wording.OPTIONS[name])
    ]


def _tick(is_set: bool) -> str:
    return "✓ " if is_set else ""
