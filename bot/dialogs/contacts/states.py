from aiogram.fsm.state import State, StatesGroup


class Contacts(StatesGroup):
    main = State()
    find = State()
    lists = State()


class Import(StatesGroup):
    review = State()
    interest = State()
    running = State()
    done = State()


class AddToSequence(StatesGroup):
    sequence = State()
