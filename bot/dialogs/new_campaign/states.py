from aiogram.fsm.state import State, StatesGroup


class NewCampaign(StatesGroup):
    """Started with nothing, or with {"campaign_id"}, a draft to go on with.

    Or with a list or a segment: {"whom": {"list_id" or "segment_id": …}, "whom_name"}.

    With {"campaign_id", "alone": True} only the window that it is started at is asked.
    """

    message = State()
    audience = State()
    interest = State()
    list = State()
    segment = State()
    devices = State()
    when = State()
