import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from engine.transports.simulator.faults import Fault, FaultKind
from engine.transports.simulator.network import SimulatedNetwork
from engine.transports.simulator.phones import PhoneMedia
from tests.unit.transports.lines import PHONE, NotedLine, submission


class LineThatReadsTheLedger(NotedLine):
    """Looks into the file at the instant of the answer."""

    def __init__(self, ledger: Path) -> None:
        super().__init__()
        self.ledger = ledger
        self.lines_at_answer: list[int] = []

    def answered(self, request, outcome):
        super().answered(request, outcome)
        self.lines_at_answer.append(len(read(self.ledger)))


def read(ledger: Path) -> list[dict]:
    return [json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "ledger.jsonl"


@pytest.fixture
def network(ledger):
    network = SimulatedNetwork(ledger=ledger)
    yield network
    network.close()


async def test_a_line_holds_all_that_an_audit_needs(network, ledger):
    media = PhoneMedia("ab" * 32, "application/pdf", "prices.pdf", 3)
    network.add_media(media.sha256, media.mime_type, b"pdf")
    line = NotedLine(device_id=3)
    network.connect(line)
    network.send(line, 1, submission(ref=42, body="Kenapa? \n退订 “ok”", media=media))
    (entry,) = read(ledger)
    at = datetime.fromisoformat(entry.pop("at"))
    assert at.utcoffset() == timedelta(0)
    assert entry == {
        "business_at": "2026-03-27T08:00:00+00:00",
        "device": 3,
        "phone": PHONE,
        "message_id": line.answers[1].message_id,
        "ref": 42,
        "body": "Kenapa? \n退订 “ok”",
        "media_sha256": "ab" * 32,
    }


async def test_the_line_is_written_before_the_answer(network, ledger):
    line = LineThatReadsTheLedger(ledger)
    network.connect(line)
    for request in (1, 2, 3):
        network.send(line, request, submission(ref=request))
    assert line.lines_at_answer == [1, 2, 3]


async def test_a_lost_ack_has_its_line_and_a_refused_message_has_none(network, ledger):
    line = NotedLine()
    network.connect(line)
    network.set_fault(1, FaultKind.REJECT, Fault(times=1))
    network.send(line, 1, submission(ref=1))
    network.set_fault(1, FaultKind.HANG, Fault(times=1))
    network.send(line, 2, submission(ref=2))
    network.set_fault(1, FaultKind.LOST_ACK, Fault())
    network.send(line, 3, submission(ref=3))
    assert [entry["ref"] for entry in read(ledger)] == [3]


async def test_a_restart_goes_on_in_the_same_file(network, ledger):
    line = NotedLine()
    network.connect(line)
    network.send(line, 1, submission(ref=1))
    network.close()
    network = SimulatedNetwork(ledger=ledger)
    network.connect(line)
    network.send(line, 2, submission(ref=2))
    network.close()
    assert [entry["ref"] for entry in read(ledger)] == [1, 2]
