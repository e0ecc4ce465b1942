from aiogram.fsm.state import State, StatesGroup


class Contacts(StatesGroup):
    main = State()
    find = State()
    add = State()
    lists = State()
    opted_out = State()


class AddToSequence(StatesGroup):
    sequence = State()
