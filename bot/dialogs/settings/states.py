from aiogram.fsm.state import State, StatesGroup


class Settings(StatesGroup):
    main = State()
    limits = State()
    digest = State()
    replies = State()
    stop_words = State()
