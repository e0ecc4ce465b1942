from aiogram.fsm.state import State, StatesGroup


class SequenceSettings(StatesGroup):
    main = State()
    days = State()
    late = State()
    reply = State()
    again = State()
    zone = State()
    time = State()
    interest = State()
    afterwards = State()
    devices = State()
