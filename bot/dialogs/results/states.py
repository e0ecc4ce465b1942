from aiogram.fsm.state import State, StatesGroup


class Results(StatesGroup):
    steps = State()
