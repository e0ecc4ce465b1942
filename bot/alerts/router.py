"""What people do about alerts in Telegram: acknowledge, decide who asks to stop, add the bot to a group."""

from aiogram import Bot, F, Router
from aiogram.filters import JOIN_TRANSITION, LEAVE_TRANSITION, ChatMemberUpdatedFilter
from aiogram.types import CallbackQuery, ChatMemberUpdated
from dishka import FromDishka
from dishka.integrations.aiogram import inject

from bot.alerts.rendering import Acknowledge, Answer, Decide
from engine.actor import Actor
from engine.alerts import Alerts
from engine.contacts.stop_requests import StopRequests
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


@router.callback_query(Decide.filter())
@inject
async def decide(
    press: CallbackQuery, callback_data: Decide, actor: Actor, requests: FromDishka[StopRequests]
) -> None:
    """One tap: what is wrong with an opt-out too many is put right by START, with one too few by nobody."""
    if callback_data.answer is Answer.OPT_OUT:
        decided = await requests.opt_out(actor, callback_data.contact_id)
        told = "Opted out. Nothing more is sent to them."
    else:
        decided = await requests.keep(actor, callback_data.contact_id)
        told = "Kept. What pauses on a reply stays paused: resume it at their card."
    await press.answer(told if decided else "Already decided.")


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
