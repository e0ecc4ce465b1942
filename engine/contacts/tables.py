"""A table of cells, whatever file it comes from: what the readers of text and of workbooks have in common."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from engine.errors import InvalidInputError

MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS = 200_000  # that are not blank
MAX_COLUMNS = 100  # what stands further right is nobody's contact data
ROWS_OF_A_SHEET = 1_048_576  # in a spreadsheet; blank ones count too
HEAD = 250  # rows that are looked at to guess what the columns are


@dataclass(frozen=True, slots=True)
class Row:
    number: int  # as a spreadsheet counts, from 1
    cells: tuple[str, ...]


class Table(Protocol):
    """`head`: the first rows that are not blank. `last_row`: the number of the last one, blank or not."""

    head: tuple[Row, ...]
    last_row: int

    def records(self) -> Iterator[list[str]]:
        """Every row from the first on, blank ones too. Each call reads the file anew."""

    def close(self) -> None: ...


def is_blank(cells: list[str]) -> bool:
    return not any(map(str.strip, cells[:MAX_COLUMNS]))


def head_of(records: Iterator[list[str]]) -> tuple[Row, ...]:
    head: list[Row] = []
    for number, cells in enumerate(records, start=1):
        if not is_blank(cells):
            head.append(Row(number, tuple(cells[:MAX_COLUMNS])))
            if len(head) == HEAD:
                break
    return tuple(head)


def too_many_rows() -> InvalidInputError:
    return InvalidInputError(
        f"The file has more than {MAX_ROWS:,} rows, the most that are read at once. Split it and send the parts."
    )
