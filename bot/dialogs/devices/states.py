from aiogram.fsm.state import State, StatesGroup


class Devices(StatesGroup):
    list = State()
    card = State()
    why = State()
    delays = State()
    hourly = State()
    daily = State()
    ramp = State()
    remove = State()
    log_out = State()
    unlinking = State()
