from aiogram.fsm.state import State, StatesGroup


class Welcome(StatesGroup):
    country = State()
    time_zone = State()
    quiet_hours = State()
