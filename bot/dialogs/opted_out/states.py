from aiogram.fsm.state import State, StatesGroup


class OptedOut(StatesGroup):
    main = State()
    file = State()
    review = State()
    running = State()
