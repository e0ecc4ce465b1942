from typing import Any, cast

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.contacts.files import ReviewedFile
from engine.actor import Actor
from engine.contacts.book import ContactBook, ContactSummary
from engine.sequences.catalogue import SequenceCatalogue
from models.enums import ConsentSource, ConsentState, SequenceStatus

SHOWN_LISTS = 3
SHOWN_NICHES = 6
LONGEST_SHOWN = 60  # characters of somebody's name or words

SOURCES = (
    ("Web form", ConsentSource.WEB_FORM.value),
    ("Event", ConsentSource.EVENT.value),
    ("Bought from us", ConsentSource.PURCHASE.value),
    ("They wrote first", ConsentSource.WROTE_FIRST.value),
    ("Don't know → cannot be sent to", "unknown"),
)
OPEN_TO_ALL = (SequenceStatus.ACTIVE, SequenceStatus.DRAFT, SequenceStatus.PAUSED)


@inject
async def get_main(actor: Actor, book: FromDishka[ContactBook], **_: Any) -> dict[str, Any]:
    return {
        "contacts": await book.count(actor),
        "opted_out": (await book.opted_out(actor, limit=0)).count,
        "lists": (await book.lists(actor))[:SHOWN_LISTS],
    }


@inject
async def get_found(
    dialog_manager: DialogManager, actor: Actor, book: FromDishka[ContactBook], **_: Any
) -> dict[str, Any]:
    query = dialog_manager.dialog_data.get("query", "")
    found = await book.find(actor, query)
    return {
        "query": query,
        "labels": [(f"👤 {contact.name[:LONGEST_SHOWN] or contact.phone}", contact.id) for contact in found],
        "found": [
            {
                "name": contact.name[:LONGEST_SHOWN],
                "phone": contact.phone,
                "permission": permission_words(contact),
                "niches": ", ".join(contact.niches)[:LONGEST_SHOWN],
            }
            for contact in found
        ],
    }


def permission_words(contact: ContactSummary) -> str:
    if contact.suppressed or contact.consent is ConsentState.OPTED_OUT:
        return "🚫 opted out"
    return "✅ can be sent to" if contact.consent is ConsentState.OPTED_IN else "⚠️ no permission"


@inject
async def get_lists(actor: Actor, book: FromDishka[ContactBook], **_: Any) -> dict[str, Any]:
    return {"labels": [(f"{found.name} · {found.size:,}", found.id) for found in await book.lists(actor)]}


def file_of(manager: DialogManager) -> ReviewedFile:
    return ReviewedFile(**cast(dict[str, Any], manager.start_data))


async def get_review(dialog_manager: DialogManager, **_: Any) -> dict[str, Any]:
    file, data = file_of(dialog_manager), dialog_manager.dialog_data
    return {
        "file": file,
        "usable": file.contacts > 0,
        "has_rejects": file.rejected > 0,
        "sources": SOURCES,
        "clear_label": "Only what the column says" if file.niche_column else "No interest",
        "interest": _interest(file.niche_column, data.get("niche")),
        "result": data.get("result"),
    }


def _interest(column: str, chosen: str | None) -> str:
    """Where the interest of these people comes from: "column “Interest”, else Yoga"."""
    if not column:
        return chosen or "none"
    return f"column “{column}”" + (f", else {chosen}" if chosen else "")


@inject
async def get_niches(actor: Actor, book: FromDishka[ContactBook], **_: Any) -> dict[str, Any]:
    niches = (await book.niches(actor))[:SHOWN_NICHES]
    return {"niches": [(found.niche[:LONGEST_SHOWN], number) for number, found in enumerate(niches)]}


@inject
async def get_sequences(
    dialog_manager: DialogManager, actor: Actor, catalogue: FromDishka[SequenceCatalogue], **_: Any
) -> dict[str, Any]:
    return {
        "list_name": cast(dict[str, Any], dialog_manager.start_data)["list_name"],
        "labels": [
            (f"{sequence.name} · {status.value}", sequence.id)
            for status in OPEN_TO_ALL
            for sequence in await catalogue.list(actor, status)
        ],
    }
