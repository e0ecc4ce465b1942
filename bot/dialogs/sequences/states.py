from aiogram.fsm.state import State, StatesGroup


class Sequences(StatesGroup):
    list = State()
    card = State()
    delete = State()
