"""What must be true after all of it: of the book of contacts, of the campaigns, and of what the phones have got."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from engine.broadcast.books import Books
from engine.clock import Clock
from engine.database import Database
from models.enums import MessageStatus
from tests.e2e.harness import LedgerLine
from tests.simulation.audit import Violation
from tests.simulation.kills.file import File


@dataclass(frozen=True, slots=True)
class Campaign:
    id: int
    import_id: int
    file: File


@dataclass(frozen=True, slots=True)
class Found:
    imported: int
    messages: int
    unknown: int
    violations: list[Violation]


PEOPLE = "SELECT phone FROM contacts WHERE NOT unlisted"
MEMBERS = """
SELECT c.phone FROM imports i JOIN list_members n ON n.list_id = i.list_id JOIN contacts c ON c.id = n.contact_id
 WHERE i.id = :id
"""
IMPORT = "SELECT status, created + updated + skipped AS people, rejected FROM imports WHERE id = :id"
# Each import gives its own evidence, once.
EVIDENCE = "SELECT contact_id FROM consents GROUP BY contact_id, import_id HAVING count(*) > 1"
ORPHANS = """
SELECT count(*) FROM (
    SELECT contact_id FROM leads UNION ALL SELECT contact_id FROM consents UNION ALL
    SELECT contact_id FROM list_members) o
 WHERE NOT EXISTS (SELECT FROM contacts c WHERE c.id = o.contact_id)
"""
MESSAGES = """
SELECT m.id, c.phone, m.status FROM broadcast_messages m JOIN contacts c ON c.id = m.contact_id
 WHERE m.campaign_id = :id
"""


async def audit(
    database: Database,
    clock: Clock,
    campaigns: Sequence[Campaign],
    ledger: Sequence[LedgerLine],
    most_unknown: int,
) -> Found:
    """`most_unknown`: how many can have been on their way when their engines were killed."""
    violations: list[Violation] = []

    def must(rule: str, *, so: bool, detail: object) -> None:
        if not so:
            violations.append(Violation(rule, str(detail)))

    async def rows(sql: str, **values: Any) -> Sequence[Any]:
        async with database.transaction() as session:
            return (await session.execute(text(sql), values)).all()

    phones = Counter(row.phone for row in await rows(PEOPLE))
    everybody = frozenset[str]().union(*(campaign.file.people for campaign in campaigns))
    must("nobody is imported twice", so=max(phones.values(), default=1) == 1, detail=phones.most_common(3))
    must("everybody is imported", so=set(phones) == everybody, detail=_difference(set(phones), everybody))
    twice = await rows(EVIDENCE)
    must("evidence is kept once an import", so=not twice, detail=f"{len(twice)} contacts")
    ((orphans,),) = await rows(ORPHANS)
    must("nothing is of nobody", so=orphans == 0, detail=orphans)
    taken = Counter(line.ref for line in ledger)
    must("nothing is sent twice", so=max(taken.values(), default=1) == 1, detail=taken.most_common(3))
    messages, unknown = 0, 0
    for campaign in campaigns:
        name = campaign.file.interest
        (done,) = await rows(IMPORT, id=campaign.import_id)
        counted = (done.status, done.people, done.rejected)
        expected = ("done", len(campaign.file.people), campaign.file.rejected)
        must("an import counts what it did", so=counted == expected, detail=f"{name}: {counted}, not {expected}")
        members = {row.phone for row in await rows(MEMBERS, id=campaign.import_id)}
        detail = _difference(members, campaign.file.people)
        must("a list has the people of its file", so=members == campaign.file.people, detail=f"{name}: {detail}")
        of_it = await rows(MESSAGES, id=campaign.id)
        people = Counter(row.phone for row in of_it)
        must("one message a person", so=max(people.values(), default=1) == 1, detail=people.most_common(3))
        detail = _difference(set(people), campaign.file.interested)
        must("nobody is missing", so=set(people) == campaign.file.interested, detail=f"{name}: {detail}")
        statuses = Counter(row.status for row in of_it)
        ended = statuses[MessageStatus.SENT] + statuses[MessageStatus.UNKNOWN]
        must("it goes out to the end", so=ended == len(of_it), detail=f"{name}: {dict(statuses)}")
        got = Counter(line.phone for line in ledger if line.body.startswith(f"{name} for "))
        must("nobody gets it twice", so=max(got.values(), default=1) == 1, detail=got.most_common(3))
        sent = {row.phone for row in of_it if row.status == MessageStatus.SENT}
        unsure = {row.phone for row in of_it if row.status == MessageStatus.UNKNOWN}
        must("what counts as sent was sent", so=sent <= set(got), detail=sorted(sent - set(got))[:5])
        beyond = set(got) - sent - unsure
        must("what was sent is known or unsure", so=not beyond, detail=sorted(beyond)[:5])
        messages += len(of_it)
        unknown += len(unsure)
    must("only what was on its way is unsure", so=unknown <= most_unknown, detail=f"{unknown} > {most_unknown}")
    violations += [
        Violation("the books balance", one.in_words) for one in await Books(database).run_once(clock.now())
    ]
    return Found(len(phones), messages, unknown, violations)


def _difference(found: frozenset[str] | set[str], expected: frozenset[str]) -> str:
    missing, more = sorted(expected - found), sorted(found - expected)
    return f"missing {len(missing)}: {missing[:5]}, too many {len(more)}: {more[:5]}"
