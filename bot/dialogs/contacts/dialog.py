"""Contacts: the book, the import of a dropped file, and adding a list to a sequence."""

from aiogram_dialog import Dialog, LaunchMode, Window
from aiogram_dialog.widgets.input import TextInput
from aiogram_dialog.widgets.kbd import Button, Group, Row, Select, Start, SwitchTo
from aiogram_dialog.widgets.text import Const, Format, Jinja

from bot.dialogs.contacts import getters, handlers, texts
from bot.dialogs.contacts.states import AddToSequence, Contacts, Import
from bot.dialogs.navigation import back_and_home, choices
from bot.dialogs.new_sequence.states import NewSequence
from bot.dialogs.segments.states import Segments

book = Dialog(
    Window(
        Jinja(texts.MAIN),
        Row(
            SwitchTo(Const("🔎 Find"), id="find", state=Contacts.find),
            SwitchTo(Const("📋 Lists"), id="lists", state=Contacts.lists),
            Start(Const("🧩 Segments"), id="segments", state=Segments.all),
        ),
        SwitchTo(Const("🚫 Opted out"), id="out", state=Contacts.opted_out),
        back_and_home(),
        state=Contacts.main,
        getter=getters.get_main,
    ),
    Window(
        Jinja(texts.FIND),
        choices("person", items="labels", on_click=handlers.open_person),
        TextInput(id="query", on_success=handlers.find),
        back_and_home(Contacts.main),
        state=Contacts.find,
        getter=getters.get_found,
    ),
    Window(
        Jinja(texts.LISTS),
        choices("list", items="labels", on_click=handlers.add_list_to_sequence),
        back_and_home(Contacts.main),
        state=Contacts.lists,
        getter=getters.get_lists,
    ),
    Window(
        Jinja(texts.OPTED_OUT),
        back_and_home(Contacts.main),
        state=Contacts.opted_out,
        getter=getters.get_opted_out,
    ),
)

importing = Dialog(
    Window(
        Jinja(texts.REVIEW),
        Group(
            Select(
                Format("{item[0]}"),
                id="source",
                item_id_getter=lambda item: item[1],
                items="sources",
                on_click=handlers.run_import,
            ),
            width=2,
            when="usable",
        ),
        SwitchTo(Format("🏷 Interest: {interest} ▸"), id="interest", state=Import.interest, when="usable"),
        Button(Const("Rejects as a file"), id="rejects", on_click=handlers.send_rejects, when="has_rejects"),
        back_and_home(),
        state=Import.review,
        getter=getters.get_review,
    ),
    Window(
        Jinja(texts.INTEREST),
        choices("niche", items="niches", on_click=handlers.choose_interest, label="🏷 {item[0]}"),
        Button(Format("{clear_label}"), id="none", on_click=handlers.clear_interest),
        TextInput(id="type_niche", on_success=handlers.type_interest),
        back_and_home(Import.review),
        state=Import.interest,
        getter=(getters.get_review, getters.get_niches),
    ),
    Window(
        Jinja("⏳ Importing {{ file.contacts|counted('contact') }}…"),
        state=Import.running,
        getter=getters.get_review,
    ),
    Window(
        Jinja(texts.IMPORTED),
        Button(Const("✉️ Add to a sequence"), id="add", on_click=handlers.add_import_to_sequence),
        Row(
            Button(Const("Rejects as a file"), id="rejects", on_click=handlers.send_rejects, when="has_rejects"),
            Start(Const("👥 Contacts"), id="contacts", state=Contacts.main),
        ),
        back_and_home(),
        state=Import.done,
        getter=getters.get_review,
    ),
    launch_mode=LaunchMode.SINGLE_TOP,  # a second file takes the place of the first
)

adding = Dialog(
    Window(
        Jinja(texts.ADD),
        choices("sequence", items="labels", on_click=handlers.choose_sequence),
        Start(Const("+ New sequence"), id="new", state=NewSequence.name),
        back_and_home(),
        state=AddToSequence.sequence,
        getter=getters.get_sequences,
    ),
    on_process_result=handlers.on_joined,
)

dialogs = (book, importing, adding)
