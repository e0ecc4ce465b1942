"""Messages from the bot, sent by aiogram."""

import pytest
from aiogram import Bot
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramNotFound,
    TelegramRetryAfter,
)
from aiogram.types import (
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    Message,
    ReplyParameters,
)

from bot.sandbox.telegram import media as media_rules

from .conftest import GROUP, OPERATOR, Sandbox, png


def keyboard(*labels: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text=x, callback_data=x)] for x in labels])


async def test_a_formatted_message_arrives_on_the_page_and_comes_back_with_its_entities(
    sandbox: Sandbox, bot: Bot
):
    sent = await bot.send_message(OPERATOR, "😀 <b>Hello <i>there</i></b>", reply_markup=keyboard("Go"))
    assert sent.text == "😀 Hello there"
    assert sent.html_text == "😀 <b>Hello <i>there</i></b>"
    shown = (await sandbox.messages())[-1]
    assert shown["html"] == "😀 <b>Hello <i>there</i></b>"
    assert shown["from"] == {"id": bot.id, "name": "dripdesk", "is_bot": True}
    assert shown["buttons"] == [[{"label": "Go", "kind": "callback", "data": "Go", "url": None}]]


async def test_a_message_is_edited_in_place_and_deleted(sandbox: Sandbox, bot: Bot):
    sent = await bot.send_message(OPERATOR, "one", reply_markup=keyboard("Go"))
    edited = await sent.edit_text("two")
    assert isinstance(edited, Message)
    assert (edited.message_id, edited.text, edited.reply_markup) == (sent.message_id, "two", None)
    await sent.edit_reply_markup(reply_markup=keyboard("Back"))
    shown = (await sandbox.messages())[-1]
    assert (shown["text"], shown["edited"], shown["buttons"][0][0]["label"]) == ("two", True, "Back")
    await sent.delete()
    assert sent.message_id not in [message["message_id"] for message in await sandbox.messages()]


async def test_a_photo_has_its_real_size_and_downloads_as_it_was(bot: Bot):
    content = png(640, 480)
    sent = await bot.send_photo(OPERATOR, BufferedInputFile(content, "chart.png"), caption="<b>Chart</b>")
    assert sent.photo
    assert (sent.photo[-1].width, sent.photo[-1].height, sent.photo[-1].file_size) == (640, 480, len(content))
    assert sent.caption == "Chart"
    downloaded = await bot.download(sent.photo[-1].file_id)
    assert downloaded
    assert downloaded.read() == content


async def test_a_jpeg_tells_its_size(bot: Bot):
    app_segment = b"\xff\xe0" + (16).to_bytes(2) + bytes(14)
    frame = b"\xff\xc0" + (17).to_bytes(2) + b"\x08" + (300).to_bytes(2) + (400).to_bytes(2) + bytes(10)
    sent = await bot.send_photo(OPERATOR, BufferedInputFile(b"\xff\xd8" + app_segment + frame, "p.jpg"))
    assert sent.photo
    assert (sent.photo[-1].width, sent.photo[-1].height) == (400, 300)


async def test_documents_videos_audio_and_animations_keep_name_and_type(bot: Bot):
    document = (await bot.send_document(OPERATOR, BufferedInputFile(b"a,b\n", "rejects.csv"))).document
    video = (await bot.send_video(OPERATOR, BufferedInputFile(b"v", "a.mp4"), width=4, height=3, duration=2)).video
    audio = (await bot.send_audio(OPERATOR, BufferedInputFile(b"a", "a.mp3"), duration=9)).audio
    animation = (await bot.send_animation(OPERATOR, BufferedInputFile(b"g", "a.mp4"))).animation
    assert document
    assert (document.file_name, document.mime_type) == ("rejects.csv", "text/csv")
    assert video
    assert (video.mime_type, video.width, video.height, video.duration) == ("video/mp4", 4, 3, 2)
    assert audio
    assert (audio.mime_type, audio.duration) == ("audio/mpeg", 9)
    assert animation


async def test_a_file_is_sent_again_by_its_id(bot: Bot):
    first = (await bot.send_document(OPERATOR, BufferedInputFile(b"x", "a.txt"))).document
    assert first
    again = (await bot.send_document(OPERATOR, first.file_id)).document
    assert again == first
    with pytest.raises(TelegramBadRequest, match="can't use file of type Document as Photo"):
        await bot.send_photo(OPERATOR, first.file_id)
    with pytest.raises(TelegramBadRequest, match="wrong file identifier/HTTP URL specified"):
        await bot.send_photo(OPERATOR, "https://example.com/a.png")


