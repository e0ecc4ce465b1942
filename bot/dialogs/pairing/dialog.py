"""Adding a device: its name, how it is paired and how that goes, and the pace by the age of its number."""

from typing import Any

from aiogram.enums import ContentType
from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.input import MessageInput, TextInput
from aiogram_dialog.widgets.kbd import Button, Group, Row, Select, SwitchTo
from aiogram_dialog.widgets.kbd.select import OnItemClick
from aiogram_dialog.widgets.media import DynamicMedia
from aiogram_dialog.widgets.text import Const, Format, Jinja

from bot.dialogs.navigation import BACK, back_and_home, home
from bot.dialogs.pairing import getters, handlers, texts
from bot.dialogs.pairing.states import PaceByAge, Pairing
from bot.dialogs.rehearsal.handlers import rehearse_device


def _ages(on_click: OnItemClick[Any, str], when: str | None = None) -> Group:
    age: Select[str] = Select(
        Format("{item[0]}"), id="age", item_id_getter=lambda item: item[1], items="ages", on_click=on_click
    )
    return Group(age, width=2, when=when)


pairing = Dialog(
    Window(
        Jinja(texts.NAME),
        Button(Format("“{suggestion}”"), id="suggested", on_click=handlers.take_suggested, when="may_add"),
        TextInput(id="name", on_success=handlers.take_name),
        back_and_home(),
        state=Pairing.name,
        getter=getters.get_name,
    ),
    Window(
        Jinja(texts.METHOD),
        Button(Const("Code on this phone"), id="by_code", on_click=handlers.by_code),
        Button(Const("QR code"), id="by_qr", on_click=handlers.by_qr),
        Button(Const("Simulated device"), id="simulate", on_click=handlers.simulate, when="may_simulate"),
        Row(Button(BACK, id="back", on_click=handlers.leave_method), home()),
        state=Pairing.method,
        getter=getters.get_method,
    ),
    Window(
        Jinja(texts.NUMBER),
        TextInput(id="number", on_success=handlers.type_number),
        MessageInput(handlers.take_card, content_types=[ContentType.CONTACT]),
        Button(Format("Use {own}"), id="own", on_click=handlers.take_own, when="own"),
        back_and_home(Pairing.method),
        state=Pairing.number,
        getter=getters.get_number,
    ),
    Window(
        DynamicMedia("picture", when="picture"),
        Jinja(texts.PROGRESS),
        _ages(handlers.choose_age, when="asks_age"),
        Row(
            Button(Const("New code"), id="new_code", on_click=handlers.again, when="has_code"),
            Button(Const("Try again"), id="retry", on_click=handlers.again, when="may_retry"),
            Button(Const("QR instead"), id="to_qr", on_click=handlers.by_qr, when="to_qr"),
            Button(Const("Code instead"), id="to_code", on_click=handlers.by_code, when="to_code"),
        ),
        SwitchTo(Const("✏️ Another number"), id="number", state=Pairing.number, when="other_number"),
        Row(
            Button(Const("✖️ Stop pairing"), id="stop", on_click=handlers.stop, when="may_stop"),
            SwitchTo(Const("⟳ Refresh"), id="refresh", state=Pairing.progress),
        ),
        Row(
            Button(Const("🧪 Test to me"), id="test", on_click=rehearse_device),
            Button(Const("Pair another"), id="another", on_click=handlers.pair_another),
            when="may_test",
        ),
        Button(Const("📱 To the device"), id="to_device", on_click=handlers.close, when="to_device"),
        Button(Const("Done ›"), id="done", on_click=handlers.close, when="to_opener"),
        Row(SwitchTo(BACK, id="back", state=Pairing.method, when="may_go_back"), home()),
        state=Pairing.progress,
        getter=getters.get_progress,
    ),
    on_start=handlers.on_start,
    on_process_result=handlers.on_pace,
)

pace_by_age = Dialog(
    Window(
        Jinja(texts.AGE),
        _ages(handlers.look_at_pace),
        back_and_home(),
        state=PaceByAge.age,
        getter=getters.get_ages,
    ),
    Window(
        Jinja(texts.PACE),
        Row(
            Button(Const("✓ Use this pace"), id="take", on_click=handlers.take_pace),
            SwitchTo(Const("Another age"), id="ages", state=PaceByAge.age),
        ),
        back_and_home(),
        state=PaceByAge.pace,
        getter=getters.get_pace,
    ),
    on_start=handlers.on_pace_start,
)

dialogs = (pairing, pace_by_age)
