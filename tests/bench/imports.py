"""An import through the product, from the kept file to the tables, against the two things it cannot do without.

(a) a bare loop that reads the file: csv, and phonenumbers for each row. (b) a bare COPY to a temporary table and one
INSERT … ON CONFLICT of the same people into the same table with the same indexes. The import does both, and besides
writes a membership, a permission and an interest for each person; reading and writing overlap. The bar is against
the slower of the two.
"""

import csv
import io
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial

import phonenumbers
from sqlalchemy import text

from engine.actor import Actor
from engine.clock import ManualClock
from engine.contacts.importer import Importer
from engine.contacts.importing import ContactImports
from engine.contacts.tables import MAX_ROWS
from engine.database import Database
from models.enums import ConsentSource, Face, ImportStatus, Role
from tests.bench.figures import Figure
from tests.bench.filled import run
from tests.bench.rounds import interleaved

ROWS = MAX_ROWS - 1  # and the header
ROUNDS = 1
LEAST = 0.6
NOW = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)

RESET = """
TRUNCATE workspaces, operators, contacts, leads, list_members, consents RESTART IDENTITY CASCADE;
INSERT INTO workspaces (name, country, time_zone) VALUES ('bench', 'MY', 'Asia/Kuala_Lumpur');
INSERT INTO operators (telegram_user_id, name) VALUES (1, 'bench');
VACUUM ANALYZE;
CHECKPOINT
"""
BARE = """
INSERT INTO contacts AS c (workspace_id, phone, name, attributes, created_at)
SELECT 1, phone, name, attributes, clock_timestamp() FROM incoming
    ON CONFLICT (workspace_id, phone) DO UPDATE
   SET name = excluded.name, attributes = c.attributes || excluded.attributes
"""

INTERESTS, CITIES = ("Yoga", "Boxing", "Swimming", "Pilates"), ("Ipoh", "Kuala Lumpur", "Penang", "Johor Bahru")


def contact_file(rows: int = ROWS) -> bytes:
    """A CSV export as people have them: mobile numbers in three ways of writing, in no order."""
    lines = ["Name,Phone,Interest,City"]
    for n in range(rows):
        number = f"{n * 7_919 % 10_000_000:07d}"
        phone = (f"012-{number[:3]} {number[3:]}", f"+60 12 {number}", f"012{number}")[n % 3]
        lines.append(f"Person {n},{phone},{INTERESTS[n % 4]},{CITIES[n % 4]}")
    return "\n".join(lines).encode()


async def measure(database: Database) -> AsyncIterator[Figure]:
    data = contact_file()
    people = bare_parse(data)
    cases = {
        "product": partial(product, database, data),
        "bare parse loop": partial(parse, data),
        "bare COPY and INSERT": partial(write, database, people),
    }
    rounds = await interleaved(cases, ROUNDS)
    yield Figure("import", "product", round(rounds.median("product")), "rows/s")
    peers = sorted(list(cases)[1:], key=rounds.median)
    for place, case in enumerate(peers):
        ratio = rounds.ratio("product", to=case)
        bar = LEAST if place == 0 else None  # of the slower one
        yield Figure("import", case, round(rounds.median(case)), "rows/s", round(ratio, 2), bar,
                     None if bar is None else ratio >= bar)  # fmt: skip


async def product(database: Database, data: bytes) -> float:
    """From the press to the last row in the tables; rows a second."""
    await run(database, RESET)
    clock, actor = ManualClock(NOW), Actor(1, Role.OWNER, Face.MENU, 1)
    imports = ContactImports(database, clock)
    import_id = await imports.open(actor, data, "bench.csv")
    await imports.review(actor, import_id)
    began = time.perf_counter()
    await imports.start(actor, import_id, ConsentSource.WEB_FORM, "open day")
    await Importer(database, clock).run_once(NOW)
    took = time.perf_counter() - began
    progress = await imports.progress(actor, import_id)
    assert (progress.status, progress.created) == (ImportStatus.DONE, ROWS), progress
    return ROWS / took


async def parse(data: bytes) -> float:
    began = time.perf_counter()
    assert len(bare_parse(data)) == ROWS
    return ROWS / (time.perf_counter() - began)


def bare_parse(data: bytes) -> list[tuple[str, str, str, str]]:
    """(phone, name, interest, city) of each row."""
    people = []
    reader = csv.reader(io.StringIO(data.decode(), newline=""))
    next(reader)
    for name, cell, interest, city in reader:
        number = phonenumbers.parse(cell, "MY")
        if phonenumbers.is_possible_number(number):
            phone = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            people.append((phone, name, interest, city))
    return people


async def write(database: Database, people: list[tuple[str, str, str, str]]) -> float:
    await run(database, RESET)
    records = [(phone, name, f'{{"city": "{city}"}}') for phone, name, _, city in people]
    began = time.perf_counter()
    async with database.transaction() as session:
        await session.execute(
            text("CREATE TEMP TABLE incoming (phone text, name text, attributes jsonb) ON COMMIT DROP")
        )
        pooled = await (await session.connection()).get_raw_connection()
        await pooled.driver_connection.copy_records_to_table("incoming", records=records)
        await session.execute(text(BARE))
    return ROWS / (time.perf_counter() - began)
