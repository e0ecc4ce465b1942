"""Presses that correct how a file is read: each reads it anew and leads back to the review."""

from collections.abc import Callable
from functools import partial
from typing import Any

from aiogram.types import CallbackQuery, Message
from aiogram_dialog import DialogManager
from aiogram_dialog.widgets.kbd import Button, ManagedMultiselect
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.context import actor_of
from bot.dialogs.importing import corrections, wording
from bot.dialogs.importing.context import import_of
from bot.dialogs.importing.files import with_patience
from bot.dialogs.importing.states import Import
from bot.dialogs.welcome.answers import read_country
from engine.contacts.importing import ContactImports
from engine.contacts.reading import Choices
from engine.errors import InvalidInputError

Correction = Callable[[Choices], Choices]


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
