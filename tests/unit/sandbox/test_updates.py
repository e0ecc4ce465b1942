"""Updates reach the bot: by polls that wake up, or by its webhook; none is lost and none comes twice."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramConflictError
from aiogram.types import ChatMemberLeft, ChatMemberMember
from fastapi import FastAPI, Request, Response

from bot.sandbox.telegram import webhook as webhook_rules

from .conftest import GROUP, OPERATOR, Sandbox, eventually, running, serving

GO = {"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]}


async def test_a_waiting_poll_wakes_up_for_a_message(sandbox: Sandbox, bot: Bot):
    async with asyncio.TaskGroup() as group:
        poll = group.create_task(bot.get_updates(timeout=30))
        await eventually(lambda: sandbox.server._world.updates._poller)
        await sandbox.write("/menu now")
    (update,) = poll.result()
    assert update.message
    assert (update.message.text, update.message.chat.id) == ("/menu now", OPERATOR)
    assert update.message.from_user
    assert update.message.from_user.full_name == "Aisyah"
    assert [entity.type for entity in update.message.entities or []] == ["bot_command"]


async def test_updates_stay_until_they_are_confirmed(sandbox: Sandbox, bot: Bot):
    for text in ("one", "two", "three"):
        await sandbox.write(text)
    first = await bot.get_updates(limit=2)
    assert [u.message.text for u in first if u.message] == ["one", "two"]
    assert await bot.get_updates(limit=2) == first
    rest = await bot.get_updates(offset=first[-1].update_id + 1)
    assert [u.message.text for u in rest if u.message] == ["three"]
    assert [u.message.text for u in await bot.get_updates(offset=-1) if u.message] == ["three"]


async def test_a_poll_ends_with_nothing_after_its_time(bot: Bot):
    assert await bot.get_updates(timeout=1) == []


async def test_a_bot_that_hangs_up_leaves_no_poll_behind(sandbox: Sandbox, bot: Bot):
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    await eventually(lambda: sandbox.server._world.updates._poller)
    poll.cancel()
    await eventually(lambda: sandbox.server._world.updates._poller is None)


async def test_a_server_that_stops_lets_everyone_go(sandbox: Sandbox, bot: Bot):
    menu = await sandbox.call("sendMessage", chat_id=OPERATOR, text="x", reply_markup=GO)
    message_id = menu.json()["result"]["message_id"]
    async with asyncio.TaskGroup() as group:
        press = group.create_task(sandbox.act("press", chat_id=OPERATOR, message_id=message_id, data="go"))
        await eventually(lambda: sandbox.server._world.presses._pending)
        (update,) = await bot.get_updates()
        poll = group.create_task(bot.get_updates(offset=update.update_id + 1, timeout=30))
        await eventually(lambda: sandbox.server._world.updates._poller)
        events = sandbox.server.subscribe()
        sandbox.server.release()
    assert (press.result()["answered"], poll.result()) == (False, [])
    assert [event async for event in events] == []


async def test_of_two_pollers_the_older_is_sent_away(sandbox: Sandbox, bot: Bot):
    async def first_poll() -> None:
        with pytest.raises(
            TelegramConflictError, match="terminated by other getUpdates request; make sure that only"
        ):
            await bot.get_updates(timeout=30)

    async with asyncio.TaskGroup() as group:
        group.create_task(first_poll())
        await eventually(lambda: sandbox.server._world.updates._poller)
        assert await bot.get_updates(timeout=0) == []


async def test_only_the_kinds_it_asked_for(sandbox: Sandbox, bot: Bot):
    await bot.get_updates(allowed_updates=["callback_query"])
    await sandbox.write("unheard")
    await bot.get_updates(allowed_updates=[])
    await sandbox.write("heard")
    assert [u.message.text for u in await bot.get_updates() if u.message] == ["heard"]


async def test_an_edit_of_the_operator_is_told(sandbox: Sandbox, bot: Bot):
    written = await sandbox.write("Day 1\nHi")
    await sandbox.act("edit", chat_id=OPERATOR, message_id=written["message_id"], text="Day 1\nHello")
    await sandbox.act("edit", chat_id=OPERATOR, message_id=written["message_id"], text="Day 1\nHello")
    updates = await bot.get_updates()
    assert [u.event_type for u in updates] == ["message", "edited_message"]
    assert updates[-1].edited_message
    assert updates[-1].edited_message.text == "Day 1\nHello"


async def test_a_file_of_the_operator_reaches_the_bot(sandbox: Sandbox, bot: Bot):
    answer = await sandbox.people.post(
        "/sandbox/upload",
        data={"chat_id": OPERATOR, "caption": "My people"},
        files={"file": ("contacts.csv", b"name,phone\n", "text/csv")},
    )
    assert answer.json()["media"]["file_name"] == "contacts.csv"
    (update,) = await bot.get_updates()
    assert update.message
    assert update.message.document
    assert (update.message.caption, update.message.document.mime_type) == ("My people", "text/csv")
    content = await bot.download(update.message.document)
    assert content
    assert content.read() == b"name,phone\n"


async def test_joining_and_leaving_a_group(sandbox: Sandbox, bot: Bot):
    await sandbox.write("nobody listens", GROUP)
    await sandbox.act(f"groups/{GROUP}/bot", member=True)
    await sandbox.act(f"groups/{GROUP}/bot", member=True)
    await sandbox.write("/alerts", GROUP, user_id=4242)
    await sandbox.act(f"groups/{GROUP}/bot", member=False)
    joined, service, command, left = await bot.get_updates()
    assert joined.my_chat_member
    assert isinstance(joined.my_chat_member.old_chat_member, ChatMemberLeft)
    assert isinstance(joined.my_chat_member.new_chat_member, ChatMemberMember)
    assert joined.my_chat_member.chat.id == GROUP
    assert joined.my_chat_member.from_user.id == OPERATOR
    assert service.message
    assert [user.id for user in service.message.new_chat_members or []] == [bot.id]
    assert command.message
    assert command.message.from_user
    assert command.message.from_user.full_name == "User 4242"
    assert left.my_chat_member
    assert isinstance(left.my_chat_member.new_chat_member, ChatMemberLeft)
    services = [message["service"] for message in await sandbox.messages(GROUP)]
    assert services == [None, "dripdesk joined the group", None, "dripdesk left the group"]


async def test_the_bot_leaves_by_itself(sandbox: Sandbox, bot: Bot):
    await sandbox.act(f"groups/{GROUP}/bot", member=True)
    await bot.leave_chat(GROUP)
    assert [chat["bot_is_member"] for chat in (await sandbox.people.get("/sandbox/chats")).json()] == [
        True,
        False,
    ]


class Receiver:
    """A bot's webhook: keeps what it is given, and fails as often as told."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.received: list[tuple[str | None, str]] = []
        self.failures = 0


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    app = FastAPI()

    @app.post("/hook")
    async def hook(request: Request) -> Response:
        if receiver.failures:
            receiver.failures -= 1
            return Response(status_code=500)
        update = await request.json()
        secret = request.headers.get("x-telegram-bot-api-secret-token")
        receiver.received.append((secret, update["message"]["text"]))
        return Response()

    async with serving(app) as url:
        receiver = Receiver(f"{url}/hook")
        yield receiver


