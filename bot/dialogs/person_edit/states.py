from aiogram.fsm.state import State, StatesGroup


class PersonEdit(StatesGroup):
    main = State()
    name = State()
    interests = State()
    interest = State()
    attributes = State()
    attribute = State()
    permission = State()
    delete = State()
