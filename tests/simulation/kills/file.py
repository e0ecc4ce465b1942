"""The file of a round: people, known people, people twice, and rows that cannot be read."""

from dataclasses import dataclass

ROWS = 12_000
OF_INTEREST = 8  # one of so many is interested, and gets the campaign
UNREADABLE = 40  # one row of so many has no number


@dataclass(frozen=True, slots=True)
class File:
    """`interested` are those phones (E.164) that the campaign is for; `people` all that can be read."""

    content: bytes
    interest: str
    people: frozenset[str]
    interested: frozenset[str]
    rejected: int


def write(number: int, rows: int = ROWS) -> File:
    """A fifth of each file is known from the one before; every tenth of those that can be read comes twice."""
    interest = f"Offer {number}"
    first = number * rows * 4 // 5
    lines, people, interested, rejected = ["Name,Mobile,Interest"], set(), set(), 0
    for place in range(rows):
        person = first + place
        phone = f"+6012{person:07d}"
        wanted = interest if place % OF_INTEREST == 0 else ""
        if place % UNREADABLE == 7:
            lines.append(f"Nobody {person},n/a,{wanted}")
            rejected += 1
            continue
        lines.append(f"Person {person},{phone},{wanted}")
        people.add(phone)
        if wanted:
            interested.add(phone)
        if place % 10 == 3:
            lines.append(f"Again {person},{phone},")
            rejected += 1
    content = "\n".join(lines).encode()
    return File(content, interest, frozenset(people), frozenset(interested), rejected)
