from collections.abc import Callable
from functools import partial
from typing import Any

from aiogram.types import BufferedInputFile, CallbackQuery, Message
from aiogram_dialog import DialogManager, ShowMode
from aiogram_dialog.widgets.kbd import Button, ManagedMultiselect
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.contacts.states import AddToSequence
from bot.dialogs.context import actor_of, bot_of
from bot.dialogs.importing import corrections, wording
from bot.dialogs.importing.context import about_import, import_of
from bot.dialogs.importing.files import with_patience
from bot.dialogs.importing.states import Import
from bot.dialogs.new_campaign.handlers import open_new_for
from bot.dialogs.permission import source_of
from bot.dialogs.welcome.answers import read_country
from engine.contacts.entering import clean_evidence
from engine.contacts.importing import ContactImports
from engine.contacts.naming import read_attribute
from engine.contacts.reading import Choices
from engine.devices.registry import check_name
from engine.errors import InvalidInputError
from models.enums import DuplicatePolicy

Correction = Callable[[Choices], Choices]


# How the file is read


async def _correct(manager: DialogManager, imports: ContactImports, correction: Correction) -> None:
    """Read the file as corrected, and go back to the review; if that takes long, say so meanwhile."""
    actor, import_id, told = actor_of(manager), import_of(manager), False

    async def read() -> None:
        review = await imports.review(actor, import_id)
        await imports.choose(actor, import_id, choices=correction(review.choices))
        try:
            await imports.review(actor, import_id)  # is kept, so the window finds it
        except InvalidInputError:
            await imports.choose(actor, import_id, choices=review.choices)
            raise

    async def say() -> None:
        nonlocal told
        told = True
        await manager.switch_to(Import.reading)
        await manager.show()

    try:
        await with_patience(read(), say)
    except Exception:
        if told:
            await manager.switch_to(Import.review)
            await manager.show()
        raise
    await manager.switch_to(Import.review)


@inject
async def choose_sheet(
    _callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    number: int,
    imports: FromDishka[ContactImports],
) -> None:
    review = await imports.review(actor_of(manager), import_of(manager))
    await _correct(manager, imports, partial(corrections.with_sheet, sheet=review.sheets[number]))


@inject
async def choose_separator(
    _callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    number: int,
    imports: FromDishka[ContactImports],
) -> None:
    separator = list(wording.SEPARATORS)[number]
    await _correct(manager, imports, partial(corrections.with_separator, separator=separator))


@inject
async def choose_encoding(
    _callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    number: int,
    imports: FromDishka[ContactImports],
) -> None:
    encoding = list(wording.ENCODINGS)[number]
    await _correct(manager, imports, partial(corrections.with_encoding, encoding=encoding))


@inject
async def choose_header(
    _callback: CallbackQuery, _select: Any, manager: DialogManager, row: int, imports: FromDishka[ContactImports]
) -> None:
    await _correct(manager, imports, partial(corrections.with_header, row=row))


@inject
async def type_header(
    _message: Message, _input: Any, manager: DialogManager, text: str, imports: FromDishka[ContactImports]
) -> None:
    number = text.strip()
    if not (number.isascii() and number.isdigit() and len(number) < 7):
        raise InvalidInputError("Type the number of a row, such as 3; 0 means that there are no headers.")
    await _correct(manager, imports, partial(corrections.with_header, row=int(number)))


@inject
async def choose_phone(
    _callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    column: int,
    imports: FromDishka[ContactImports],
) -> None:
    await _correct(manager, imports, partial(corrections.with_phone, column=column))


@inject
async def open_names(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, imports: FromDishka[ContactImports]
) -> None:
    """Tick the columns that the name is in now, and no others."""
    review = await imports.review(actor_of(manager), import_of(manager))
    await manager.switch_to(Import.names)
    ticks: ManagedMultiselect[int] | None = manager.find("name_columns")
    if ticks is not None:
        now = set(review.choices.names or ())
        for column in now.symmetric_difference(ticks.get_checked()):
            await ticks.set_checked(column, checked=column in now)


@inject
async def choose_names(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, imports: FromDishka[ContactImports]
) -> None:
    ticks: ManagedMultiselect[int] | None = manager.find("name_columns")
    columns = sorted(ticks.get_checked()) if ticks is not None else []
    await _correct(manager, imports, partial(corrections.with_names, columns=columns))


@inject
async def choose_niche_column(
    _callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    column: int,
    imports: FromDishka[ContactImports],
) -> None:
    await _correct(manager, imports, partial(corrections.with_niche, column=column))


