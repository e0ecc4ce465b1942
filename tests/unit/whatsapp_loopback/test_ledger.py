"""The record of what the server accepted."""

from tests.whatsapp_loopback import contents
from tests.whatsapp_loopback.contents import Content, Kind
from tests.whatsapp_loopback.ledger import Ledger, Sent


def sent(
    message_id: str, text: str | None = "Hi", *, account: str = "1", recipient: str = "9", edit: str = ""
) -> Sent:
    plaintext = None if text is None else contents.written(Content(kind=Kind.TEXT, text=text))
    return Sent(
        account=account,
        recipient=recipient,
        message_id=message_id,
        stanza_type="text",
        media_type="",
        edit=edit,
        marks=(),
        plaintext=plaintext,
    )


def test_one_id_is_one_message_however_often_it_comes() -> None:
    ledger = Ledger()
    for _ in range(3):
        ledger.accept(sent("A"))

    (accepted,) = ledger.find()
    assert accepted.times == 3
    assert not ledger.duplicates()


def test_the_same_words_to_one_person_under_another_id_are_a_duplicate() -> None:
    ledger = Ledger()
    ledger.accept(sent("A"))
    ledger.accept(sent("B", account="2"))
    ledger.accept(sent("C", recipient="8"))
    ledger.accept(sent("D", "Something else"))

    (group,) = ledger.duplicates()
    assert [accepted.sent.message_id for accepted in group] == ["A", "B"]
    assert not ledger.duplicates(account="1")


def test_what_deletes_or_edits_a_message_is_no_duplicate_of_it() -> None:
    ledger = Ledger()
    ledger.accept(sent("A"))
    ledger.accept(sent("B", edit="1"))

    assert not ledger.duplicates()


def test_what_nobody_could_read_is_replaced_by_what_comes_readable() -> None:
    ledger = Ledger()
    ledger.accept(sent("A", None))
    ledger.accept(sent("A", "Now you can"))
    ledger.accept(sent("A", None))

    assert ledger.by_id("A").sent.text == "Now you can"


def test_messages_are_found_by_who_sent_them_and_who_got_them() -> None:
    ledger = Ledger()
    ledger.accept(sent("A", account="1", recipient="9"))
    ledger.accept(sent("B", account="2", recipient="9"))
    ledger.accept(sent("C", account="2", recipient="8"))

    assert [each.sent.message_id for each in ledger.find(recipient="9")] == ["A", "B"]
    assert [each.sent.message_id for each in ledger.find("2", "8")] == ["C"]
