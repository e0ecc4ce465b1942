from aiogram.fsm.state import State, StatesGroup


class CampaignText(StatesGroup):
    text = State()
    look = State()
