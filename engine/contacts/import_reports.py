"""What is told of an import: before it, while it runs, and before it is undone."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from engine.contacts.reading import Choices
from models import ContactImport
from models.enums import DuplicatePolicy, ImportStatus


@dataclass(frozen=True, slots=True)
class ImportReview:
    """What an import would do. `new` and `known` add up to `contacts`; `opted_out` of them stay out.

    `rows` are those that are not blank. One with more than one number (`crowded_rows`) is several contacts or
    rejects, so `contacts` and `rejected` may add up to more.
    """

    import_id: int
    file_name: str
    rows: int
    contacts: int
    new: int
    known: int
    opted_out: int
    rejected: int
    landlines: int
    crowded_rows: int
    reasons: tuple[str, ...]  # why rows were rejected, the first few: "row 7: …"
    samples: tuple[tuple[str, str], ...]  # name and phone of the first few
    choices: Choices  # in effect
    sheets: tuple[str, ...]
    labels: tuple[str, ...]  # of the columns
    duplicates: DuplicatePolicy
    niche: str | None  # of rows that name none
    attributes: Mapping[str, str]  # of the whole file
    keys: tuple[str, ...]  # all attributes that anybody will have, as templates name them


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far an import is. `created`, `updated` and `skipped` add up to the people taken in so far."""

    import_id: int
    status: ImportStatus
    file_name: str
    list_id: int | None
    list_name: str  # empty when there is no list (any more)
    rows_total: int
    rows_done: int
    created: int
    updated: int
    skipped: int
    rejected: int
    opted_out: int  # of those taken in: they stay out
    without_consent: bool  # nobody knows where they opted in: who had no permission before has none now
    by_themselves: tuple[tuple[str, int], ...]  # the sequences that their interests led them into, and how many
    failure: str | None


class KeptReason(StrEnum):
    """Why somebody whom an import created outlasts its undoing."""

    OPTED_OUT = "opted_out"
    REPLIED = "replied"
    MESSAGES = "messages"
    SEQUENCES = "sequences"
    ELSEWHERE = "elsewhere"  # in another list or import, or changed by hand


@dataclass(frozen=True, slots=True)
class UndoPreview:
    """Whom undoing an import would touch."""

    removed: int
    put_back: int  # who were in the book before; what was changed again since stays
    kept: Mapping[KeptReason, int]
    list_kept: bool  # a campaign is for it, or a segment asks for it


def progress_of(row: ContactImport, list_name: str | None) -> ImportProgress:
    return ImportProgress(
        import_id=row.id,
        status=row.status,
        file_name=row.file_name,
        list_id=row.list_id,
        list_name=list_name or "",
        rows_total=row.rows_total,
        rows_done=row.rows_done,
        created=row.created,
        updated=row.updated,
        skipped=row.skipped,
        rejected=row.rejected,
        opted_out=row.opted_out,
        without_consent=row.source is None,
        by_themselves=tuple((name, people) for name, people in row.joined.values()),
        failure=row.failure,
    )
