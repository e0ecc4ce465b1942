from aiogram.fsm.state import State, StatesGroup


class NewCampaign(StatesGroup):
    """Started with nothing; with a list, {"list_id", "list_name"}; or with {"campaign_id"}, a draft to go on with.

    With {"campaign_id", "alone": True} only the window that it is started at is asked.
    """

    message = State()
    audience = State()
    interest = State()
    list = State()
    segment = State()
    devices = State()
    when = State()
