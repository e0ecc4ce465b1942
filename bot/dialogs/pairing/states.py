from aiogram.fsm.state import State, StatesGroup


class Pairing(StatesGroup):
    name = State()
    method = State()
    number = State()
    progress = State()


class PaceByAge(StatesGroup):
    age = State()
    pace = State()
