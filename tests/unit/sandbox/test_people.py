"""What people do on the page: every action a route, every refusal a sentence."""

import asyncio
from pathlib import Path

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BufferedInputFile, CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup

from bot.sandbox.telegram import presses

from .conftest import GROUP, OPERATOR, Sandbox, aiogram_bot, png, running

MENU = InlineKeyboardMarkup(
    inline_keyboard=[
        [InlineKeyboardButton(text="Pause", callback_data="pause:1")],
        [InlineKeyboardButton(text="Help", url="https://example.com/help")],
    ]
)


async def next_press(bot: Bot) -> CallbackQuery:
    (update,) = await bot.get_updates(timeout=5)
    await bot.get_updates(offset=update.update_id + 1)
    assert update.callback_query
    return update.callback_query.as_(bot)


async def test_a_press_waits_for_the_answer(sandbox: Sandbox, bot: Bot):
    menu = await bot.send_message(OPERATOR, "menu", reply_markup=MENU)
    async with asyncio.TaskGroup() as group:
        press = group.create_task(
            sandbox.act("press", chat_id=OPERATOR, message_id=menu.message_id, button="Pause")
        )
        query = await next_press(bot)
        assert query.data == "pause:1"
        assert query.message
        assert query.message.message_id == menu.message_id
        await query.answer("Paused")
    assert press.result() == {"answered": True, "text": "Paused", "show_alert": False, "url": ""}
    with pytest.raises(
        TelegramBadRequest, match="query is too old and response timeout expired or query ID is invalid"
    ):
        await query.answer("again")


async def test_a_press_that_nobody_answers_ends(sandbox: Sandbox, bot: Bot, monkeypatch: pytest.MonkeyPatch):
    assert presses.ANSWER_TIMEOUT == 10
    monkeypatch.setattr(presses, "ANSWER_TIMEOUT", 0.05)
    menu = await bot.send_message(OPERATOR, "menu", reply_markup=MENU)
    answer = await sandbox.act("press", chat_id=OPERATOR, message_id=menu.message_id, data="pause:1")
    assert answer["answered"] is False
    with pytest.raises(TelegramBadRequest, match="query is too old"):
        await (await next_press(bot)).answer()


async def test_a_link_button_needs_no_bot(sandbox: Sandbox, bot: Bot):
    menu = await bot.send_message(OPERATOR, "menu", reply_markup=MENU)
    answer = await sandbox.act("press", chat_id=OPERATOR, message_id=menu.message_id, button="Help")
    assert answer["url"] == "https://example.com/help"
    assert await bot.get_updates() == []


async def test_a_stranger_has_a_chat_of_their_own(sandbox: Sandbox, bot: Bot):
    await sandbox.write("/start", 4242, user_id=4242)
    (update,) = await bot.get_updates()
    assert update.message
    assert (update.message.chat.id, update.message.chat.first_name) == (4242, "User 4242")
    await bot.send_message(4242, "No.")
    chats = (await sandbox.people.get("/sandbox/chats")).json()
    assert [(chat["id"], chat["type"]) for chat in chats] == [
        (1001, "private"),
        (4242, "private"),
        (GROUP, "group"),
    ]
    assert chats[1]["last_message_id"] == (await sandbox.messages(4242))[-1]["message_id"]


async def test_a_paste_of_ten_thousand_letters_arrives_in_pieces(sandbox: Sandbox, bot: Bot):
    await sandbox.write("x" * 10_000)
    lengths = [len(update.message.text or "") for update in await bot.get_updates() if update.message]
    assert lengths == [4096, 4096, 1808]


async def test_text_with_markup_is_only_text(sandbox: Sandbox, bot: Bot):
    written = await sandbox.write("<b>{{name}}</b> & co")
    assert written["html"] == "&lt;b&gt;{{name}}&lt;/b&gt; &amp; co"
    (update,) = await bot.get_updates()
    assert update.message
    assert update.message.text == "<b>{{name}}</b> & co"


async def test_a_photo_by_the_operator(sandbox: Sandbox, bot: Bot):
    answer = await sandbox.people.post(
        "/sandbox/upload", data={"chat_id": OPERATOR, "as": "photo"}, files={"file": ("a.png", png(8, 6))}
    )
    media = answer.json()["media"]
    assert (media["kind"], media["width"], media["height"], media["mime_type"]) == (
        "photo",
        8,
        6,
        "image/png",
    )
    shown = await sandbox.people.get(f"/sandbox/files/{media['file_id']}")
    assert (shown.content, shown.headers["content-type"]) == (png(8, 6), "image/png")
    (update,) = await bot.get_updates()
    assert update.message
    assert update.message.photo


