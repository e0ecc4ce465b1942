"""Contacts: the book, who is in it, and adding a list to a sequence."""

from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.input import TextInput
from aiogram_dialog.widgets.kbd import Button, Row, Start, SwitchTo
from aiogram_dialog.widgets.text import Const, Format, Jinja

from bot.dialogs.contacts import getters, handlers, texts
from bot.dialogs.contacts.states import AddToSequence, Contacts
from bot.dialogs.importing.states import Imports
from bot.dialogs.navigation import back_and_home, choices
from bot.dialogs.new_sequence.states import NewSequence
from bot.dialogs.opted_out.states import OptedOut
from bot.dialogs.replies.states import Replies
from bot.dialogs.segments.states import Segments

book = Dialog(
    Window(
        Jinja(texts.MAIN),
        Row(
            SwitchTo(Const("🔎 Find"), id="find", state=Contacts.find),
            SwitchTo(Const("➕ Add"), id="add", state=Contacts.add),
            Start(Const("📥 Import"), id="import", state=Imports.recent),
        ),
        Row(
            SwitchTo(Const("📋 Lists"), id="lists", state=Contacts.lists),
            Start(Const("🧩 Segments"), id="segments", state=Segments.all),
            Start(Const("🚫 Opted out"), id="out", state=OptedOut.main),
        ),
        Start(Const("💬 Replies"), id="replies", state=Replies.list),
        Button(Const("📄 Export all as CSV"), id="export", on_click=handlers.export, when="contacts"),
        TextInput(id="typed", on_success=handlers.take_words),
        back_and_home(),
        state=Contacts.main,
        getter=getters.get_main,
    ),
    Window(
        Jinja(texts.FIND),
        choices("person", items="labels", on_click=handlers.open_person),
        Button(Format("{add_label}"), id="add_found", on_click=handlers.add_found, when="addable"),
        TextInput(id="query", on_success=handlers.find),
        back_and_home(Contacts.main),
        state=Contacts.find,
        getter=getters.get_found,
    ),
    Window(
        Jinja(texts.ADD),
        TextInput(id="new_person", on_success=handlers.add_typed),
        back_and_home(Contacts.main),
        state=Contacts.add,
    ),
    Window(
        Jinja(texts.LISTS),
        choices("list", items="labels", on_click=handlers.open_list),
        back_and_home(Contacts.main),
        state=Contacts.lists,
        getter=getters.get_lists,
    ),
)

adding = Dialog(
    Window(
        Jinja(texts.TO_SEQUENCE),
        choices("sequence", items="labels", on_click=handlers.choose_sequence),
        Start(Const("+ New sequence"), id="new", state=NewSequence.name),
        back_and_home(),
        state=AddToSequence.sequence,
        getter=getters.get_sequences,
    ),
    on_process_result=handlers.on_joined,
)

dialogs = (book, adding)
