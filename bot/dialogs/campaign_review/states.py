from aiogram.fsm.state import State, StatesGroup


class CampaignReview(StatesGroup):
    """Started with {"campaign_id", "at"}: when it is to begin, in ISO form; None: now."""

    review = State()
