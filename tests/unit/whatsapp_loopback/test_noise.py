"""The handshake, against a client that is written from the specification's message pattern."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.whatsapp_loopback import identity, protobuf
from tests.whatsapp_loopback.noise import FrameCipher, HandshakeError, Responder, SymmetricState
from tests.whatsapp_loopback.protobuf import Fields
from tests.whatsapp_loopback.xeddsa import KeyPair, verify


class Initiator:
    """-> e; <- e, ee, s, es; -> s, se."""

    def __init__(self) -> None:
        self.ephemeral = KeyPair.generate()
        self.static = KeyPair.generate()
        self.state = SymmetricState()
        self.certificate = b""
        self.server_key = b""

    def hello(self) -> bytes:
        self.state.mix_hash(self.ephemeral.public)
        return protobuf.encode({2: {1: self.ephemeral.public}})

    def finish(self, answer: bytes, payload: bytes) -> bytes:
        hello = Fields(answer).message(3)
        assert hello
        theirs = hello.required(1)
        self.state.mix_hash(theirs)
        self.state.mix_key(self.ephemeral.dh(theirs))
        self.server_key = self.state.decrypt(hello.required(2))
        self.state.mix_key(self.ephemeral.dh(self.server_key))
        self.certificate = self.state.decrypt(hello.required(3))
        static = self.state.encrypt(self.static.public)
        self.state.mix_key(self.static.dh(theirs))
        return protobuf.encode({4: {1: static, 2: self.state.encrypt(payload)}})


def responder() -> Responder:
    return Responder(identity.STATIC, identity.certificate())


def test_both_sides_end_with_the_same_keys_and_know_each_other() -> None:
    client, server = Initiator(), responder()

    greeted = server.finish(client.finish(server.hello(client.hello()), b"login"))

    outgoing, incoming = client.state.split()
    assert greeted.payload == b"login"
    assert (greeted.client_key, client.server_key) == (client.static.public, identity.STATIC.public)
    assert greeted.incoming.decrypt(outgoing.encrypt(b"to the server")) == b"to the server"
    assert incoming.decrypt(greeted.outgoing.encrypt(b"to the client")) == b"to the client"


def test_the_certificates_hang_on_the_root() -> None:
    chain = Fields(identity.certificate())
    leaf, intermediate = chain.message(1), chain.message(2)
    assert leaf
    assert intermediate

    assert verify(identity.ROOT.public, intermediate.required(1), intermediate.required(2))
    assert verify(identity.INTERMEDIATE.public, leaf.required(1), leaf.required(2))
    assert Fields(intermediate.required(1)).octets(3) == identity.INTERMEDIATE.public
    assert Fields(leaf.required(1)).octets(3) == identity.STATIC.public
    assert Fields(leaf.required(1)).integer(2) == Fields(intermediate.required(1)).integer(1)


def test_a_changed_answer_is_refused() -> None:
    client, server = Initiator(), responder()
    finish = bytearray(client.finish(server.hello(client.hello()), b"login"))
    finish[-1] ^= 1

    with pytest.raises(HandshakeError):
        server.finish(bytes(finish))


@given(st.binary(max_size=200))
def test_garbage_is_no_greeting(garbage: bytes) -> None:
    with pytest.raises(HandshakeError):
        responder().hello(garbage)


@given(st.binary(max_size=200))
def test_garbage_is_no_end_of_a_handshake(garbage: bytes) -> None:
    server = responder()
    server.hello(Initiator().hello())

    with pytest.raises(HandshakeError):
        server.finish(garbage)


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=5))
def test_frames_are_read_in_their_order(frames: list[bytes]) -> None:
    sender, receiver = FrameCipher(b"k" * 32), FrameCipher(b"k" * 32)

    assert [receiver.decrypt(sender.encrypt(frame)) for frame in frames] == frames


def test_a_frame_that_was_left_out_is_noticed() -> None:
    sender, receiver = FrameCipher(b"k" * 32), FrameCipher(b"k" * 32)
    sender.encrypt(b"lost")

    with pytest.raises(HandshakeError):
        receiver.decrypt(sender.encrypt(b"next"))
