from datetime import datetime
from typing import Any

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.campaign_review import wording
from bot.dialogs.campaigns.context import campaign_of
from bot.dialogs.formatting import to_telegram_html
from engine.actor import Actor
from engine.campaigns.review import CampaignReviews
from models.enums import Role

FIRST_ONES = 10
LONGEST_SAMPLE = 350  # characters; three of them and the rest fit into one message


@inject
async def get_review(
    dialog_manager: DialogManager, actor: Actor, reviews: FromDishka[CampaignReviews], **_: Any
) -> dict[str, Any]:
    at = start_of(dialog_manager)
    review = await reviews.review(actor, campaign_of(dialog_manager), at=at)
    may_launch = actor.role is not Role.VIEWER and not review.missing and review.gets > 0
    return {
        "name": review.name,
        "who": wording.who(review),
        "times": wording.times(review),
        "devices": wording.devices(review),
        "faster": wording.faster(review),
        "problems": wording.problems(review),
        "samples": [
            {
                "name": sample.name,
                "html": to_telegram_html(_cut(sample.text)) if sample.trouble is None else "",
                "trouble": sample.trouble,
            }
            for sample in review.samples
        ],
        "starts": wording.starts(at, review) if at else "now",
        "first_label": f"🔟 First {FIRST_ONES}, then ask me",
        "may_launch": may_launch,
        "many": may_launch and review.gets > FIRST_ONES,
        "has_curve": bool(review.curve),
    }


def start_of(manager: DialogManager) -> datetime | None:
    """When it is to begin; None: now."""
    data = manager.start_data
    at = data.get("at") if isinstance(data, dict) else None
    return datetime.fromisoformat(at) if at else None


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_SAMPLE else f"{text[:LONGEST_SAMPLE]}…"
