from aiogram_dialog.api.entities import Stack
from sqlalchemy import text

from bot.dialogs.home.states import Home
from bot.menus import MENUS


def test_menus_opened_in_one_second_are_told_apart(dispatcher):
    stack = Stack()
    assert len({stack.push(Home.main, None).id for _ in range(100)}) == 100


def widget_ids(keyboard):
    inner = getattr(keyboard, "buttons", ())
    return {keyboard.widget_id} | {found for button in inner for found in widget_ids(button)}


def test_two_quick_presses_do_not_answer_the_question_that_the_first_has_asked():
    """A press is for the window that stands: what says yes has an id that no other window of its menu has."""
    questions = 0
    for menu in MENUS:
        windows = list(getattr(menu, "windows", {}).values())
        for window in windows:
            ids = widget_ids(window.keyboard) - {None}
            if "keep" in ids:
                questions += 1
                answers = ids - {"keep", "back", "home"}
                others = {
                    found for other in windows if other is not window for found in widget_ids(other.keyboard)
                }
                assert not answers & others, f"{window.get_state()} is answered by what asks"
    assert questions > 8


async def test_a_second_press_on_back_keeps_the_screen(chat):
    await chat.press("📱 Devices")
    await chat.press_times("‹ Back", 2)
    assert "contacts" in chat.text
    assert "⛔ Stop everything" in chat.buttons


async def test_a_button_of_an_older_menu_shows_the_present_one(chat):
    old = chat.menu
    await chat.press("📱 Devices")
    await chat.say("/start")
    await chat.press_on(old, "👥 Contacts")
    assert chat.toast.text == "This menu has expired. Here is the present one."
    assert "⛔ Stop everything" in chat.buttons


async def test_a_menu_that_nobody_remembers_is_answered_with_a_fresh_one(chat, database):
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM dialog_states"))
    await chat.press("📱 Devices")
    assert chat.toast.text == "This menu has expired. Here is a fresh one."
    assert "⛔ Stop everything" in chat.buttons


async def test_buttons_work_after_a_restart(chat, container, bot, telegram, dispatcher):
    from bot.telegram import make_dispatcher
    from tests.dialogs.harness import Chat

    for menu in dispatcher.sub_routers:
        menu._parent_router = None
    again = Chat(await make_dispatcher(container), bot, telegram, chat.user.id)
    await again.press("📱 Devices")
    assert "No device yet" in again.text


async def test_a_stranger_gets_nothing(stranger_chat, telegram):
    for words in ("/start", "hello", "/start claim_guess"):
        await stranger_chat.say(words)
    assert [message for message in telegram.messages.values() if "Home" in (message.text or "")] == []


async def test_stop_everything_asks_first_and_is_undone_with_one_press(chat):
    await chat.press("⛔ Stop everything")
    await chat.press("Keep sending")
    await chat.press("⛔ Stop everything")
    await chat.press("⛔ Stop now")
    assert "Everything is stopped." in chat.text
    await chat.press("▶️ Resume everything")
    assert "Everything is stopped." not in chat.text
