from aiogram.fsm.state import State, StatesGroup


class Joining(StatesGroup):
    who = State()
