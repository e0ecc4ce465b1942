from aiogram.fsm.state import State, StatesGroup


class SequenceSettings(StatesGroup):
    main = State()
