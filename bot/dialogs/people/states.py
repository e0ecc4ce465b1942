from aiogram.fsm.state import State, StatesGroup


class People(StatesGroup):
    list = State()
    resume_replied = State()
