from aiogram.fsm.state import State, StatesGroup


class NewSequence(StatesGroup):
    name = State()
    device = State()
    niche = State()
    weekends = State()
