from datetime import datetime
from typing import Any

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.navigation import coming, when
from bot.dialogs.person.wording import exit_words, pause_words, short
from bot.dialogs.sequences.context import sequence_of
from engine.actor import Actor
from engine.clock import Clock
from engine.contacts.deleting import is_deleted
from engine.sequences.people import Person, SequencePeople, Tab
from engine.workspaces import Workspaces
from models.enums import MessageStatus, SequenceStatus

TABS = (
    (Tab.ACTIVE, "On their way"),
    (Tab.PAUSED, "Paused"),
    (Tab.COMPLETED, "Finished"),
    (Tab.EXITED, "Left"),
    (Tab.TROUBLE, "Failed"),
)
EMPTY = {
    Tab.ACTIVE: "Nobody is on their way. Add people with the button below.",
    Tab.PAUSED: "Nobody is paused. Who replies is paused, and listed here until you resume them.",
    Tab.COMPLETED: "Nobody has had all messages yet.",
    Tab.EXITED: "Nobody has left early.",
    Tab.TROUBLE: "No message failed, and none is unsure.",
}


@inject
async def get_people(
    dialog_manager: DialogManager,
    actor: Actor,
    people: FromDishka[SequencePeople],
    workspaces: FromDishka[Workspaces],
    clock: FromDishka[Clock],
    **_: Any,
) -> dict[str, Any]:
    data = dialog_manager.dialog_data
    tab, search, page = Tab(data.get("tab", Tab.ACTIVE)), data.get("search", ""), int(data.get("page", 0))
    found = await people.page(actor, sequence_of(dialog_manager), tab, search=search, page=page)
    now, zone = clock.now(), (await workspaces.get(actor)).time_zone
    draft = found.sequence_status is SequenceStatus.DRAFT
    return {
        "sequence": found.sequence,
        "tab_name": dict(TABS)[tab],
        "tabs": [(_tab_label(one, name, tab, found.counts), one.value) for one, name in TABS],
        "search": search,
        "people": [
            {"name": name_of(person), "told": "" if draft else told(person, tab, now, zone)}
            for person in found.people
        ],
        "draft": draft,
        "held": found.sequence_status is SequenceStatus.PAUSED,
        "empty": f"Nobody here matches “{short(search)}”." if search else EMPTY[tab],
        "page": page,
        "labels": [(short(name_of(person), 24), person.contact_id) for person in found.people],
        "newer": page > 0,
        "older": found.more,
        "searching": bool(search),
        "addable": found.sequence_status is not SequenceStatus.ARCHIVED,
        "replied": tab is Tab.PAUSED and found.replied > 1,
    }


def name_of(person: Person) -> str:
    if is_deleted(person.phone):
        return "somebody who was deleted"
    return short(person.name, 40) or person.phone


def told(person: Person, tab: Tab, now: datetime, zone: str) -> str:
    """Tell in a line where somebody is."""
    upcoming = f"{person.header} " if person.header else ""
    match tab:
        case Tab.ACTIVE if person.on_its_way:
            return f"{upcoming}is on its way"
        case Tab.ACTIVE if person.due_at is not None:
            return f"{upcoming}· {coming(person.due_at, now, zone)}"
        case Tab.ACTIVE:
            return "waits for a message to be written"
        case Tab.PAUSED:
            paused = pause_words(person.pause, person.paused_by, person.paused_at, now, zone)
            return f"{paused} · next {upcoming.strip()}" if upcoming else paused
        case Tab.TROUBLE:
            how = "not sure it arrived" if person.outcome is MessageStatus.UNKNOWN else "failed"
            return f"{upcoming}{how}: {short(person.error, 80)}" if person.error else f"{upcoming}{how}"
        case _:
            ended = when(person.ended_at, now, zone) if person.ended_at else ""
            return f"{exit_words(person.exit_reason)} {ended}".strip()


def _tab_label(tab: Tab, name: str, chosen: Tab, counts: dict[Tab, int]) -> str:
    count = counts.get(tab, 0)
    label = f"{name} {count:,}" if count else name
    return f"• {label}" if tab is chosen else label
