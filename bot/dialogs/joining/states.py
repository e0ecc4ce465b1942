from aiogram.fsm.state import State, StatesGroup


class Joining(StatesGroup):
    who = State()
    interest = State()
    segment = State()
    find = State()
    review = State()
    pace = State()
    done = State()
