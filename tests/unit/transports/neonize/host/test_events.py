from datetime import UTC, datetime

import pytest

from engine.transports.contract import Inbound, PhoneSeen, Receipt
from engine.transports.neonize.host.events import Seen, read_seen, translate
from engine.transports.neonize.host.library import address, content, protocol
from models.enums import ReceiptKind

PERSON, HIDDEN, OURS = address("60111"), address("777", "lid"), address("60999")
PHONE_SECONDS = 1_800_000_000
Message = content.Message


def source(chat=PERSON, sender=PERSON, *, from_me=False, sender_alt=None, recipient_alt=None):
    return protocol.MessageSource(
        Chat=chat,
        Sender=sender,
        IsFromMe=from_me,
        IsGroup=chat.Server == "g.us",
        SenderAlt=sender_alt,
        RecipientAlt=recipient_alt,
    )


def message(said, where=None):
    info = protocol.MessageInfo(
        MessageSource=where or source(), ID="M1", Timestamp=PHONE_SECONDS * 1000, Type="", Pushname=""
    )
    return protocol.Message(Info=info, Message=said)


def receipt(kind, where=None, ids=("M1",)):
    return protocol.Receipt(
        MessageSource=where or source(),
        MessageIDs=ids,
        Timestamp=PHONE_SECONDS,
        Type=getattr(protocol.Receipt, kind),
    )


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("DELIVERED", ReceiptKind.DELIVERED),
        ("INACTIVE", ReceiptKind.DELIVERED),
        ("READ", ReceiptKind.READ),
        ("PLAYED", ReceiptKind.READ),
        ("SERVER_ERROR", ReceiptKind.FAILED),
    ],
)
def test_receipts(kind, expected):
    assert translate(receipt(kind, ids=["M1", "M2"])) == [
        Seen(Receipt("M1", expected, "+60111")),
        Seen(Receipt("M2", expected, "+60111")),
    ]


@pytest.mark.parametrize("kind", ["RETRY", "PEER_MSG", "HISTORY_SYNC"])
def test_receipts_between_programs_are_none(kind):
    assert translate(receipt(kind)) == []


def test_receipts_in_groups_are_none():
    assert translate(receipt("READ", source(address("123", "g.us")))) == []


def test_a_receipt_of_somebody_hidden_keeps_the_name():
    (seen,) = translate(receipt("READ", source(HIDDEN, HIDDEN)))
    assert seen == Seen(Receipt("M1", ReceiptKind.READ, None), "777")
    assert seen.hides_phone
    assert seen.of("+60111").event.phone == "+60111"
    assert read_seen(seen.frame) == seen


def test_what_the_phone_itself_did_is_its_sign_of_life():
    sign = Seen(PhoneSeen(datetime.fromtimestamp(PHONE_SECONDS, UTC)))
    assert translate(receipt("SENDER", source(PERSON, OURS, from_me=True))) == [sign]
    companion = address("60999", device=3)
    assert translate(receipt("READ_SELF", source(PERSON, companion, from_me=True))) == []
    typed = translate(message(Message(conversation="Hi"), source(PERSON, OURS, from_me=True)))
    assert typed == [sign, Seen(Inbound("M1", "+60111", "Hi", typed_on_phone=True))]


def test_what_was_typed_in_a_chat_that_hides_the_number():
    where = source(HIDDEN, address("888", "lid", 3), from_me=True, recipient_alt=PERSON)
    (seen,) = translate(message(Message(conversation="Hi"), where))
    assert seen.event == Inbound("M1", "+60111", "Hi", lid="777", typed_on_phone=True)


def test_notes_to_oneself_are_nobodys():
    assert (
        translate(message(Message(conversation="Hi"), source(OURS, address("60999", device=3), from_me=True)))
        == []
    )


@pytest.mark.parametrize("server", ["g.us", "broadcast", "newsletter"])
def test_only_what_one_person_writes_counts(server):
    assert translate(message(Message(conversation="Hi"), source(address("1", server)))) == []


def test_a_person_by_both_names():
    (seen,) = translate(message(Message(conversation="Hi"), source(HIDDEN, HIDDEN, sender_alt=PERSON)))
    assert seen.event == Inbound("M1", "+60111", "Hi", lid="777")


@pytest.mark.parametrize(
    "silent",
    [
        Message(reactionMessage=content.ReactionMessage(text="❤")),
        Message(protocolMessage=content.ProtocolMessage(type=content.ProtocolMessage.REVOKE)),
        Message(senderKeyDistributionMessage=content.SenderKeyDistributionMessage(groupID="1")),
        Message(),
    ],
)
def test_what_nobody_said_is_none(silent):
    assert translate(message(silent)) == []
