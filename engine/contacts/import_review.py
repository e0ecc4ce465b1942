"""What an import would do: its file is read, and looked up in the book, by the rules by which it is taken in."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.contacts import import_store
from engine.contacts.arrivals import SHOWN, Arrivals, KeptFile, arriving
from engine.contacts.import_reports import ImportReview
from engine.contacts.reading import Choices, open_contacts
from engine.database import Database
from models import ContactImport


@dataclass(frozen=True, slots=True)
class Layout:
    choices: Choices  # complete
    sheets: tuple[str, ...]
    labels: tuple[str, ...]


def lay_out(data: bytes, file_name: str, country: str, choices: Choices) -> Layout:
    """Look how a file would be read; blocking. Raises InvalidInputError."""
    with open_contacts(data, file_name, country, choices) as opened:
        return Layout(opened.choices, opened.sheets, opened.labels)


async def count(database: Database, workspace_id: int, file: KeptFile) -> dict[str, Any]:
    """What is kept of a review, fit for JSON."""
    country = file.choices.country or ""
    layout = await asyncio.to_thread(lay_out, file.data, file.name, country, file.choices)
    tally = _Tally()
    async with arriving(file) as batches:
        async for batch in batches:
            async with database.transaction() as session:
                await import_store.copy_incoming(session, batch.records)
                counts = await import_store.count_incoming(session, workspace_id)
            tally.add(batch, counts.known, counts.opted_out)
    return {**tally.in_json(), "sheets": layout.sheets, "labels": layout.labels}


def review_of(row: ContactImport, counted: Mapping[str, Any]) -> ImportReview:
    return ImportReview(
        import_id=row.id,
        file_name=row.file_name,
        rows=counted["rows"],
        contacts=counted["contacts"],
        new=counted["contacts"] - counted["known"],
        known=counted["known"],
        opted_out=counted["opted_out"],
        rejected=counted["rejected"],
        landlines=counted["landlines"],
        crowded_rows=counted["crowded_rows"],
        reasons=tuple(counted["reasons"]),
        samples=tuple((name, phone) for name, phone in counted["samples"]),
        choices=Choices.from_json(row.choices),
        sheets=tuple(counted["sheets"]),
        labels=tuple(counted["labels"]),
        duplicates=row.duplicates,
        niche=row.niche,
        attributes=row.attributes,
        keys=tuple(dict.fromkeys((*counted["keys"], *row.attributes))),
    )


@dataclass
class _Tally:
    """The sums of a review."""

    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            ("rows", "contacts", "known", "opted_out", "rejected", "landlines", "crowded_rows"), 0
        )
    )
    last_row: int = 0
    reasons: list[str] = field(default_factory=list)
    samples: list[tuple[str, str]] = field(default_factory=list)
    keys: dict[str, None] = field(default_factory=dict)

    def add(self, batch: Arrivals, known: int, opted_out: int) -> None:
        added = {
            "rows": batch.rows, "contacts": batch.people, "known": known, "opted_out": opted_out,
            "rejected": batch.rejected, "landlines": batch.landlines, "crowded_rows": batch.crowded_rows,
        }  # fmt: skip
        for name, count in added.items():
            self.counts[name] += count
        self.last_row = batch.rows_done
        self.reasons = [*self.reasons, *batch.reasons][:SHOWN]
        self.samples = [*self.samples, *batch.samples][:SHOWN]
        self.keys |= dict.fromkeys(batch.keys)

    def in_json(self) -> dict[str, Any]:
        return {
            **self.counts, "last_row": self.last_row, "reasons": self.reasons, "samples": self.samples,
            "keys": list(self.keys),
        }  # fmt: skip
