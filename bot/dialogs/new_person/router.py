"""Contact cards shared in the chat. It is asked before the menus are."""

from aiogram import F, Router
from aiogram.types import Message
from aiogram_dialog import DialogManager, ShowMode
from dishka import FromDishka
from dishka.integrations.aiogram import inject

from bot.dialogs.home.states import Home
from bot.dialogs.importing.router import no_window_waits_for_a_file
from bot.dialogs.new_person.handlers import open_typed
from engine.actor import Actor
from engine.contacts.entering import NewContacts

router = Router(name="shared contact cards")
router.message.filter(F.chat.type == "private", no_window_waits_for_a_file)


@router.message(F.contact)
@inject
async def take_card(
    message: Message, dialog_manager: DialogManager, actor: Actor, people: FromDishka[NewContacts]
) -> None:
    card = message.contact
    if card is None:
        return
    person = await people.read_card(
        actor, card.phone_number, " ".join(filter(None, (card.first_name, card.last_name)))
    )
    if not dialog_manager.has_context():  # Back needs somewhere to go
        await dialog_manager.start(Home.main, show_mode=ShowMode.NO_UPDATE)
    await open_typed(dialog_manager, person, show_mode=ShowMode.AUTO)
