from aiogram.fsm.state import State, StatesGroup


class Builder(StatesGroup):
    plan = State()
    step = State()
    text = State()
    time = State()
    copy = State()
    remove = State()
    replace = State()
    review = State()
    add_day = State()
    add_time = State()
    add_content = State()
