from aiogram.fsm.state import State, StatesGroup


class NewPerson(StatesGroup):
    review = State()
    interest = State()
