from aiogram.fsm.state import State, StatesGroup


class Sequences(StatesGroup):
    list = State()
    card = State()
    people = State()
    delete = State()
    settings = State()


class NewSequence(StatesGroup):
    name = State()
    device = State()
    niche = State()
    weekends = State()