@inject
async def choose_country(
    _callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    country: str,
    imports: FromDishka[ContactImports],
) -> None:
    await _correct(manager, imports, partial(corrections.with_country, country=country))


@inject
async def type_country(
    _message: Message, _input: Any, manager: DialogManager, text: str, imports: FromDishka[ContactImports]
) -> None:
    await _correct(manager, imports, partial(corrections.with_country, country=read_country(text)))


# What holds for all of it


@inject
async def choose_policy(
    _callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    policy: str,
    imports: FromDishka[ContactImports],
) -> None:
    await imports.choose(actor_of(manager), import_of(manager), duplicates=DuplicatePolicy(policy))


@inject
async def type_interest(
    _message: Message, _input: Any, manager: DialogManager, text: str, imports: FromDishka[ContactImports]
) -> None:
    await _set_interest(manager, imports, check_name(text, "interest"))


@inject
async def choose_interest(
    _callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    number: int,
    imports: FromDishka[ContactImports],
) -> None:
    await _set_interest(manager, imports, manager.dialog_data["niches"][number])


@inject
async def clear_interest(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, imports: FromDishka[ContactImports]
) -> None:
    await _set_interest(manager, imports, None)


async def _set_interest(manager: DialogManager, imports: ContactImports, niche: str | None) -> None:
    await imports.choose(actor_of(manager), import_of(manager), niche=niche)
    await manager.switch_to(Import.review)


@inject
async def add_attribute(
    _message: Message, _input: Any, manager: DialogManager, text: str, imports: FromDishka[ContactImports]
) -> None:
    key, value = read_attribute(text)
    actor, import_id = actor_of(manager), import_of(manager)
    review = await imports.review(actor, import_id)
    await imports.choose(actor, import_id, attributes={**review.attributes, key: value})


@inject
async def remove_attribute(
    _callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    number: int,
    imports: FromDishka[ContactImports],
) -> None:
    actor, import_id = actor_of(manager), import_of(manager)
    review = await imports.review(actor, import_id)
    kept = {key: value for at, (key, value) in enumerate(review.attributes.items()) if at != number}
    await imports.choose(actor, import_id, attributes=kept)


# The import itself


async def take_evidence(_message: Message, _input: Any, manager: DialogManager, text: str) -> None:
    manager.dialog_data["evidence"] = clean_evidence(text)


@inject
async def start(
    _callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    pressed: str,
    imports: FromDishka[ContactImports],
) -> None:
    evidence = manager.dialog_data.get("evidence", "")
    await imports.start(actor_of(manager), import_of(manager), source_of(pressed), evidence)
    await manager.switch_to(Import.card)


@inject
async def cancel(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, imports: FromDishka[ContactImports]
) -> None:
    await imports.cancel(actor_of(manager), import_of(manager))


@inject
async def go_on(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, imports: FromDishka[ContactImports]
) -> None:
    await imports.go_on(actor_of(manager), import_of(manager))


@inject
async def undo(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, imports: FromDishka[ContactImports]
) -> None:
    await imports.undo(actor_of(manager), import_of(manager))
    await manager.switch_to(Import.card)


@inject
async def send_rejects(
    callback: CallbackQuery, _button: Button, manager: DialogManager, imports: FromDishka[ContactImports]
) -> None:
    name, rejects = await imports.rejects(actor_of(manager), import_of(manager))
    await bot_of(manager).send_document(
        callback.from_user.id,
        BufferedInputFile(rejects, name),
        caption="Mend these rows and drop the file here again; the others need not be in it.",
    )
    manager.show_mode = ShowMode.DELETE_AND_SEND  # the menu stays the last message of the chat


@inject
async def add_to_sequence(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, imports: FromDishka[ContactImports]
) -> None:
    progress = await imports.progress(actor_of(manager), import_of(manager))
    data = {"list_id": progress.list_id, "list_name": progress.list_name}
    await manager.start(AddToSequence.sequence, data=data)


@inject
async def new_campaign(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, imports: FromDishka[ContactImports]
) -> None:
    progress = await imports.progress(actor_of(manager), import_of(manager))
    if progress.list_id is not None:
        await open_new_for(manager, progress.list_id, progress.list_name)


async def open_import(_callback: CallbackQuery, _select: Any, manager: DialogManager, import_id: int) -> None:
    await manager.start(Import.card, data=about_import(import_id))
