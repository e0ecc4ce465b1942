from aiogram.fsm.state import State, StatesGroup


class Devices(StatesGroup):
    list = State()
    add = State()
    card = State()
    delays = State()
    remove = State()
