from aiogram.fsm.state import State, StatesGroup


class OneList(StatesGroup):
    card = State()
    rename = State()
    delete = State()
