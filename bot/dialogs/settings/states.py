from aiogram.fsm.state import State, StatesGroup


class Settings(StatesGroup):
    main = State()
