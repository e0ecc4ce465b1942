from aiogram.fsm.state import State, StatesGroup


class Home(StatesGroup):
    main = State()
    alerts = State()
    stop = State()
