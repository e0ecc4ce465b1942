"""Whatever is thrown at it: a helpful answer in the chat, a clear line at the start, and nothing breaks."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.chat import Operator
from tests.e2e.harness import ROOT, Product, clean_environment

MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def operator(home: Path):
    with Product(home) as product:
        operator = Operator(product)
        operator.claim()
        operator.add_device("Sales-1")
        yield operator


@pytest.mark.parametrize(
    ("name", "content", "answer"),
    [
        ("prices.pdf", b"%PDF-1.7\n" + b"\0\1\2" * 500, "PDF"),
        ("contacts.csv", b"%PDF-1.7\n" + b"\0\1\2" * 500, "PDF"),
        ("big.csv", b"phone,name\n" + b"+60100000001,Ann\n" * (30 * MEGABYTE // 17), "20 MB"),
        ("orders.csv", b"order,total\n1,20\n2,30\n", "phone"),
        ("rubbish.csv", bytes(range(256)) * 40, "text"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_a_file_that_is_no_contact_list_is_answered(operator: Operator, name: str, content: bytes, answer: str):
    home = operator.home()
    operator.upload(name, content, "application/octet-stream")
    operator.see(answer, after=home)
    operator.home()


def test_a_name_of_ten_thousand_characters_is_answered(operator: Operator):
    operator.home()
    operator.press("Sequences")
    operator.press("+ New")
    operator.see("1 of 4")
    said = operator.say("x" * 10_000)
    operator.see("characters; please choose one of at most 60", after=said)
    operator.home()


def test_markup_and_braces_are_text_or_answered(operator: Operator):
    operator.create_sequence("<b>Bold</b> & {{ name }}", "Day 1 09:00\nPrice < 5 <b>now</b>", ["Sales-1"])
    operator.see("<b>Bold</b> & {{ name }}", "Price < 5 <b>now</b>")
    operator.see("cannot be read", after=operator.say("Day 3\nHello {{"))
    operator.see("there is no variable", after=operator.say("Day 3\nHello {{ nme }}"))
    operator.home()


def start(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot"],
        env=clean_environment(**environment),
        cwd=ROOT / "tests",  # no .env of the checkout
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("variable", "value", "mend"),
    [
        ("DEFAULT_TIME_ZONE", "Mars/Olympus", "use an IANA name such as Asia/Kuala_Lumpur"),
        ("DEFAULT_MIN_DELAY_SECONDS", "60", "is above DEFAULT_MAX_DELAY_SECONDS"),
        ("DATABASE_URL", "mysql://localhost/x", "write postgresql://user:password@host:5432/database"),
        ("DATABASE_URL", "postgresql://a:b@127.0.0.1:1/x", "check the address"),
        ("TELEGRAM_BOT_TOKEN", "hello", "copy it from @BotFather"),
        ("CLOCK_START", "2026-03-27T08:00:00", "an instant needs its offset"),
    ],
)
def test_a_bad_setting_stops_the_start_with_one_line(tmp_path: Path, variable: str, value: str, mend: str):
    ended = start(**{"DRIPDESK_HOME": str(tmp_path), variable: value})
    [line] = ended.stderr.strip().splitlines()
    assert ended.returncode == 2
    assert variable in line
    assert mend in line


def test_a_port_that_is_taken_stops_the_start_with_one_line(home: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = start(DRIPDESK_HOME=str(home / "port"), PORT=str(taken.getsockname()[1]))
    assert ended.returncode == 2
    assert "PORT: cannot listen on" in ended.stderr.strip().splitlines()[-1]
