"""A contact file dropped into the chat: fetching it, and what the menu keeps of it."""

from dataclasses import dataclass
from io import BytesIO

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest

from engine.contacts.import_reports import ImportReview
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

    import_id: int
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


def reviewed(review: ImportReview) -> ReviewedFile:
    labels, choices = review.labels, review.choices
    return ReviewedFile(
        import_id=review.import_id,
        name=review.file_name,
        rows=review.rows,
        contacts=review.contacts,
        new=review.new,
        known=review.known,
        opted_out=review.opted_out,
        rejected=review.rejected,
        reasons=[_cut(reason, LONGEST_REASON) for reason in review.reasons[:SHOWN_REASONS]],
        phone_column=_cut(labels[choices.phone or 0]),
        name_columns=_cut(" + ".join(labels[at] for at in choices.names or ())),
        niche_column=_cut(labels[choices.niche]) if choices.niche is not None and choices.niche >= 0 else "",
        crowded_rows=review.crowded_rows,
        samples=[[_cut(name), phone] for name, phone in review.samples[:SHOWN_SAMPLES]],
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
