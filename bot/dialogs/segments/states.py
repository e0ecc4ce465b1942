from aiogram.fsm.state import State, StatesGroup


class Segments(StatesGroup):
    all = State()
    build = State()
    kind = State()
    interest = State()
    interest_how = State()
    list = State()
    list_how = State()
    attribute = State()
    comparison = State()
    value = State()
    sequence = State()
    sequence_how = State()
    contacted = State()
    replied = State()
    name = State()
    delete = State()
