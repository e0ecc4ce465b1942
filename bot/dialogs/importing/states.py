from aiogram.fsm.state import State, StatesGroup


class Import(StatesGroup):
    review = State()
    reading = State()
    sheet = State()
    separator = State()
    encoding = State()
    header = State()
    phone = State()
    names = State()
    niche_column = State()
    country = State()
    interest = State()
    attributes = State()
    card = State()
    undo = State()


class Imports(StatesGroup):
    recent = State()
