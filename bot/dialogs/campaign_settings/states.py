from aiogram.fsm.state import State, StatesGroup


class CampaignSettings(StatesGroup):
    main = State()
    pace = State()
    window = State()
    late = State()
