"""Which column is what: by headers in English, Malay, Indonesian or Chinese, else by the cells. Pure."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from engine.contacts.phones import Phone, read_phones
from engine.contacts.tables import Row

_ROWS_ABOVE = 20  # titles, dates and filters that exports put above the header
_SAMPLE = 200

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

    phone: int
    names: tuple[int, ...]  # joined by a space
    niche: int | None
    attributes: tuple[int, ...]
    labels: tuple[str, ...]
    keys: tuple[str, ...]
    rows_above: int  # how many of the rows are titles and the header

    def key(self, position: int) -> str:
        return self.keys[position] if position < len(self.keys) else f"column_{position + 1}"


def guess_columns(rows: Sequence[Row], country: str) -> Columns | None:
    """Return None when no column looks like phone numbers."""
    header_at = _find_header(rows, country)
    if header_at is not None:
        below = rows[header_at + 1 : header_at + 1 + _SAMPLE]
        phone = _phone_by_header(rows[header_at], below, country)
    else:
        best = _phone_by_cells(rows, country)
        if best is None:
            return None
        phone, header_at = best, _header_above(rows, best, country)
    if header_at is None:
        return _without_header(rows, phone)
    return _with_header(rows[header_at].cells, phone, rows_above=header_at + 1)


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


def _phone_by_header(header: Row, below: Sequence[Row], country: str) -> int:
    """Among the columns called phone, prefer those that hold phones, then the likelier name."""

    def preference(position: int) -> tuple[bool, int, int]:
        rank = _phone_rank(_plain(header.cells[position]))
        return (_share_of_phones(below, position, country) >= 0.5, -(rank or 0), -position)

    called_phone = [
        position for position, cell in enumerate(header.cells) if _phone_rank(_plain(cell)) is not None
    ]
    return max(called_phone, key=preference)


def _phone_by_cells(rows: Sequence[Row], country: str) -> int | None:
    width = max(len(row.cells) for row in rows[:_SAMPLE])
    shares = [_share_of_phones(rows[:_SAMPLE], position, country) for position in range(width)]
    return shares.index(max(shares)) if max(shares) >= 0.5 else None


def _header_above(rows: Sequence[Row], phone: int, country: str) -> int | None:
    """Return the row just above the first phone, if it has no digits and so is no contact."""
    first = next(
        position
        for position, row in enumerate(rows)
        if phone < len(row.cells) and _is_phone(row.cells[phone], country)
    )
    if first == 0 or any(character.isdigit() for cell in rows[first - 1].cells for character in cell):
        return None
    return first - 1


def _with_header(header: Sequence[str], phone: int, *, rows_above: int) -> Columns:
    unnamed = range(len(header), phone + 1)  # a header may be shorter than the rows below it
    header = (*header, *("" for _ in unnamed))
    plain = [_plain(cell) for cell in header]

    def find(is_it: Callable[[str], object]) -> int | None:
        found = (position for position, text in enumerate(plain) if position != phone and is_it(text))
        return next(found, None)

    whole = next((at for pattern in _NAME_HEADERS if (at := find(pattern.fullmatch)) is not None), None)
    parts = (find(_FIRST_NAME.fullmatch), find(_LAST_NAME.fullmatch))
    names = (whole,) if whole is not None else tuple(part for part in parts if part is not None)
    niche = find(_NICHE_HEADER.fullmatch)
    return Columns(
        phone=phone,
        names=names,
        niche=niche,
        # First and last name stay attributes as well: a message may greet by the first alone.
        attributes=tuple(at for at in range(len(header)) if at not in {phone, whole, niche}),
        labels=tuple(" ".join(cell.split()) or f"Column {at}" for at, cell in enumerate(header, start=1)),
        keys=_keys(header),
        rows_above=rows_above,
    )


def _without_header(rows: Sequence[Row], phone: int) -> Columns:
    width = max(len(row.cells) for row in rows[:_SAMPLE])
    labels = tuple(f"Column {position + 1}" for position in range(width))
    others = [position for position in range(width) if position != phone]
    name = next((position for position in others if _holds_words(rows, position)), None)
    return Columns(
        phone=phone,
        names=() if name is None else (name,),
        niche=None,
        attributes=tuple(position for position in others if position != name),
        labels=labels,
        keys=_keys(labels),
        rows_above=0,
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
