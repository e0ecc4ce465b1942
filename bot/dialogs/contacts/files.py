"""A contact file dropped into the chat: fetching it, and what the menu keeps of it (never its bytes)."""

from collections import Counter
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePath

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest

from engine.contacts.importing import ImportPreview
from engine.contacts.tables import MAX_BYTES
from engine.errors import InvalidInputError

SHOWN_REASONS = 5
SHOWN_SAMPLES = 3
LONGEST_SHOWN = 60  # characters of a name or a label
LONGEST_REASON = 120

TOO_BIG = f"This file is too big: split it, and send parts of at most {MAX_BYTES // 1024 // 1024} MB."


@dataclass(frozen=True, slots=True)
class ReviewedFile:
    """What is shown of a file that was read; fit for JSON. `new` and `known` add up to `contacts`."""

    file_id: str  # Telegram's
    name: str
    rows: int
    contacts: int
    new: int
    known: int
    opted_out: int
    rejected: int
    reasons: list[str]  # the first few
    phone_column: str
    name_columns: str
    niche_column: str
    samples: list[list[str]]  # name, phone
    crowded_rows: int = 0  # with more than one number: each of these is a contact or a reject of its own

    @property
    def rejects_name(self) -> str:
        return f"{PurePath(self.name).stem} rejects.csv"


def review(preview: ImportPreview, file_id: str, name: str) -> ReviewedFile:
    file = preview.file
    entries = Counter(contact.row for contact in file.contacts)
    entries.update(rejected.row for rejected in file.rejected)
    return ReviewedFile(
        file_id=file_id,
        name=name,
        rows=len(entries),
        contacts=len(file.contacts),
        new=preview.new,
        known=preview.known,
        opted_out=preview.opted_out,
        rejected=len(file.rejected),
        reasons=[
            f"row {rejected.row}: {_cut(rejected.reason, LONGEST_REASON)}"
            for rejected in file.rejected[:SHOWN_REASONS]
        ],
        phone_column=_cut(file.phone_column),
        name_columns=_cut(" + ".join(file.name_columns)),
        niche_column=_cut(file.niche_column or ""),
        crowded_rows=sum(count > 1 for count in entries.values()),
        samples=[[_cut(contact.name), contact.phone] for contact in file.contacts[:SHOWN_SAMPLES]],
    )


async def fetch(bot: Bot, file_id: str) -> bytes:
    """Raise InvalidInputError when Telegram does not hand the file out."""
    content = BytesIO()
    try:
        await bot.download(file_id, content)
    except TelegramBadRequest as error:
        if "too big" in error.message:
            raise InvalidInputError(TOO_BIG) from None
        raise InvalidInputError("Telegram does not have this file any more. Please send it again.") from None
    return content.getvalue()


def _cut(text: str, longest: int = LONGEST_SHOWN) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
