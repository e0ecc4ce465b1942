from aiogram.fsm.state import State, StatesGroup


class Replies(StatesGroup):
    list = State()
    card = State()
    answer = State()
