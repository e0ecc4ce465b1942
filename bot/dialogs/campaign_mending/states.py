from aiogram.fsm.state import State, StatesGroup


class CampaignMending(StatesGroup):
    """Started with {"campaign_id"}."""

    revoke = State()
    correct = State()
    retry = State()
