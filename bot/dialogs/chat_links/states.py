from aiogram.fsm.state import State, StatesGroup


class ChatLinks(StatesGroup):
    all = State()
    device = State()
    link = State()
    greeting = State()
