from aiogram.fsm.state import State, StatesGroup


class Settings(StatesGroup):
    main = State()
    limits = State()
    digest = State()
    stop_words = State()
