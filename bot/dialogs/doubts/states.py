from aiogram.fsm.state import State, StatesGroup


class Doubts(StatesGroup):
    list = State()
    card = State()
