"""What is known of one person, to be changed."""

from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.input import TextInput
from aiogram_dialog.widgets.kbd import Button, Row, SwitchTo
from aiogram_dialog.widgets.link_preview import LinkPreview
from aiogram_dialog.widgets.text import Const, Jinja

from bot.dialogs.navigation import back_and_home, choices, question
from bot.dialogs.permission import source_buttons
from bot.dialogs.person_edit import getters, handlers, texts
from bot.dialogs.person_edit.states import PersonEdit

dialog = Dialog(
    Window(
        Jinja(texts.MAIN),
        LinkPreview(is_disabled=True),
        Row(
            SwitchTo(Const("✏️ Name"), id="to_name", state=PersonEdit.name),
            SwitchTo(Const("🏷 Interests"), id="to_interests", state=PersonEdit.interests),
        ),
        Row(
            SwitchTo(Const("📝 Attributes"), id="to_attributes", state=PersonEdit.attributes),
            SwitchTo(
                Const("✅ Permission"), id="to_permission", state=PersonEdit.permission, when="needs_permission"
            ),
        ),
        SwitchTo(Const("🗑 Delete"), id="ask_delete", state=PersonEdit.delete),
        back_and_home(),
        state=PersonEdit.main,
        getter=getters.get_person,
    ),
    Window(
        Jinja(texts.NAME),
        TextInput(id="type_name", on_success=handlers.rename),
        back_and_home(PersonEdit.main),
        state=PersonEdit.name,
        getter=getters.get_person,
    ),
    Window(
        Jinja(texts.INTERESTS),
        choices("niche", items="labels", on_click=handlers.open_interest, label="🏷 {item[0]}"),
        choices("other", items="others", on_click=handlers.add_known_interest, label="+ {item[0]}", width=2),
        TextInput(id="type_niche", on_success=handlers.add_interest),
        back_and_home(PersonEdit.main),
        state=PersonEdit.interests,
        getter=getters.get_interests,
    ),
    Window(
        Jinja(texts.INTEREST),
        Row(
            Button(Const("🤝 Customer"), id="customer", on_click=handlers.become_customer, when="prospect"),
            Button(Const("↩️ Prospect"), id="prospect", on_click=handlers.become_prospect, when="customer"),
            Button(Const("✖️ Remove"), id="remove_niche", on_click=handlers.remove_interest, when="theirs"),
        ),
        back_and_home(PersonEdit.interests),
        state=PersonEdit.interest,
        getter=getters.get_interest,
    ),
    Window(
        Jinja(texts.ATTRIBUTES),
        LinkPreview(is_disabled=True),
        choices("attribute", items="labels", on_click=handlers.open_attribute),
        TextInput(id="type_attribute", on_success=handlers.set_attribute),
        back_and_home(PersonEdit.main),
        state=PersonEdit.attributes,
        getter=getters.get_attributes,
    ),
    Window(
        Jinja(texts.ATTRIBUTE),
        LinkPreview(is_disabled=True),
        TextInput(id="type_value", on_success=handlers.set_value),
        Button(Const("✖️ Remove"), id="remove_attribute", on_click=handlers.remove_attribute),
        back_and_home(PersonEdit.attributes),
        state=PersonEdit.attribute,
        getter=getters.get_attribute,
    ),
    Window(
        Jinja(texts.PERMISSION),
        source_buttons(handlers.note_permission),
        TextInput(id="type_evidence", on_success=handlers.take_evidence),
        back_and_home(PersonEdit.main),
        state=PersonEdit.permission,
        getter=getters.get_permission,
    ),
    question(
        texts.DELETE,
        Button(Const("🗑 Delete"), id="delete", on_click=handlers.delete),
        "Keep them",
        state=PersonEdit.delete,
        back=PersonEdit.main,
        getter=getters.get_deletion,
    ),
)
