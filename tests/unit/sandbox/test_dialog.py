"""An aiogram-dialog menu over HTTP: windows switch in place, from text to photo and back."""

import asyncio
from pathlib import Path
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.filters import CommandStart
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import ContentType, Message
from aiogram_dialog import Dialog, DialogManager, StartMode, Window, setup_dialogs
from aiogram_dialog.widgets.kbd import Button, SwitchTo
from aiogram_dialog.widgets.media import StaticMedia
from aiogram_dialog.widgets.text import Const, Format

from .conftest import OPERATOR, Sandbox, eventually, png


class Menu(StatesGroup):
    main = State()
    chart = State()


async def count(_call: Any, _button: Any, manager: DialogManager) -> None:
    manager.dialog_data["presses"] = manager.dialog_data.get("presses", 0) + 1


async def presses(dialog_manager: DialogManager, **_: Any) -> dict[str, int]:
    return {"presses": dialog_manager.dialog_data.get("presses", 0)}


async def test_a_menu_is_clicked_through(sandbox: Sandbox, bot: Bot, tmp_path: Path):
    picture = tmp_path / "chart.png"
    picture.write_bytes(png(320, 200))
    menu = Dialog(
        Window(
            Format("<b>Pressed {presses}</b>"),
            Button(Const("More"), id="more", on_click=count),
            SwitchTo(Const("Chart"), id="chart", state=Menu.chart),
            state=Menu.main,
            getter=presses,
        ),
        Window(
            StaticMedia(path=picture, type=ContentType.PHOTO),
            Const("The chart"),
            SwitchTo(Const("Back"), id="back", state=Menu.main),
            state=Menu.chart,
        ),
    )
    dispatcher = Dispatcher()
    dispatcher.include_router(menu)
    setup_dialogs(dispatcher)

    @dispatcher.message(CommandStart())
    async def start(_message: Message, dialog_manager: DialogManager) -> None:
        await dialog_manager.start(Menu.main, mode=StartMode.RESET_STACK)

    async def shown(text: str) -> Any:
        await eventually(lambda: sandbox.server.messages(OPERATOR)[-1].text == text)
        return (await sandbox.messages())[-1]

    async def press(message: Any, label: str) -> None:
        answer = await sandbox.act("press", chat_id=OPERATOR, message_id=message["message_id"], button=label)
        assert answer["answered"] is True

    polling = asyncio.create_task(
        dispatcher.start_polling(bot, handle_signals=False, close_bot_session=False, polling_timeout=10)
    )
    try:
        await sandbox.write("/start")
        main = await shown("Pressed 0")
        await press(main, "More")
        again = await shown("Pressed 1")
        assert again["message_id"] == main["message_id"]
        await press(again, "Chart")
        chart = await shown("The chart")
        assert (chart["message_id"], chart["media"]["width"]) == (main["message_id"], 320)
        await press(chart, "Back")
        assert (await shown("Pressed 1"))["media"] is None
    finally:
        await dispatcher.stop_polling()
        await polling
