"""Opted out: who is, looking for a number, bringing a list from elsewhere, taking it along."""

from aiogram.enums import ContentType
from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.input import MessageInput, TextInput
from aiogram_dialog.widgets.kbd import Button, Row, SwitchTo
from aiogram_dialog.widgets.link_preview import LinkPreview
from aiogram_dialog.widgets.text import Const, Jinja

from bot.dialogs.navigation import back_and_home, home
from bot.dialogs.opted_out import getters, handlers, texts
from bot.dialogs.opted_out.states import OptedOut

dialog = Dialog(
    Window(
        Jinja(texts.MAIN),
        LinkPreview(is_disabled=True),
        Button(Const("Show the latest"), id="all", on_click=handlers.show_all, when="query"),
        Row(
            SwitchTo(Const("📥 Import a list"), id="import", state=OptedOut.file),
            Button(Const("📤 Export"), id="export", on_click=handlers.send_list, when="any"),
        ),
        TextInput(id="query", on_success=handlers.look_for),
        back_and_home(),
        state=OptedOut.main,
        getter=getters.get_opted_out,
    ),
    Window(
        Jinja(texts.FILE),
        MessageInput(handlers.review_file, content_types=[ContentType.DOCUMENT]),
        back_and_home(OptedOut.main),
        state=OptedOut.file,
    ),
    Window(
        Jinja(texts.REVIEW),
        LinkPreview(is_disabled=True),
        MessageInput(handlers.review_file, content_types=[ContentType.DOCUMENT]),
        Row(
            Button(Const("🚫 Opt them out"), id="take", on_click=handlers.take, when="usable"),
            SwitchTo(Const("No"), id="keep", state=OptedOut.main),
        ),
        back_and_home(OptedOut.file),
        state=OptedOut.review,
        getter=getters.get_review,
    ),
    Window(Jinja(texts.RUNNING), home(), state=OptedOut.running, getter=getters.get_review),
)
