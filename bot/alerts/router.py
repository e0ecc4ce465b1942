"""What people do about alerts in Telegram: acknowledge one, add the bot to a group, remove it."""

from aiogram import Bot, F, Router
from aiogram.filters import JOIN_TRANSITION, LEAVE_TRANSITION, ChatMemberUpdatedFilter
from aiogram.types import CallbackQuery, ChatMemberUpdated
from dishka import FromDishka
from dishka.integrations.aiogram import inject

from bot.alerts.rendering import Acknowledge
from engine.actor import Actor
from engine.alerts import Alerts
from engine.errors import NotAllowedError
from engine.workspaces import Workspaces

router = Router(name="alerts")
router.my_chat_member.filter(F.chat.type != "private")  # there it says that a person blocked the bot


@router.callback_query(Acknowledge.filter())
@inject
async def acknowledge(
    press: CallbackQuery, callback_data: Acknowledge, actor: Actor, alerts: FromDishka[Alerts]
) -> None:
    alert = await alerts.acknowledge(actor, callback_data.alert_id)
    mine = alert.acknowledged_by == actor.operator_id
    await press.answer("Seen by you." if mine else "Already taken care of.")


@router.my_chat_member(ChatMemberUpdatedFilter(JOIN_TRANSITION))
@inject
async def added(
    event: ChatMemberUpdated, bot: Bot, actor: Actor | None, workspaces: FromDishka[Workspaces]
) -> None:
    """Only an owner decides where alerts go; from any other group the bot takes itself out, without a word."""
    if actor is None or not await _bind(workspaces, actor, event.chat.id):
        await bot.leave_chat(event.chat.id)
        return
    team = (await workspaces.get(actor)).name
    await bot.send_message(event.chat.id, f"Alerts of {team} will be posted here.", parse_mode=None)


@router.my_chat_member(ChatMemberUpdatedFilter(LEAVE_TRANSITION))
@inject
async def removed(event: ChatMemberUpdated, workspaces: FromDishka[Workspaces]) -> None:
    await workspaces.unbind_alerts_chat(event.chat.id)


async def _bind(workspaces: Workspaces, actor: Actor, chat_id: int) -> bool:
    try:
        await workspaces.bind_alerts_chat(actor, chat_id)
    except NotAllowedError:
        return False
    return True
