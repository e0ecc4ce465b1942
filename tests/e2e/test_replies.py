"""A phone answers: the group is told, an operator replies to that, and the phone has the answer."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.chat import ALERTS_GROUP, Operator, made_up_phone
from tests.e2e.harness import Product, wait_until

DEVICE = "Sales 1"
ANN, BEN = made_up_phone(7, 0), made_up_phone(7, 1)


@pytest.fixture(scope="module")
def group(product: Product, operator: Operator) -> Operator:
    """Two people have had the first message of a sequence that goes on tomorrow."""
    product.post(f"/sandbox/groups/{ALERTS_GROUP}/bot", member=True)
    operator.add_device(DEVICE, "1-2")
    people = operator.import_people(2, series=7)
    operator.run_sequence("Welcome", "Day 1 on joining\nWelcome!\nDay 2 09:00\nMore", [DEVICE], people)
    wait_until(lambda: {line.phone for line in product.ledger()} == {ANN, BEN}, "both have the first message")
    alerts = Operator(product, ALERTS_GROUP)
    alerts.see("will be posted here")
    return alerts


def _on_phone(product: Product, phone: str) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = product.get(f"/sandbox/phones/{phone}")["messages"]
    return messages


def test_a_reply_is_posted_and_answered_from_the_group(product: Product, group: Operator) -> None:
    first = _on_phone(product, ANN)[0]["message_id"]
    product.post("/sandbox/reply", phone=ANN, text="How much is it?", attached="photo", quotes=first)
    post = group.see("Person 0", DEVICE, "photo", "How much is it?", "to “Welcome!”")
    group.say("RM 10", reply_to=post)
    group.see(f"✓ goes out from {DEVICE}")
    wait_until(lambda: _on_phone(product, ANN)[-1]["body"] == "RM 10", "the phone has the answer")
    assert [line.body for line in product.ledger() if line.phone == ANN] == ["Welcome!", "RM 10"]


def test_the_post_opens_the_card_in_the_private_chat(
    product: Product, operator: Operator, group: Operator
) -> None:
    post = group.see("How much is it?")
    assert group.press("Open contact", message=post) == "Opened in our private chat."
    operator.see(ANN, "💬", "[photo] “How much is it?”", "answer · ")
    operator.press("Back")
    operator.see("as of")


def test_what_is_typed_on_the_devices_phone_is_an_answer_and_holds_nothing(
    product: Product, operator: Operator, group: Operator
) -> None:
    product.post("/sandbox/reply", phone=BEN, text="Are you open?")
    group.see("Person 1", "Are you open?")
    operator.home()
    operator.see("1 reply to answer")
    product.post("/sandbox/reply", phone=BEN, text="Until six", typed_on_phone=True)
    wait_until(
        lambda: product.sql("SELECT 1 FROM inbound_messages WHERE answered_at IS NOT NULL AND body LIKE 'Are%'"),
        "it counts as the answer",
    )
    assert "to answer" not in operator.home()["text"]
    assert _on_phone(product, BEN)[-1]["body"] == "Until six"
    assert BEN not in [line.phone for line in product.ledger()[2:]], "nothing of ours went to Ben"
    paused = (
        "SELECT c.phone FROM sequence_contacts e JOIN contacts c ON c.id = e.contact_id WHERE e.status = 'paused'"
    )
    assert {row["phone"] for row in product.sql(paused)} == {ANN, BEN}, (
        "by what they wrote, as the sequence is set"
    )


def test_many_replies_are_told_together_and_answered_from_the_list(
    product: Product, operator: Operator, group: Operator
) -> None:
    for number in range(14):
        product.post("/sandbox/reply", phone=ANN, text=f"Question {number}")
    post = group.see("more replies", within=90)
    assert group.press("Open replies", message=post) == "Opened in our private chat."
    operator.see("wait for an answer")
    operator.press("Person 0")
    operator.press("Answer")
    operator.see("Type your answer")
    operator.say("One at a time, please")
    operator.see(f"✓ goes out from {DEVICE}")
    wait_until(lambda: _on_phone(product, ANN)[-1]["body"] == "One at a time, please", "the phone has it")
    operator.see("None waits for an answer.")


def test_the_page_replies_to_a_post_and_types_on_the_devices_phone(
    product: Product, group: Operator, page: Page, complaints: list[str]
) -> None:
    product.post("/sandbox/reply", phone=BEN, text="Where are you?")
    post = group.see("Where are you?", within=90)
    page.get_by_test_id(f"chat-tab-{ALERTS_GROUP}").click()
    page.get_by_test_id(f"message-{ALERTS_GROUP}-{post['message_id']}").hover()
    page.get_by_test_id("action-reply").click()
    expect(page.locator("#context-title")).to_contain_text("Reply to")
    page.get_by_test_id("composer").fill("At the corner")
    page.get_by_test_id("send").click()
    page.get_by_test_id(f"phone-{BEN[1:]}").click()
    expect(page.get_by_test_id("phone-message").last).to_contain_text("At the corner", timeout=15_000)
    page.get_by_test_id("type-on-device").click()
    page.get_by_test_id("reply-box").fill("See you")
    page.get_by_test_id("reply-send").click()
    expect(page.locator(".received").last).to_contain_text("See you")
    expect(page.get_by_test_id("type-on-device")).to_have_attribute("aria-checked", "false")
    assert complaints == []