async def test_a_text_becomes_a_photo_and_a_photo_another_photo(sandbox: Sandbox, bot: Bot):
    sent = await bot.send_message(OPERATOR, "text")
    await sent.edit_media(InputMediaPhoto(media=BufferedInputFile(png(1, 1), "a.png"), caption="<i>one</i>"))
    await sent.edit_media(InputMediaPhoto(media=BufferedInputFile(png(2, 2), "b.png"), caption="two"))
    await sent.edit_caption(caption="three")
    shown = (await sandbox.messages())[-1]
    assert (shown["message_id"], shown["text"], shown["media"]["width"]) == (sent.message_id, "three", 2)
    with pytest.raises(TelegramBadRequest, match="there is no text in the message to edit"):
        await sent.edit_text("four")


async def test_an_album_is_several_messages_of_one_group(bot: Bot):
    items = [
        InputMediaPhoto(media=BufferedInputFile(png(1, 1), "a.png"), caption="first"),
        InputMediaDocument(media=BufferedInputFile(b"x", "b.txt")),
    ]
    album = await bot.send_media_group(OPERATOR, items)
    assert [message.caption for message in album] == ["first", None]
    assert len({message.media_group_id for message in album}) == 1


async def test_a_message_is_copied_with_its_media(sandbox: Sandbox, bot: Bot):
    original = await bot.send_photo(OPERATOR, BufferedInputFile(png(1, 1), "a.png"), caption="<b>x</b>")
    copy = await bot.copy_message(OPERATOR, OPERATOR, original.message_id)
    shown = (await sandbox.messages())[-1]
    assert (shown["message_id"], shown["html"], shown["media"]["kind"]) == (
        copy.message_id,
        "<b>x</b>",
        "photo",
    )


async def test_a_reply_names_what_it_answers(bot: Bot):
    first = await bot.send_message(OPERATOR, "first")
    reply = await bot.send_message(OPERATOR, "re", reply_parameters=ReplyParameters(message_id=first.message_id))
    assert reply.reply_to_message
    assert reply.reply_to_message.text == "first"
    with pytest.raises(TelegramBadRequest, match="message to be replied not found"):
        await bot.send_message(OPERATOR, "re", reply_parameters=ReplyParameters(message_id=999))


async def test_commands_are_kept_per_scope(bot: Bot):
    await bot.set_my_commands([{"command": "stop", "description": "Stop everything"}])
    assert [command.command for command in await bot.get_my_commands()] == ["stop"]
    assert await bot.get_my_commands(language_code="ms") == []
    await bot.delete_my_commands()
    assert await bot.get_my_commands() == []


async def test_a_pinned_message_is_found_in_its_chat(bot: Bot):
    sent = await bot.send_message(OPERATOR, "look")
    await bot.pin_chat_message(OPERATOR, sent.message_id)
    pinned = (await bot.get_chat(OPERATOR)).pinned_message
    assert pinned
    assert pinned.message_id == sent.message_id
    await bot.unpin_chat_message(OPERATOR)
    assert (await bot.get_chat(OPERATOR)).pinned_message is None


