"""Which column is what: by headers in English, Malay, Indonesian or Chinese, else by the cells. Pure."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice

from engine.contacts.choices import Choices
from engine.contacts.phones import Phone, read_phones
from engine.contacts.tables import Row
from engine.errors import InvalidInputError

_ROWS_ABOVE = 20  # titles, dates and filters that exports put above the header
_SAMPLE = 200
_ENOUGH = 20
_LONGEST_LABEL = 100

_PHONE_HEADERS = tuple(  # the likeliest to be on WhatsApp first
    re.compile(pattern)
    for pattern in (
        r"\bwhats ?app\b|\bwa\b",
        r"\b(?:mobile|hand ?phone|hp|no ?hp|cell|cell ?phone|ponsel|bimbit)\b|手机|手機|移动电话",
        r"\b(?:phones?|telephone|tele[fp]on|telp?|msisdn|(?:contact|kontak) (?:no|number))\b|电话|電話",
    )
)
_NAME_HEADERS = (
    re.compile(r"(?:full |display |contact |customer |client )?name|nama(?: penuh| lengkap| pelanggan)?"),
    re.compile(r"姓名|名字|名称|客户(?:姓名|名称)?|customer|client|pelanggan"),
)
_FIRST_NAME = re.compile(r"(?:first|given) ?name|nama depan")
_LAST_NAME = re.compile(r"(?:last|family) ?name|surname|nama (?:belakang|keluarga)")
_NICHE_HEADER = re.compile(r"niche|interests?|interested in|minat|ketertarikan|兴趣|興趣|感兴趣")
_RESERVED = ("name", "phone", "niche")


@dataclass(frozen=True, slots=True)
class Columns:
    """Positions in a row. `keys` names every column for templates, `labels` for people."""

    header_row: int  # as a spreadsheet counts; 0: there is none. What stands above it is no contact either
    phone: int
    names: tuple[int, ...]  # joined by a space
    niche: int | None
    attributes: tuple[int, ...]
    labels: tuple[str, ...]
    keys: tuple[str, ...]

    def key(self, position: int) -> str:
        return self.keys[position] if position < len(self.keys) else f"column_{position + 1}"


def find_columns(rows: Sequence[Row], choices: Choices, country: str) -> Columns:
    """Obey the choices and guess the rest, from the first rows of a file.

    Raise InvalidInputError when no column looks like phone numbers, or a choice names what is not there.
    """
    if not rows:
        raise InvalidInputError("The file is empty. Export your contacts as CSV and send that file.")
    header, phone = _header_and_phone(rows, choices, country)
    _below(rows, header)
    width = _usual_width(rows)
    chosen = [phone, *(choices.names or ())]
    if choices.niche is not None and choices.niche != -1:
        chosen.append(choices.niche)
    if impossible := [at for at in chosen if not 0 <= at < max(width, *(len(row.cells) for row in rows))]:
        raise InvalidInputError(f"The file has no column {impossible[0] + 1}. Choose its columns anew.")
    cells = () if header is None else header.cells
    cells = (
        *cells,
        *[""] * (max(width, *(at + 1 for at in chosen)) - len(cells)),
    )  # it may be shorter than its rows
    names = choices.names
    if names is None:
        names = _name_by_cells(rows, phone, width) if header is None else _names_by_header(cells, phone)
    niche = choices.niche
    if niche is None:
        niche = _find(cells, _NICHE_HEADER, {phone, *names})
    labels = tuple(
        " ".join(cell[:_LONGEST_LABEL].split()) or f"Column {at}" for at, cell in enumerate(cells, start=1)
    )
    # First and last name stay attributes as well: a message may greet by the first alone.
    elsewhere = {phone, niche, *(names if len(names) == 1 else ())}
    return Columns(
        header_row=0 if header is None else header.number,
        phone=phone,
        names=names,
        niche=None if niche == -1 else niche,
        attributes=tuple(at for at in range(len(cells)) if at not in elsewhere),
        labels=labels,
        keys=_keys(cells),
    )


def likelihood(rows: Sequence[Row], country: str) -> int:
    """How much a table looks like contacts: its phones, of which a few are enough."""
    try:
        columns = find_columns(rows, Choices(), country)
    except InvalidInputError:
        return 0
    cells = [row.cells[columns.phone] for row in rows if columns.phone < len(row.cells)]
    return min(_ENOUGH, sum(_is_phone(cell, country) for cell in cells))


def _header_and_phone(rows: Sequence[Row], choices: Choices, country: str) -> tuple[Row | None, int]:
    phone = choices.phone
    if choices.header_row is None:
        header_at = _find_header(rows, country)
        if header_at is not None:
            header: Row | None = rows[header_at]
        else:
            phone = _phone_by_cells(rows, country) if phone is None else phone
            header = None if phone is None else _header_above(rows, phone, country)
    else:
        header = _row(rows, choices.header_row)
    if phone is None:
        below = _below(rows, header)[:_SAMPLE]
        phone = None if header is None else _phone_by_header(header, below, country)
        phone = _phone_by_cells(below, country) if phone is None else phone
    if phone is None:
        raise InvalidInputError(_no_phone_column(rows[0]))
    return header, phone


def _row(rows: Sequence[Row], number: int) -> Row | None:
    """The chosen header: it may be a blank row, but not one far down."""
    if number > rows[-1].number or number < 0:
        raise InvalidInputError(f"Row {number} cannot be the header: it is not among the first rows.")
    return next((row for row in rows if row.number == number), Row(number, ())) if number else None


def _usual_width(rows: Sequence[Row]) -> int:
    widths = Counter(len(row.cells) for row in rows[:_SAMPLE])
    return max(widths, key=lambda width: (widths[width], width))


def _below(rows: Sequence[Row], header: Row | None) -> Sequence[Row]:
    below = [row for row in rows if header is None or row.number > header.number]
    if not below:
        raise InvalidInputError("The file has a header but no contacts below it.")
    return below


def _find_header(rows: Sequence[Row], country: str) -> int | None:
    """Return the position of the row, above all phones, with the most recognised headers."""
    best, best_weight = None, 0
    for position, row in enumerate(rows[:_ROWS_ABOVE]):
        if any(_is_phone(cell, country) for cell in row.cells):
            break
        headers = [_plain(cell) for cell in row.cells]
        if not any(_phone_rank(header) is not None for header in headers):
            continue
        # A title may say "phone list" too, but a header stands among others or is the bare word.
        weight = sum(_is_known(header) for header in headers) * 2 + any(
            pattern.fullmatch(header) for header in headers for pattern in _PHONE_HEADERS
        )
        if weight > best_weight:
            best, best_weight = position, weight
    return best


def _phone_by_header(header: Row, below: Sequence[Row], country: str) -> int | None:
    """Among the columns called phone, prefer those that hold phones, then the likelier name."""

    def preference(position: int) -> tuple[bool, int, int]:
        rank = _phone_rank(_plain(header.cells[position]))
        return (_share_of_phones(below, position, country) >= 0.5, -(rank or 0), -position)

    called_phone = [
        position for position, cell in enumerate(header.cells) if _phone_rank(_plain(cell)) is not None
    ]
    return max(called_phone, key=preference, default=None)


def _phone_by_cells(rows: Sequence[Row], country: str) -> int | None:
    width = max((len(row.cells) for row in rows[:_SAMPLE]), default=0)
    shares = [_share_of_phones(rows[:_SAMPLE], position, country) for position in range(width)]
    return shares.index(max(shares)) if max(shares, default=0.0) >= 0.5 else None


def _header_above(rows: Sequence[Row], phone: int, country: str) -> Row | None:
    """Return the row just above the first phone, if it has no digits and so is no contact."""
    first = next(
        (
            position
            for position, row in enumerate(rows)
            if phone < len(row.cells) and _is_phone(row.cells[phone], country)
        ),
        0,
    )
    if first == 0 or any(character.isdigit() for cell in rows[first - 1].cells for character in cell):
        return None
    return rows[first - 1]


def _names_by_header(header: Sequence[str], phone: int) -> tuple[int, ...]:
    for pattern in _NAME_HEADERS:
        if (whole := _find(header, pattern, {phone})) is not None:
            return (whole,)
    parts = (_find(header, _FIRST_NAME, {phone}), _find(header, _LAST_NAME, {phone}))
    return tuple(part for part in parts if part is not None)


def _name_by_cells(rows: Sequence[Row], phone: int, width: int) -> tuple[int, ...]:
    found = (at for at in range(width) if at != phone and _holds_words(rows, at))
    return tuple(islice(found, 1))


def _find(header: Sequence[str], pattern: re.Pattern[str], taken: Collection[int]) -> int | None:
    return next(
        (at for at, cell in enumerate(header) if at not in taken and pattern.fullmatch(_plain(cell))), None
    )


def _plain(header: str) -> str:
    """Lower case words: "No. Telefon (HP)" is "no telefon hp"."""
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", header[:80]).casefold().replace("_", " ")))


def _phone_rank(header: str) -> int | None:
    return next((rank for rank, pattern in enumerate(_PHONE_HEADERS) if pattern.search(header)), None)


def _is_known(header: str) -> bool:
    names = (*_NAME_HEADERS, _FIRST_NAME, _LAST_NAME, _NICHE_HEADER)
    return _phone_rank(header) is not None or any(pattern.fullmatch(header) for pattern in names)


def _is_phone(cell: str, country: str) -> bool:
    return any(isinstance(phone, Phone) for phone in read_phones(cell, country))


def _share_of_phones(rows: Sequence[Row], position: int, country: str) -> float:
    cells = [row.cells[position] for row in rows if position < len(row.cells)]
    filled = [cell for cell in cells if cell.strip()]
    return sum(_is_phone(cell, country) for cell in filled) / len(filled) if filled else 0.0


def _holds_words(rows: Sequence[Row], position: int) -> bool:
    cells = [row.cells[position] for row in islice(rows, _SAMPLE) if position < len(row.cells)]
    words = [any(map(str.isalpha, cell)) and not any(map(str.isdigit, cell)) for cell in cells]
    return sum(words) * 2 > len(words)


def _keys(headers: Sequence[str]) -> tuple[str, ...]:
    """Name each column as a template can: snake_case, unique, never one of the contact's own fields."""
    keys: list[str] = []
    taken = set(_RESERVED)
    for position, header in enumerate(headers):
        words = unicodedata.normalize("NFKC", header[:60]).casefold()
        key = re.sub(r"\W+", "_", words).strip("_")
        if not key:
            key = f"column_{position + 1}"
        elif key[0].isdigit():
            key = f"column_{key}"
        unique, count = key, 1
        while unique in taken:
            count += 1
            unique = f"{key}_{count}"
        taken.add(unique)
        keys.append(unique)
    return tuple(keys)


def _no_phone_column(first: Row) -> str:
    labels = [" ".join(cell.split())[:30] for cell in first.cells if cell.strip()]
    seen = ", ".join(f"“{label}”" for label in labels[:10]) + (" …" if len(labels) > 10 else "")
    return (
        f"No column with phone numbers was found; the first row reads {seen}. Give that column a header such "
        "as Phone, Mobile, WhatsApp, No. telefon, HP, 手机 or 电话, and send the file again."
    )
