"""How seldom WhatsApp is asked whether somebody is there."""

import asyncio

import pytest

from engine.devices.ownership import OwnedDevice
from engine.transports.neonize import numbers
from engine.transports.neonize.numbers import (
    A_MINUTE,
    MOST_A_MINUTE,
    NumberChecks,
    QuestionRefusedError,
    Questions,
)
from models.enums import TransportKind
from tests.unit.transports.neonize.conftest import NotedNumbers

DEVICE = OwnedDevice(1, 1, "Sales-1", TransportKind.NEONIZE, 1)


class Asked:
    def __init__(self) -> None:
        self.questions: list[list[str]] = []
        self.error: Exception | None = None

    async def __call__(self, phones):
        self.questions.append(phones)
        if self.error is not None:
            raise self.error
        return dict.fromkeys(phones, True), {}


@pytest.fixture
def asked():
    return Asked()


@pytest.fixture
def book():
    return NotedNumbers()


@pytest.fixture
def checks(asked, book):
    return NumberChecks(Questions(book), DEVICE, asked)


async def test_a_number_is_asked_for_once(checks, asked):
    assert await checks.is_there("+601") is True
    assert await checks.is_there("+601") is True
    assert await checks.look_up(["+601", "+602", "+602"]) == {"+601": True, "+602": True}
    assert asked.questions == [["+601"], ["+602"]]


async def test_beyond_the_limit_nobody_is_asked_and_the_send_decides(checks, asked, monkeypatch):
    now = 1000.0
    monkeypatch.setattr(numbers.time, "monotonic", lambda: now)
    phones = [f"+60{number}" for number in range(30)]
    assert len(await checks.look_up(phones)) == MOST_A_MINUTE
    assert await checks.is_there("+6099") is None
    assert len(asked.questions) == 1
    now += A_MINUTE
    assert await checks.is_there("+6099") is True


async def test_each_device_has_a_limit_of_its_own_which_outlives_its_line(book, asked):
    questions = Questions(book)
    other = OwnedDevice(2, 1, "Sales-2", TransportKind.NEONIZE, 1)
    await NumberChecks(questions, DEVICE, asked).look_up([f"+60{number}" for number in range(20)])
    assert await NumberChecks(questions, DEVICE, asked).is_there("+6099") is None
    assert await NumberChecks(questions, other, asked).is_there("+6099") is True


@pytest.mark.parametrize("error", [ConnectionError(), TimeoutError(), QuestionRefusedError("429")])
async def test_a_question_that_fails_leaves_it_to_the_send(checks, asked, book, error):
    asked.error = error
    assert await checks.is_there("+601") is None
    assert "+601" not in book.there


async def test_a_database_that_is_away_does_not_stop_a_send(checks, book, monkeypatch):
    async def fail(*_):
        raise ConnectionRefusedError

    monkeypatch.setattr(book, "known", fail)
    monkeypatch.setattr(book, "learn", fail)
    assert await checks.is_there("+601") is True
    await asyncio.sleep(0)
