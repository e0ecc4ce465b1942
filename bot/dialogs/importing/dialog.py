"""Importing a file: what was read of it, what can be corrected, and how far it is; and the last imports."""

from aiogram_dialog import Dialog, LaunchMode, Window
from aiogram_dialog.widgets.input import TextInput
from aiogram_dialog.widgets.kbd import Button, Group, Row, Select, Start, SwitchTo
from aiogram_dialog.widgets.text import Const, Format, Jinja

from bot.dialogs.contacts.states import Contacts
from bot.dialogs.importing import getters, handlers, texts
from bot.dialogs.importing.states import Import, Imports
from bot.dialogs.navigation import back_and_home, choices, home, question, ticks
from bot.dialogs.permission import source_buttons
from bot.dialogs.welcome.getters import get_countries

review = Window(
    Jinja(texts.REVIEW),
    source_buttons(handlers.start, when="usable"),
    Group(
        Select(
            Format("{item[0]}"),
            id="policy",
            item_id_getter=lambda item: item[1],
            items="policies",
            on_click=handlers.choose_policy,
        ),
        width=2,
        when="has_known",
    ),
    Row(
        SwitchTo(Format("📱 {phone} ▸"), id="to_phone", state=Import.phone),
        Button(Format("👤 {name} ▸"), id="to_names", on_click=handlers.open_names),
    ),
    Row(
        SwitchTo(Format("🏷 Interest: {interest} ▸"), id="to_interest", state=Import.interest),
        SwitchTo(Format("📝 For all: {for_all} ▸"), id="to_attributes", state=Import.attributes),
    ),
    Row(
        SwitchTo(Format("↕️ Headers: {header} ▸"), id="to_header", state=Import.header),
        SwitchTo(Format("🌍 {country} ▸"), id="to_country", state=Import.country),
    ),
    SwitchTo(Format("📑 {sheet} ▸"), id="to_sheet", state=Import.sheet, when="has_sheets"),
    Row(
        SwitchTo(Format("▥ By {separator} ▸"), id="to_separator", state=Import.separator),
        SwitchTo(Format("🔤 {encoding} ▸"), id="to_encoding", state=Import.encoding),
        when="is_text",
    ),
    Button(Const("Rejects as a file"), id="rejects", on_click=handlers.send_rejects, when="has_rejects"),
    TextInput(id="type_evidence", on_success=handlers.take_evidence),
    back_and_home(),
    state=Import.review,
    getter=getters.get_review,
)

reading = Window(
    Const("⏳ Reading the file again …"),
    Row(SwitchTo(Const("⟳ Look"), id="look", state=Import.review), home()),
    state=Import.reading,
)

corrections = (
    Window(
        Jinja(texts.SHEET),
        choices("sheet", items="sheets", on_click=handlers.choose_sheet),
        back_and_home(Import.review),
        state=Import.sheet,
        getter=getters.get_review,
    ),
    Window(
        Jinja(texts.SEPARATOR),
        choices("separator", items="separators", on_click=handlers.choose_separator, width=2),
        back_and_home(Import.review),
        state=Import.separator,
        getter=getters.get_review,
    ),
    Window(
        Jinja(texts.ENCODING),
        choices("encoding", items="encodings", on_click=handlers.choose_encoding),
        back_and_home(Import.review),
        state=Import.encoding,
        getter=getters.get_review,
    ),
    Window(
        Jinja(texts.HEADER),
        choices("header", items="header_rows", on_click=handlers.choose_header, width=3),
        TextInput(id="type_header", on_success=handlers.type_header),
        back_and_home(Import.review),
        state=Import.header,
        getter=getters.get_review,
    ),
    Window(
        Jinja(texts.PHONE),
        choices("phone", items="phone_columns", on_click=handlers.choose_phone),
        back_and_home(Import.review),
        state=Import.phone,
        getter=getters.get_review,
    ),
    Window(
        Jinja(texts.NAMES),
        ticks("name_columns"),
        Button(Const("Use these ›"), id="names", on_click=handlers.choose_names),
        back_and_home(Import.review),
        state=Import.names,
        getter=getters.get_review,
    ),
    Window(
        Jinja(texts.NICHE_COLUMN),
        choices("niche_column", items="niche_columns", on_click=handlers.choose_niche_column),
        back_and_home(Import.interest),
        state=Import.niche_column,
        getter=getters.get_review,
    ),
    Window(
        Jinja(texts.COUNTRY),
        Group(
            Select(
                Format("{item[0]}"),
                id="country",
                item_id_getter=lambda item: item[1],
                items="countries",
                on_click=handlers.choose_country,
            ),
            width=2,
        ),
        TextInput(id="type_country", on_success=handlers.type_country),
        back_and_home(Import.review),
        state=Import.country,
        getter=(get_countries, getters.get_review),
    ),
)

of_the_whole = (
    Window(
        Jinja(texts.INTEREST),
        choices("niche", items="niches", on_click=handlers.choose_interest, label="🏷 {item[0]}"),
        Button(Format("{clear_label}"), id="none", on_click=handlers.clear_interest),
        SwitchTo(Format("▤ By column: {niche_column} ▸"), id="to_column", state=Import.niche_column),
        TextInput(id="type_niche", on_success=handlers.type_interest),
        back_and_home(Import.review),
        state=Import.interest,
        getter=(getters.get_review, getters.get_niches),
    ),
    Window(
        Jinja(texts.ATTRIBUTES),
        choices("attribute", items="labels", on_click=handlers.remove_attribute),
        TextInput(id="type_attribute", on_success=handlers.add_attribute),
        back_and_home(Import.review),
        state=Import.attributes,
        getter=getters.get_review,
    ),
)

card = Window(
    Jinja(texts.CARD),
    Row(
        Button(Const("📣 Campaign"), id="campaign", on_click=handlers.new_campaign),
        Button(Const("✉️ Start sequence"), id="sequence", on_click=handlers.add_to_sequence),
        when="joinable",
    ),
    Row(
        Button(Const("✖️ Cancel import"), id="cancel_import", on_click=handlers.cancel, when="running"),
        SwitchTo(Const("⟳ Refresh"), id="refresh", state=Import.card, when="moves"),
    ),
    Button(Const("▶️ Go on"), id="go_on", on_click=handlers.go_on, when="halted"),
    Row(
        Button(Const("Rejects as a file"), id="rejects", on_click=handlers.send_rejects, when="has_rejects"),
        SwitchTo(Const("↩️ Undo import"), id="ask_undo", state=Import.undo, when="undoable"),
    ),
    Start(Const("👥 Contacts"), id="contacts", state=Contacts.main, when="may_be_left"),
    back_and_home(),
    state=Import.card,
    getter=(getters.get_card, getters.get_time),
)

undo = question(
    texts.UNDO,
    Button(Const("↩️ Undo import"), id="undo", on_click=handlers.undo),
    "Keep it",
    state=Import.undo,
    back=Import.card,
    getter=getters.get_undo,
)

importing = Dialog(
    review,
    reading,
    *corrections,
    *of_the_whole,
    card,
    undo,
    launch_mode=LaunchMode.SINGLE_TOP,  # a second file takes the place of the first
)

recent = Dialog(
    Window(
        Jinja(texts.RECENT),
        choices("import", items="labels", on_click=handlers.open_import),
        back_and_home(),
        state=Imports.recent,
        getter=getters.get_recent,
    ),
)

dialogs = (importing, recent)
