from aiogram.fsm.state import State, StatesGroup


class Person(StatesGroup):
    card = State()
    history = State()
    permission = State()
    add = State()
    zone = State()
    customer = State()
    opt_out = State()
    run = State()
    resume = State()
    remove = State()
    move = State()
    confirm_move = State()
