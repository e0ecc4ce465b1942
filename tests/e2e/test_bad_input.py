"""What people get wrong has a helpful answer, strangers have none, and afterwards everything still works."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.chat import ALERTS_GROUP, Operator
from tests.e2e.harness import Product, wait_until
from tests.processes import clean_environment

STRANGER = 4242
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"
RUBBISH = bytes(range(256)) * 40
MARKUP = "<b>Bold</b> {{ name }} {% raw %} & </i>"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("prices.pdf", PDF, ("PDF", "CSV")),
        ("huge.csv", b"Name,Phone\n" + b"Somebody,+60100000000\n" * 1_430_000, ("too big", "20 MB")),
        ("towns.csv", b"Name,Town\nAisyah,Ipoh\nBen,Johor\n", ("phone",)),
        ("noise.csv", RUBBISH, ("not a text file", "CSV")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_no_list_of_contacts_is_explained(
    operator: Operator, name: str, content: bytes, words: tuple[str, ...]
) -> None:
    file = operator.upload(name, content)
    error = operator.see(*words, after=file, within=20)
    wait_until(lambda: operator.menu()["message_id"] > error["message_id"], "the menu is below the error")
    operator.home()
    operator.press("Contacts")
    operator.see("Contacts", "Drop a CSV or Excel file")


def test_a_name_of_ten_thousand_characters_is_refused_and_asked_again(operator: Operator) -> None:
    operator.home()
    operator.press("Sequences")
    operator.press("+ New")
    operator.see("1 of 4")
    first_part = operator.say("x" * 10_000)  # Telegram's apps cut it into messages of 4096
    operator.see("4,096 characters", "at most 60", after=first_part)
    operator.see("1,808 characters", "at most 60", after=first_part)
    operator.say("A good name")
    operator.see("A good name", "2 of 4")


def test_markup_in_a_name_and_a_message_is_shown_as_it_was_typed(operator: Operator) -> None:
    operator.add_device(MARKUP)
    operator.create_sequence(MARKUP, "Day 1 09:00\n<b>not bold</b> & so on", [MARKUP])
    plan = operator.see(MARKUP, "<b>not bold</b> & so on")
    assert "<b>not bold" not in plan["html"]
    operator.say("Day 2\nunfinished {{ name")
    operator.see("{{")
    operator.press("Done")
    operator.see(MARKUP, "Draft")


def test_a_message_with_an_unknown_placeholder_is_explained(operator: Operator) -> None:
    operator.add_device("Plain")
    operator.create_sequence("Placeholders", "Day 1 09:00\nHello", ["Plain"])
    operator.see("nme", after=operator.say("Day 2\nHi {{ nme }}"))
    operator.home()


@pytest.mark.parametrize("text", ["/start", "/start claim_guess", "hello", "/help"])
def test_a_stranger_gets_nothing(product: Product, operator: Operator, text: str) -> None:
    stranger = Operator(product, STRANGER, STRANGER)
    in_group = Operator(product, ALERTS_GROUP, STRANGER)
    product.post(f"/sandbox/groups/{ALERTS_GROUP}/bot", member=True)
    Operator(product, ALERTS_GROUP).see("will be posted here")
    before = in_group.said_by_bot()
    stranger.say(text)
    in_group.say(text)
    operator.home()  # a whole round trip that began after the stranger's
    assert stranger.said_by_bot() == []
    assert in_group.said_by_bot() == before


def test_a_stranger_cannot_press_the_owners_buttons(product: Product, operator: Operator) -> None:
    menu = operator.home()
    answer = product.http.post(
        "/sandbox/press",
        json={
            "chat_id": menu["chat_id"],
            "message_id": menu["message_id"],
            "button": "⛔ Stop everything",
            "user_id": STRANGER,
        },
    )
    assert not answer.is_success or not answer.json()["answered"]
    assert operator.menu() == menu


def test_one_button_pressed_five_times_at_once_is_one_press(product: Product, operator: Operator) -> None:
    operator.add_device("Quick", "5-15")
    operator.run_sequence("Pressed", "Day 1 09:00\nOnce only", ["Quick"], operator.import_people(2, series=1))
    with ThreadPoolExecutor(5) as fingers:
        toasts = list(fingers.map(lambda _: operator.press("Pause"), range(5)))
    assert all("Paused" in toast for toast in toasts if toast)
    operator.see("Pressed", "Paused")
    operator.launch("Resume", "0 twice")
    product.jump_to_next_due()
    product.run_clock(60)
    product.wait_until_all_is_sent()
    assert [line.body for line in product.ledger()] == ["Once only"] * 2


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DEFAULT_TIME_ZONE", "Asia/Atlantis"),
        ("DEFAULT_MIN_DELAY_SECONDS", "31"),
        ("DATABASE_URL", "postgres//nowhere"),
        ("PORT", "eighty"),
        ("CLOCK_START", "2026-01-05T08:00:00"),
    ],
)
def test_a_bad_setting_stops_the_start_with_one_line_that_names_it(
    tmp_path: Path, variable: str, value: str
) -> None:
    code, lines = _start(tmp_path, **{variable: value})
    assert code == 2
    assert len(lines) == 1
    assert variable in lines[0]


def test_a_port_in_use_stops_the_start_with_one_line(product: Product, operator: Operator) -> None:
    port = product.url.rpartition(":")[2]
    code, lines = _start(product.home, PORT=port)
    assert code == 2
    assert len(lines) == 1
    assert "PORT" in lines[0]
    operator.home()  # the one that runs is not disturbed


def _start(home: Path, **environment: str) -> tuple[int, list[str]]:
    """The exit code, and the lines of stderr."""
    ended = subprocess.run(
        [sys.executable, "-m", "bot"],
        cwd=home,
        env=clean_environment(DRIPDESK_HOME=str(home), **environment),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ended.returncode, ended.stderr.splitlines()
