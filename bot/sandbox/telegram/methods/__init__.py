"""The Bot API methods, by their names in lower case: the real server does not mind the case either."""

from collections.abc import Awaitable, Callable
from typing import Any

from bot.sandbox.telegram.methods import chats, editing, files, sending, updates
from bot.sandbox.telegram.methods.call import Call
from bot.sandbox.telegram.world import World

Method = Callable[[World, Call], Awaitable[Any]]

METHODS: dict[str, Method] = {
    name.lower(): method
    for name, method in {
        "getMe": updates.get_me,
        "getUpdates": updates.get_updates,
        "setWebhook": updates.set_webhook,
        "deleteWebhook": updates.delete_webhook,
        "getWebhookInfo": updates.get_webhook_info,
        "setMyCommands": updates.set_my_commands,
        "getMyCommands": updates.get_my_commands,
        "deleteMyCommands": updates.delete_my_commands,
        "answerCallbackQuery": updates.answer_callback_query,
        "close": updates.close,
        "logOut": updates.close,
        "sendMessage": sending.send_message,
        "sendPhoto": sending.send_photo,
        "sendDocument": sending.send_document,
        "sendVideo": sending.send_video,
        "sendAudio": sending.send_audio,
        "sendAnimation": sending.send_animation,
        "sendMediaGroup": sending.send_media_group,
        "sendChatAction": sending.send_chat_action,
        "copyMessage": sending.copy_message,
        "editMessageText": editing.edit_message_text,
        "editMessageCaption": editing.edit_message_caption,
        "editMessageMedia": editing.edit_message_media,
        "editMessageReplyMarkup": editing.edit_message_reply_markup,
        "deleteMessage": editing.delete_message,
        "deleteMessages": editing.delete_messages,
        "getFile": files.get_file,
        "getChat": chats.get_chat,
        "getChatMember": chats.get_chat_member,
        "getChatAdministrators": chats.get_chat_administrators,
        "leaveChat": chats.leave_chat,
        "pinChatMessage": chats.pin_chat_message,
        "unpinChatMessage": chats.unpin_chat_message,
        "unpinAllChatMessages": chats.unpin_all_chat_messages,
    }.items()
}