class TestRefusals:
    """Bad calls get the code and the words of the real server."""

    async def test_an_edit_that_changes_nothing(self, bot: Bot):
        sent = await bot.send_message(OPERATOR, "<b>x</b>", reply_markup=keyboard("Go"))
        with pytest.raises(TelegramBadRequest) as refusal:
            await sent.edit_text("<b>x</b>", reply_markup=keyboard("Go"))
        assert refusal.value.message == (
            "Bad Request: message is not modified: specified new message content and reply markup are"
            " exactly the same as a current content and reply markup of the message"
        )

    async def test_a_photo_replaced_by_itself(self, bot: Bot):
        content = BufferedInputFile(png(1, 1), "a.png")
        sent = await bot.send_photo(OPERATOR, content)
        with pytest.raises(TelegramBadRequest, match="message is not modified"):
            await sent.edit_media(InputMediaPhoto(media=content))

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (" ", "message text is empty"),
            ("<b></b>", "message text is empty"),
            ("x" * 4097, "message is too long"),
            ("😀" * 2049, "message is too long"),
            ("Dear <foo>", 'can\'t parse entities: Unsupported start tag "foo" at byte offset 5'),
        ],
    )  # fmt: skip
    async def test_a_bad_text(self, bot: Bot, text: str, words: str):
        with pytest.raises(TelegramBadRequest) as refusal:
            await bot.send_message(OPERATOR, text)
        assert refusal.value.message == f"Bad Request: {words}"

    async def test_lengths_count_after_parsing(self, bot: Bot):
        await bot.send_message(OPERATOR, "<b>" + "&amp;" * 4096 + "</b>")

    async def test_a_long_caption(self, bot: Bot):
        with pytest.raises(TelegramBadRequest, match="message caption is too long"):
            await bot.send_photo(OPERATOR, BufferedInputFile(png(1, 1), "a.png"), caption="x" * 1025)

    async def test_too_much_callback_data(self, bot: Bot):
        for data, fits in (("x" * 64, True), ("é" * 33, False)):
            markup = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Go", callback_data=data)]])
            if fits:
                await bot.send_message(OPERATOR, "x", reply_markup=markup)
            else:
                with pytest.raises(TelegramBadRequest, match="Bad Request: BUTTON_DATA_INVALID"):
                    await bot.send_message(OPERATOR, "x", reply_markup=markup)

    async def test_messages_that_are_gone_or_not_the_bots(self, sandbox: Sandbox, bot: Bot):
        theirs = (await sandbox.write("mine"))["message_id"]
        with pytest.raises(TelegramBadRequest, match="message to edit not found"):
            await bot.edit_message_text("x", chat_id=OPERATOR, message_id=999)
        with pytest.raises(TelegramBadRequest, match="message can't be edited"):
            await bot.edit_message_text("x", chat_id=OPERATOR, message_id=theirs)
        with pytest.raises(TelegramBadRequest, match="message to delete not found"):
            await bot.delete_message(OPERATOR, 999)
        assert await bot.delete_messages(OPERATOR, [999, theirs])
        assert theirs not in [message["message_id"] for message in await sandbox.messages()]

    async def test_a_picture_that_is_none(self, bot: Bot):
        with pytest.raises(TelegramBadRequest, match="IMAGE_PROCESS_FAILED"):
            await bot.send_photo(OPERATOR, BufferedInputFile(b"%PDF-1.7", "a.png"))
        with pytest.raises(TelegramBadRequest, match="file must be non-empty"):
            await bot.send_document(OPERATOR, BufferedInputFile(b"", "a.txt"))

    async def test_files_above_the_limits(self, bot: Bot, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("bot.sandbox.telegram.methods.files.MAX_DOWNLOAD", 10)
        monkeypatch.setattr("bot.sandbox.telegram.methods.files.MAX_UPLOAD", 20)
        document = (await bot.send_document(OPERATOR, BufferedInputFile(b"x" * 11, "a"))).document
        assert document
        with pytest.raises(TelegramBadRequest, match="Bad Request: file is too big"):
            await bot.get_file(document.file_id)
        with pytest.raises(TelegramEntityTooLarge):
            await bot.send_document(OPERATOR, BufferedInputFile(b"x" * 21, "a"))
        assert (media_rules.MAX_DOWNLOAD, media_rules.MAX_UPLOAD) == (20 << 20, 50 << 20)

    async def test_chats_where_the_bot_may_not_write(self, sandbox: Sandbox, bot: Bot):
        with pytest.raises(TelegramBadRequest, match="chat not found"):
            await bot.send_message(777, "x")
        with pytest.raises(TelegramForbiddenError, match="bot is not a member of the group chat"):
            await bot.send_message(GROUP, "x")

    async def test_someone_who_never_wrote(self, sandbox: Sandbox):
        answer = await sandbox.call("sendMessage", chat_id=OPERATOR, text="x")
        assert answer.status_code == 403
        assert answer.json()["description"] == "Forbidden: bot can't initiate conversation with a user"

    async def test_a_wrong_token_and_a_wrong_method(self, sandbox: Sandbox, bot: Bot):
        wrong = await sandbox.call("getMe", token="1:x")
        assert (wrong.status_code, wrong.json()["description"]) == (401, "Unauthorized")
        with pytest.raises(TelegramNotFound):
            await bot.send_dice(OPERATOR)

    async def test_a_flood(self, sandbox: Sandbox, bot: Bot):
        sandbox.server.flood("sendMessage", retry_after=7, times=2)
        for _ in range(2):
            with pytest.raises(TelegramRetryAfter) as refusal:
                await bot.send_message(OPERATOR, "x")
            assert refusal.value.retry_after == 7
        await bot.send_message(OPERATOR, "x")
