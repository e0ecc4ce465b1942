"""A segment as the menu keeps it while somebody builds it; fit for JSON."""

from typing import Any

from aiogram_dialog import DialogManager

from engine.contacts.segmenting import SavedSegment
from engine.contacts.segments import Condition, from_json, to_json

# Keys of the dialog's data.
CONDITIONS, SEGMENT, NAME, PENDING, CHANGED = "conditions", "segment_id", "name", "pending", "changed"


def begin(manager: DialogManager, saved: SavedSegment | None = None) -> None:
    manager.dialog_data.update(
        {
            CONDITIONS: to_json(saved.conditions) if saved else [],
            SEGMENT: saved.id if saved else None,
            NAME: saved.name if saved else None,
            PENDING: {},
            CHANGED: False,
        }
    )


def conditions_of(manager: DialogManager) -> tuple[Condition, ...]:
    return from_json(manager.dialog_data.get(CONDITIONS, []))


def add(manager: DialogManager, condition: Condition) -> None:
    built = conditions_of(manager)
    if condition not in built:
        manager.dialog_data.update({CONDITIONS: to_json([*built, condition]), CHANGED: True})


def take_away(manager: DialogManager, place: int) -> None:
    built = conditions_of(manager)
    kept = [one for number, one in enumerate(built) if number != place]
    manager.dialog_data.update({CONDITIONS: to_json(kept), CHANGED: True})


def segment_of(manager: DialogManager) -> int | None:
    """The saved segment that is being changed, if it is one."""
    found: int | None = manager.dialog_data.get(SEGMENT)
    return found


def pend(manager: DialogManager, **of: Any) -> None:
    """Keep what has been chosen of a condition so far."""
    manager.dialog_data[PENDING] = of


def pending(manager: DialogManager) -> dict[str, Any]:
    found: dict[str, Any] = manager.dialog_data.get(PENDING, {})
    return found
