from aiogram.types import CallbackQuery, Message
from aiogram_dialog import Data, DialogManager
from aiogram_dialog.widgets.input import MessageInput
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.builder.attachments import read_attachment
from bot.dialogs.builder.texts import text_of
from bot.dialogs.campaign_review.states import CampaignReview
from bot.dialogs.campaigns.context import about_campaign, campaign_of
from bot.dialogs.context import actor_of, bot_of
from bot.dialogs.formatting import counted, people
from engine.campaigns.correction import CampaignCorrections
from engine.campaigns.files import CampaignFiles
from engine.campaigns.retrying import CampaignRetries
from engine.campaigns.revoking import CampaignRevocations


@inject
async def revoke(
    callback: CallbackQuery, _button: Button, manager: DialogManager, revocations: FromDishka[CampaignRevocations]
) -> None:
    asked = await revocations.revoke(actor_of(manager), campaign_of(manager))
    await callback.answer(f"{counted(asked, 'message')} will be deleted, one after the other.")


@inject
async def take_correction(
    message: Message,
    _input: MessageInput,
    manager: DialogManager,
    *,
    files: FromDishka[CampaignFiles],
    corrections: FromDishka[CampaignCorrections],
) -> None:
    """Make a campaign of it to those who got the wrong one, and show what launching that would do."""
    actor = actor_of(manager)
    attachment = await read_attachment(bot_of(manager), message)
    content = await files.content(actor, text_of(message), attachment)
    correction = await corrections.draft(actor, campaign_of(manager), content)
    await manager.start(CampaignReview.review, data=about_campaign(correction, at=None))


async def on_result(_start_data: Data, result: object, manager: DialogManager) -> None:
    """Show the card of the correction that was launched; without a launch it waits under Drafts."""
    if isinstance(result, dict) and "launched" in result:
        await manager.done({"campaign_id": result["launched"]})
    else:
        await manager.done()


@inject
async def retry(
    callback: CallbackQuery, _button: Button, manager: DialogManager, retries: FromDishka[CampaignRetries]
) -> None:
    again = await retries.retry(actor_of(manager), campaign_of(manager))
    await callback.answer(f"{people(again).capitalize()} will be tried again.")
    await manager.done()
