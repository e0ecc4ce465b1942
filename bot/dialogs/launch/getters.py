from typing import Any

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.launch import wording
from bot.dialogs.sequences.context import sequence_of
from engine.actor import Actor
from engine.sequences.launch import Launches
from models.enums import SequenceStatus


@inject
async def get_review(
    dialog_manager: DialogManager, actor: Actor, launch: FromDishka[Launches], **_: Any
) -> dict[str, Any]:
    review = await launch.review(actor, sequence_of(dialog_manager))
    stands = review.status in {SequenceStatus.DRAFT, SequenceStatus.PAUSED}
    return {
        "name": review.name,
        "verb": "Start" if review.status is SequenceStatus.DRAFT else "Resume",
        "stands": stands,
        "lines": wording.consequences(review) if stands else ["It is running already."],
        "times": wording.times(review),
        "problems": wording.problems(review),
    }