async def test_a_document_is_never_run_by_the_page(sandbox: Sandbox, bot: Bot):
    document = (await bot.send_document(OPERATOR, BufferedInputFile(b"<script>", "a.html"))).document
    assert document
    answer = await sandbox.people.get(f"/sandbox/files/{document.file_id}")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_message_is_deleted_by_a_person(sandbox: Sandbox, bot: Bot):
    written = await sandbox.write("oops")
    await sandbox.people.delete(f"/sandbox/chats/{OPERATOR}/messages/{written['message_id']}")
    assert written["message_id"] not in [message["message_id"] for message in await sandbox.messages()]


@pytest.mark.parametrize(
    ("route", "body", "code"),
    [
        ("message", {"chat_id": 1001, "text": "  "}, 422),
        ("message", {"chat_id": 1001, "text": "x", "user_id": 5}, 422),
        ("message", {"chat_id": -5, "text": "x"}, 404),
        ("message", {"chat_id": 1001, "text": "x", "reply_to_message_id": 99}, 404),
        ("edit", {"chat_id": 1001, "message_id": 99, "text": "x"}, 404),
        ("press", {"chat_id": 1001, "message_id": 99, "button": "x"}, 404),
        ("press", {"chat_id": 1001, "message_id": 99}, 422),
        ("groups/1001/bot", {"member": True}, 422),
        ("groups/-5/bot", {"member": True}, 404),
    ],
)
async def test_what_cannot_be_done_is_said(sandbox: Sandbox, route: str, body: dict[str, object], code: int):
    answer = await sandbox.people.post(f"/sandbox/{route}", json=body)
    assert answer.status_code == code
    assert answer.json()["detail"]


async def test_every_action_is_documented_and_the_bot_api_is_not_repeated_there(sandbox: Sandbox):
    paths = (await sandbox.people.get("/openapi.json")).json()["paths"]
    assert set(paths) == {
        "/sandbox/chats",
        "/sandbox/chats/{chat_id}/messages",
        "/sandbox/chats/{chat_id}/messages/{message_id}",
        "/sandbox/message",
        "/sandbox/upload",
        "/sandbox/edit",
        "/sandbox/press",
        "/sandbox/groups/{chat_id}/bot",
        "/sandbox/files/{file_id}",
    }


async def test_the_bots_own_words_cannot_be_edited_by_people(sandbox: Sandbox, bot: Bot):
    sent = await bot.send_message(OPERATOR, "x")
    answer = await sandbox.people.post(
        "/sandbox/edit", json={"chat_id": OPERATOR, "message_id": sent.message_id, "text": "y"}
    )
    assert answer.status_code == 409


async def test_open_pages_are_told_what_happens(sandbox: Sandbox, bot: Bot):
    with sandbox.server.subscribe() as events:
        written = await sandbox.write("hello")
        await bot.send_chat_action(OPERATOR, "typing")
        sent = await bot.send_message(OPERATOR, "one")
        await sent.edit_text("two")
        await sent.delete()
        await sandbox.act(f"groups/{GROUP}/bot", member=True)
        told = [await anext(events) for _ in range(7)]
    assert [event["type"] for event in told] == [
        "message", "typing", "message", "edited", "deleted", "chat", "message",
    ]  # fmt: skip
    assert told[0]["message"] == written
    assert told[3]["message"]["text"] == "two"
    assert told[4] == {"type": "deleted", "chat_id": OPERATOR, "message_id": sent.message_id}
    assert told[5]["chat"]["bot_is_member"] is True


async def test_a_page_that_does_not_read_is_cut_off(sandbox: Sandbox):
    events = sandbox.server.subscribe()
    for _ in range(1200):
        sandbox.server._world.feed.publish("typing", chat_id=OPERATOR)
    async with asyncio.timeout(5):
        assert len([event async for event in events]) == 1000


async def test_chats_files_and_the_queue_survive_a_restart(tmp_path: Path):
    async with running(tmp_path) as sandbox, aiogram_bot(sandbox.url) as bot:
        await sandbox.write("/start")
        sent = await bot.send_document(OPERATOR, BufferedInputFile(b"kept", "a.txt"), reply_markup=MENU)
        await bot.set_my_commands([{"command": "stop", "description": "Stop"}])
        before = await sandbox.messages()
        (waiting,) = await bot.get_updates()
    async with running(tmp_path) as sandbox, aiogram_bot(sandbox.url) as bot:
        assert await sandbox.messages() == before
        assert await bot.get_updates() == [waiting]
        assert sent.document
        content = await bot.download(sent.document)
        assert content
        assert content.read() == b"kept"
        assert len(await bot.get_my_commands()) == 1
        await bot.get_updates(offset=waiting.update_id + 1)
        later = await sandbox.write("later")
        assert later["message_id"] > sent.message_id
        assert (await bot.get_updates())[0].update_id == waiting.update_id + 1
