from aiogram.types import CallbackQuery, Message
from aiogram_dialog import DialogManager
from aiogram_dialog.widgets.input import MessageInput
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.builder.attachments import read_attachment
from bot.dialogs.builder.texts import text_of
from bot.dialogs.campaign_text.states import CampaignText
from bot.dialogs.campaigns.context import campaign_of
from bot.dialogs.context import actor_of, bot_of
from engine.campaigns.control import CampaignControl
from engine.campaigns.files import CampaignFiles


@inject
async def take_text(
    message: Message,
    _input: MessageInput,
    manager: DialogManager,
    files: FromDishka[CampaignFiles],
    control: FromDishka[CampaignControl],
) -> None:
    actor, campaign_id = actor_of(manager), campaign_of(manager)
    attachment = await read_attachment(bot_of(manager), message)
    content = await files.content(actor, text_of(message), attachment, instead_in=campaign_id)
    await control.fix_text(actor, campaign_id, content)
    await manager.switch_to(CampaignText.look)


@inject
async def go_on(
    callback: CallbackQuery, _button: Button, manager: DialogManager, control: FromDishka[CampaignControl]
) -> None:
    await control.resume(actor_of(manager), campaign_of(manager))
    await callback.answer("It goes on with the new text. Nobody gets it twice.")
    await manager.done()
