from typing import Any

from aiogram.types import CallbackQuery, Message
from aiogram_dialog import DialogManager
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.context import actor_of
from bot.dialogs.navigation import replace_with
from bot.dialogs.new_person.context import about_new, given
from bot.dialogs.new_person.states import NewPerson
from bot.dialogs.permission import source_of
from bot.dialogs.person.context import about_person
from bot.dialogs.person.states import Person
from engine.contacts.entering import Added, NewContacts, TypedPerson, clean_evidence
from engine.contacts.naming import clean_name
from engine.devices.registry import check_name
from models.enums import ConsentSource


async def open_typed(manager: DialogManager, person: TypedPerson, **start: Any) -> None:
    """Open the card of somebody who is known, else what adds them."""
    if person.contact_id is not None:
        await manager.start(Person.card, data=about_person(person.contact_id), **start)
    else:
        await manager.start(NewPerson.review, data=about_new(person), **start)


async def take_words(_message: Message, _input: Any, manager: DialogManager, text: str) -> None:
    """What is typed is their name while they have none, and what is known of their permission after that."""
    if given(manager)["name"]:
        manager.dialog_data["evidence"] = clean_evidence(text)
    else:
        manager.dialog_data["name"] = clean_name(text)


@inject
async def add(
    callback: CallbackQuery, _select: Any, manager: DialogManager, source: str, people: FromDishka[NewContacts]
) -> None:
    await _add(callback, manager, people, source_of(source))


@inject
async def add_opted_out(
    callback: CallbackQuery, _button: Button, manager: DialogManager, people: FromDishka[NewContacts]
) -> None:
    await _add(callback, manager, people, None)


async def _add(
    callback: CallbackQuery, manager: DialogManager, people: NewContacts, source: ConsentSource | None
) -> None:
    person = given(manager)
    added = await people.add(
        actor_of(manager),
        person["phone"],
        name=person["name"],
        niche=person["niche"],
        source=source,
        evidence=person["evidence"],
    )
    await callback.answer(_told(added))
    await replace_with(manager, Person.card, data=about_person(added.contact_id))


def _told(added: Added) -> str:
    if not added.created:
        return "They are in your contacts already."
    joined = ", ".join(one.name for one in added.by_themselves if one.joined)
    return f"Added. They have joined {joined} by themselves."[:200] if joined else "Added."


async def choose_interest(_callback: CallbackQuery, _select: Any, manager: DialogManager, number: int) -> None:
    manager.dialog_data["niche"] = manager.dialog_data["niches"][number]
    await manager.switch_to(NewPerson.review)


async def type_interest(_message: Message, _input: Any, manager: DialogManager, text: str) -> None:
    manager.dialog_data["niche"] = check_name(text, "interest")
    await manager.switch_to(NewPerson.review)


async def clear_interest(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    manager.dialog_data["niche"] = None
    await manager.switch_to(NewPerson.review)
