from typing import Any

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.navigation import when
from bot.dialogs.results import wording
from bot.dialogs.sequences.context import sequence_of
from engine.actor import Actor
from engine.sequences.results import Results, StepResults
from models.enums import SequenceStatus

ON_A_PAGE = 8  # messages; a phone screen or two


@inject
async def get_results(
    dialog_manager: DialogManager, actor: Actor, results: FromDishka[Results], **_: Any
) -> dict[str, Any]:
    found = await results.get(actor, sequence_of(dialog_manager))
    first = min(dialog_manager.dialog_data.get("first", 0), max(0, len(found.steps) - 1) // ON_A_PAGE * ON_A_PAGE)
    page = list(enumerate(found.steps, start=1))[first : first + ON_A_PAGE]
    return {
        "results": found,
        "total": _lines(found.total),
        "steps": [
            {"number": f"{number}.", "header": step.header, "removed": step.removed, "lines": _lines(step.results)}
            for number, step in page
        ],
        "has_steps": bool(found.steps),
        "running": found.status is SequenceStatus.ACTIVE,
        "next_hour": wording.volume(found.next_hour),
        "next_day": wording.volume(found.next_day),
        "count": len(found.steps),
        "shown": f"{first + 1}–{first + len(page)}",
        "paged": len(found.steps) > ON_A_PAGE,
        "has_earlier": first > 0,
        "has_later": first + ON_A_PAGE < len(found.steps),
        "now": when(found.now, found.now, found.time_zone).removeprefix("today "),
    }


def _lines(results: StepResults) -> str:
    if not results.planned:
        return f"⏳ {results.due:,} due" if results.due else "nothing yet"
    opted_out = f"{results.opted_out:,} opted out" if results.opted_out else ""
    marked = (
        ("✓", wording.reached(results)),
        ("⏳", wording.open_ones(results)),
        ("✗", wording.fell_out(results)),
        ("🚫", opted_out),
    )
    return "\n".join(f"{mark} {line}" for mark, line in marked if line)
