from aiogram.fsm.state import State, StatesGroup


class Sequences(StatesGroup):
    list = State()
    card = State()
    more = State()
    delete = State()
