from aiogram.fsm.state import State, StatesGroup


class Campaigns(StatesGroup):
    list = State()
    card = State()
    results = State()
    more = State()
    rename = State()
    delete = State()
    cancel = State()
