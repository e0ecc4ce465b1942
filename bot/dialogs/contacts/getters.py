from typing import Any, cast

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from engine.actor import Actor
from engine.contacts.book import ContactBook, ContactSummary
from engine.contacts.naming import has_number
from engine.contacts.opt_out_lists import OptOutLists
from engine.sequences.catalogue import SequenceCatalogue
from models.enums import ConsentState, SequenceStatus

SHOWN_LISTS = 3
LONGEST_SHOWN = 60  # characters of somebody's name or words

SHOWN_FOUND = 8  # as many as there are buttons on a page
OPEN_TO_ALL = (SequenceStatus.ACTIVE, SequenceStatus.DRAFT, SequenceStatus.PAUSED)


@inject
async def get_main(
    actor: Actor, book: FromDishka[ContactBook], opted_out: FromDishka[OptOutLists], **_: Any
) -> dict[str, Any]:
    return {
        "contacts": await book.count(actor),
        "opted_out": (await opted_out.find(actor, limit=0)).count,
        "lists": (await book.lists(actor))[:SHOWN_LISTS],
    }


@inject
async def get_found(
    dialog_manager: DialogManager, actor: Actor, book: FromDishka[ContactBook], **_: Any
) -> dict[str, Any]:
    query = dialog_manager.dialog_data.get("query", "")
    found = await book.find(actor, query, limit=SHOWN_FOUND + 1)
    more, found = len(found) > SHOWN_FOUND, found[:SHOWN_FOUND]
    return {
        "query": query,
        "shown": SHOWN_FOUND if more else 0,
        "addable": has_number(query),
        "add_label": "➕ Add this number" if found else "➕ Add them",
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
