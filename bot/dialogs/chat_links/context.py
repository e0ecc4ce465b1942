"""What the links of this menu are for: a sequence or a campaign."""

from dataclasses import dataclass
from typing import Any, cast

from aiogram_dialog import DialogManager


@dataclass(frozen=True, slots=True)
class Target:
    """One of the two."""

    sequence_id: int | None = None
    campaign_id: int | None = None


def links_of_sequence(sequence_id: int) -> dict[str, Any]:
    """Make the start data of the menu."""
    return {"sequence_id": sequence_id}


def links_of_campaign(campaign_id: int) -> dict[str, Any]:
    return {"campaign_id": campaign_id}


def target_of(manager: DialogManager) -> Target:
    return Target(**cast(dict[str, Any], manager.start_data))


def link_of(manager: DialogManager) -> int:
    return cast(int, manager.dialog_data["link_id"])
