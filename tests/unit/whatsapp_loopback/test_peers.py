"""Two phones write to each other with the keys of Signal. That they speak as WhatsApp does, the real library proves."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.whatsapp_loopback.peers import NoSessionError, Peer, padded, unpadded
from tests.whatsapp_loopback.ratchet import MOST_AHEAD, RepeatedMessageError
from tests.whatsapp_loopback.signal_wire import PreKeySignalMessage, UndecryptableError
from tests.whatsapp_loopback.x3dh import Bundle, ForgedBundleError
from tests.whatsapp_loopback.xeddsa import KeyPair

Sealed = tuple[str, bytes]


@dataclass
class Conversation:
    """Ann and Bob, and what is on its way to each of them."""

    ann: Peer = field(default_factory=lambda: Peer("+15550001"))
    bob: Peer = field(default_factory=lambda: Peer("+15550002"))

    def writes(self, who: Peer, text: bytes, bundle: Bundle | None = None) -> Sealed:
        other = self.other(who)
        return who.encrypt(other.phone, bundle or (None if who.knows(other.phone) else other.bundle()), text)

    def reads(self, who: Peer, sealed: Sealed) -> bytes:
        return who.decrypt(self.other(who).phone, *sealed)

    def other(self, who: Peer) -> Peer:
        return self.bob if who is self.ann else self.ann

    def greeted(self) -> "Conversation":
        """Both have written and read once."""
        assert self.reads(self.bob, self.writes(self.ann, b"hello")) == b"hello"
        assert self.reads(self.ann, self.writes(self.bob, b"hello yourself")) == b"hello yourself"
        return self


def test_who_writes_first_introduces_themselves_until_they_are_answered() -> None:
    talk = Conversation()
    first, second = talk.writes(talk.ann, b"one"), talk.writes(talk.ann, b"two")
    assert (first[0], second[0]) == ("pkmsg", "pkmsg")
    assert talk.reads(talk.bob, first) == b"one"
    answer = talk.writes(talk.bob, b"three")
    assert answer[0] == "msg"
    assert talk.reads(talk.ann, answer) == b"three"
    assert talk.writes(talk.ann, b"four")[0] == "msg"
    assert talk.reads(talk.bob, second) == b"two"


@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(min_value=0, max_value=12), st.binary(max_size=40)),
        min_size=1,
        max_size=30,
    )
)
def test_every_message_is_read_once_in_whatever_order_they_come(steps: list[tuple[bool, int, bytes]]) -> None:
    talk = Conversation()
    way: dict[int, list[tuple[Sealed, bytes]]] = {id(talk.ann): [], id(talk.bob): []}
    for of_ann, late, text in steps:
        writer = talk.ann if of_ann else talk.bob
        way[id(talk.other(writer))].append((talk.writes(writer, text), text))
        reader = talk.bob if late % 2 else talk.ann
        if way[id(reader)]:
            sealed, expected = way[id(reader)].pop(late % len(way[id(reader)]))
            assert talk.reads(reader, sealed) == expected
    for reader in (talk.ann, talk.bob):
        for sealed, expected in reversed(way[id(reader)]):
            assert talk.reads(reader, sealed) == expected
            with pytest.raises(RepeatedMessageError):
                talk.reads(reader, sealed)


def test_hundreds_of_messages_and_turns() -> None:
    talk = Conversation().greeted()
    for turn in range(300):
        writer = talk.ann if turn % 3 else talk.bob
        for text in (b"a%d" % turn, b"b%d" % turn):
            assert talk.reads(talk.other(writer), talk.writes(writer, text)) == text


def test_both_may_begin_at_once() -> None:
    talk = Conversation()
    of_ann, of_bob = talk.writes(talk.ann, b"from ann"), talk.writes(talk.bob, b"from bob")
    assert talk.reads(talk.bob, of_ann) == b"from ann"
    assert talk.reads(talk.ann, of_bob) == b"from bob"
    for turn in range(6):
        writer = talk.ann if turn % 2 else talk.bob
        assert talk.reads(talk.other(writer), talk.writes(writer, b"on")) == b"on"


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_changed_byte_is_noticed_and_leaves_the_true_message_readable(place: int, change: int) -> None:
    talk = Conversation().greeted()
    kind, sealed = talk.writes(talk.ann, b"the price is 10")
    forged = bytearray(sealed)
    forged[place % len(forged)] ^= change
    with pytest.raises(UndecryptableError):
        talk.reads(talk.bob, (kind, bytes(forged)))
    assert talk.reads(talk.bob, (kind, sealed)) == b"the price is 10"


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_changed_byte_is_noticed_in_an_introduction_too(place: int, change: int) -> None:
    talk = Conversation()
    opening = PreKeySignalMessage.decoded(talk.writes(talk.ann, b"the price is 10")[1])
    forged = bytearray(opening.message)
    forged[place % len(forged)] ^= change
    with pytest.raises(UndecryptableError):
        talk.reads(talk.bob, ("pkmsg", replace(opening, message=bytes(forged)).encoded()))
    assert talk.reads(talk.bob, ("pkmsg", opening.encoded())) == b"the price is 10"


@given(st.binary(max_size=80), st.sampled_from(["msg", "pkmsg", "skmsg"]))
def test_noise_is_no_message(noise: bytes, kind: str) -> None:
    talk = Conversation().greeted()
    with pytest.raises(UndecryptableError):
        talk.reads(talk.bob, (kind, b"\x33" + noise))


def test_a_key_that_agrees_on_no_secret_is_refused() -> None:
    talk = Conversation()
    opening = PreKeySignalMessage.decoded(talk.writes(talk.ann, b"hello")[1])
    with pytest.raises(UndecryptableError):
        talk.reads(talk.bob, ("pkmsg", replace(opening, base_key=bytes(32)).encoded()))


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [(b"\x33", b"\x23", "version 23"), (b"\x1a\x21\x05", b"\x1a\x21\x06", "another curve"), (b"\x30\x01", b"\x30\x02", "signed prekey 2")],
)  # fmt: skip
def test_an_introduction_of_another_make_is_refused(old: bytes, new: bytes, complaint: str) -> None:
    """Where no MAC proves it."""
    talk = Conversation()
    kind, sealed = talk.writes(talk.ann, b"hello")
    assert old in sealed
    with pytest.raises(UndecryptableError, match=complaint):
        talk.reads(talk.bob, (kind, sealed.replace(old, new, 1)))
    assert talk.reads(talk.bob, (kind, sealed)) == b"hello"


def test_nobody_else_can_write_in_anns_name() -> None:
    talk = Conversation()
    opening = PreKeySignalMessage.decoded(talk.writes(Peer("+15550003"), b"I am Ann")[1])
    with pytest.raises(UndecryptableError):
        talk.reads(talk.bob, ("pkmsg", replace(opening, identity_key=talk.ann.identity.public).encoded()))


def test_a_bundle_that_its_owner_did_not_sign_is_refused() -> None:
    talk = Conversation()
    forged = replace(talk.bob.bundle(), signed_prekey=KeyPair.generate().public)
    with pytest.raises(ForgedBundleError):
        talk.writes(talk.ann, b"hello", forged)


def test_every_bundle_has_a_prekey_of_its_own_that_opens_one_session() -> None:
    ann, bob = Peer("+15550001"), Peer("+15550002")
    bundles = [bob.bundle() for _ in range(20)]
    assert len({bundle.prekey for bundle in bundles}) == 20
    assert bob.decrypt("ann", *ann.encrypt("bob", bundles[0], b"hello")) == b"hello"
    with pytest.raises(RepeatedMessageError):
        bob.decrypt("eve", *Peer("+15550003").encrypt("bob", bundles[0], b"hello"))


def test_a_bundle_may_be_out_of_one_time_prekeys() -> None:
    talk = Conversation()
    without = replace(talk.bob.bundle(), prekey_id=None, prekey=None)
    assert talk.reads(talk.bob, talk.writes(talk.ann, b"hello", without)) == b"hello"


def test_a_device_that_was_paired_anew_is_written_to_under_its_new_identity() -> None:
    talk = Conversation().greeted()
    anew = Peer("+15550009")
    kind, sealed = talk.ann.encrypt(talk.bob.phone, anew.bundle(), b"welcome back")
    assert kind == "pkmsg"
    assert anew.decrypt(talk.ann.phone, kind, sealed) == b"welcome back"


def test_a_known_identity_is_written_to_in_the_session_that_is_there() -> None:
    talk = Conversation().greeted()
    assert talk.writes(talk.ann, b"hello", talk.bob.bundle())[0] == "msg"


def test_a_peer_that_forgot_asks_for_a_new_beginning_and_still_has_its_identity() -> None:
    talk = Conversation().greeted()
    forgetful = Peer(talk.bob.phone)
    with pytest.raises(NoSessionError):
        forgetful.decrypt(talk.ann.phone, *talk.writes(talk.ann, b"hello"))
    with pytest.raises(NoSessionError):
        forgetful.encrypt(talk.ann.phone, None, b"hello")
    assert forgetful.bundle().identity_key == talk.bob.bundle().identity_key
    assert forgetful.bundle().signed_prekey == talk.bob.bundle().signed_prekey


def test_who_forgot_begins_anew_and_the_other_follows() -> None:
    talk = Conversation().greeted()
    talk.ann.forget(talk.bob.phone)
    again = talk.writes(talk.ann, b"hello again")
    assert again[0] == "pkmsg"
    assert talk.reads(talk.bob, again) == b"hello again"
    assert talk.reads(talk.ann, talk.writes(talk.bob, b"yes?")) == b"yes?"


def test_a_message_too_far_ahead_is_refused() -> None:
    talk = Conversation().greeted()
    sealed = [talk.writes(talk.ann, b"%d" % number) for number in range(MOST_AHEAD + 2)]
    with pytest.raises(UndecryptableError, match="too far ahead"):
        talk.reads(talk.bob, sealed[-1])
    assert talk.reads(talk.bob, sealed[-2]) == b"%d" % MOST_AHEAD
    assert talk.reads(talk.bob, sealed[0]) == b"0"


@given(st.binary(max_size=100))
def test_padding_hides_the_length_and_comes_off(text: bytes) -> None:
    assert unpadded(padded(text)) == text
    assert 1 <= len(padded(text)) - len(text) <= 15


@pytest.mark.parametrize("wrong", [b"", b"text\x00", b"text\x02", b"\x05\x05", b"text" + b"\x20" * 32])
def test_wrong_padding_is_refused(wrong: bytes) -> None:
    with pytest.raises(UndecryptableError):
        unpadded(wrong)
