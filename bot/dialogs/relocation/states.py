from aiogram.fsm.state import State, StatesGroup


class Relocation(StatesGroup):
    choose = State()
    confirm = State()
