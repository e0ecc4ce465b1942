from aiogram.fsm.state import State, StatesGroup


class Rehearsing(StatesGroup):
    number = State()
    result = State()
