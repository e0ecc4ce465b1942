from aiogram.fsm.state import State, StatesGroup


class Launch(StatesGroup):
    review = State()
