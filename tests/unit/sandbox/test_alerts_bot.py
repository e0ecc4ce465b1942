"""The same server under python-telegram-bot, in the alerts group."""

import asyncio

import pytest
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, InputMediaPhoto
from telegram.error import BadRequest, Conflict, Forbidden, RetryAfter
from telegram.ext import ExtBot

from .conftest import GROUP, OPERATOR, Sandbox, png

ACKNOWLEDGE = InlineKeyboardMarkup([[InlineKeyboardButton("Acknowledge", callback_data="ack")]])


async def test_an_alert_is_sent_edited_and_deleted(sandbox: Sandbox, alerts_bot: ExtBot[None]):
    alert = await alerts_bot.send_message(GROUP, "<b>Device 1</b> is down", "HTML", reply_markup=ACKNOWLEDGE)
    await alert.edit_text("<b>Device 1</b> is back", "HTML")
    shown = (await sandbox.messages(GROUP))[-1]
    assert (shown["html"], shown["buttons"]) == ("<b>Device 1</b> is back", [])
    await alert.delete()
    assert alert.message_id not in [message["message_id"] for message in await sandbox.messages(GROUP)]


async def test_files_go_both_ways(alerts_bot: ExtBot[None]):
    chart = await alerts_bot.send_photo(GROUP, png(3, 2), caption="chart")
    assert (chart.photo[-1].width, chart.photo[-1].height) == (3, 2)
    document = await alerts_bot.send_document(GROUP, b"a,b\n", filename="rejects.csv")
    assert document.document
    file = await document.document.get_file()
    assert bytes(await file.download_as_bytearray()) == b"a,b\n"
    video = await alerts_bot.send_video(GROUP, b"mp4", filename="a.mp4")
    assert video.video
    edited = await chart.edit_media(InputMediaPhoto(png(5, 5), caption="new"))
    assert edited is not True
    assert edited.photo[-1].width == 5
    assert len(await alerts_bot.send_media_group(GROUP, [InputMediaPhoto(png(n, n)) for n in (1, 2)])) == 2


async def test_errors_raise_its_exceptions(
    sandbox: Sandbox, alerts_bot: ExtBot[None], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PTB_TIMEDELTA", "1")
    with pytest.raises(BadRequest, match=r"(?i)message text is empty"):
        await alerts_bot.send_message(GROUP, " ")
    with pytest.raises(Forbidden, match="bot can't initiate conversation with a user"):
        await alerts_bot.send_message(OPERATOR, "x")
    sandbox.server.flood(retry_after=2)
    with pytest.raises(RetryAfter):
        await alerts_bot.send_message(GROUP, "x")
    await alerts_bot.set_webhook("http://127.0.0.1:9/")
    with pytest.raises(Conflict, match="webhook is active"):
        await alerts_bot.get_updates()


async def test_a_press_on_an_alert_is_answered(alerts_bot: ExtBot[None], sandbox: Sandbox):
    await alerts_bot.send_message(GROUP, "down", reply_markup=ACKNOWLEDGE)
    message_id = (await sandbox.messages(GROUP))[-1]["message_id"]
    async with asyncio.TaskGroup() as group:
        pressing = group.create_task(sandbox.act("press", chat_id=GROUP, message_id=message_id, data="ack"))
        query = None
        while query is None:
            updates = await alerts_bot.get_updates(timeout=5)
            query = updates[-1].callback_query
        assert query.from_user.id == OPERATOR
        assert query.message
        await query.answer("Acknowledged", show_alert=True)
    assert pressing.result() == {"answered": True, "text": "Acknowledged", "show_alert": True, "url": ""}


async def test_who_is_in_the_group(alerts_bot: ExtBot[None]):
    assert (await alerts_bot.get_chat_member(GROUP, alerts_bot.id)).status == "member"
    assert [member.user.id for member in await alerts_bot.get_chat_administrators(GROUP)] == [OPERATOR]
    assert (await alerts_bot.get_chat(GROUP)).title == "Alerts"