async def test_a_webhook_gets_what_waited_and_what_comes_with_its_secret(
    sandbox: Sandbox, bot: Bot, receiver: Receiver
):
    await sandbox.write("before")
    await bot.set_webhook(receiver.url, secret_token="s3cret")
    await sandbox.write("after")
    await eventually(lambda: len(receiver.received) == 2)
    assert receiver.received == [("s3cret", "before"), ("s3cret", "after")]
    with pytest.raises(TelegramConflictError, match="can't use getUpdates method while webhook is active"):
        await bot.get_updates()
    await bot.delete_webhook()
    await sandbox.write("polled")
    assert [u.message.text for u in await bot.get_updates() if u.message] == ["polled"]


async def test_a_webhook_that_fails_is_tried_again(
    sandbox: Sandbox, bot: Bot, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(webhook_rules, "RETRY_SECONDS", 0.01)
    receiver.failures = 2
    await bot.set_webhook(receiver.url)
    await sandbox.write("hello")
    await eventually(lambda: receiver.received)
    assert receiver.received == [(None, "hello")]
    info = await bot.get_webhook_info()
    assert info.last_error_message == "Wrong response from the webhook: 500 Internal Server Error"
    assert (info.url, info.pending_update_count) == (receiver.url, 0)


async def test_pending_updates_are_dropped_on_request(sandbox: Sandbox, bot: Bot):
    await sandbox.write("old")
    await bot.delete_webhook(drop_pending_updates=True)
    assert await bot.get_updates() == []


async def test_real_limits_when_switched_on(tmp_path: Path):
    async with running(tmp_path, limits=True) as sandbox:
        await sandbox.write("/start")
        answers = [await sandbox.call("sendMessage", chat_id=OPERATOR, text="x") for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 429]
        assert answers[1].json() == {
            "ok": False,
            "error_code": 429,
            "description": "Too Many Requests: retry after 1",
            "parameters": {"retry_after": 1},
        }
        await sandbox.act(f"groups/{GROUP}/bot", member=True)
        sent = [(await sandbox.call("sendMessage", chat_id=GROUP, text="x")).status_code for _ in range(21)]
        assert sent == [200] * 20 + [429]
