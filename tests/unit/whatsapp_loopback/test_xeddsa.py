"""Signatures with keys that are made for agreement."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.whatsapp_loopback.xeddsa import KeyPair, verify

keys = st.builds(KeyPair.from_private, st.binary(min_size=32, max_size=32))
messages = st.binary(max_size=200)


@given(keys, messages)
def test_what_is_signed_can_be_verified(pair: KeyPair, message: bytes) -> None:
    assert verify(pair.public, message, pair.sign(message))


@given(keys, messages, st.integers(0, 64 * 8 - 1))
def test_any_changed_bit_is_noticed(pair: KeyPair, message: bytes, bit: int) -> None:
    signature = bytearray(pair.sign(message))
    signature[bit // 8] ^= 1 << bit % 8

    assert not verify(pair.public, message, bytes(signature))


@given(keys, keys, messages)
def test_nobody_else_signed_it(pair: KeyPair, other: KeyPair, message: bytes) -> None:
    assert verify(other.public, message, pair.sign(message)) == (other == pair)
    assert not verify(pair.public, message + b".", pair.sign(message))


@given(st.binary(max_size=40), messages, st.binary(max_size=70))
def test_garbage_is_no_signature(public: bytes, message: bytes, signature: bytes) -> None:
    assert not verify(public, message, signature)


@pytest.mark.parametrize("u", [0, 1, 2**255 - 20])
def test_points_of_small_order_sign_nothing(u: int) -> None:
    assert not verify(u.to_bytes(32, "little"), b"", b"\0" * 64)


def test_the_base_point_is_that_of_the_specification() -> None:
    """RFC 7748, section 6.1."""
    alice = KeyPair.from_private(bytes.fromhex("77076d0a7318a57d3c16c17251b26645c6df1f2e1f14f0d5b1f3b5d1d0e0d3a4"))
    bob = KeyPair.from_private(bytes.fromhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"))

    assert bob.public.hex() == "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"
    assert alice.dh(bob.public) == bob.dh(alice.public)


def test_a_seed_gives_the_same_pair_each_time() -> None:
    assert KeyPair.from_seed("a") == KeyPair.from_seed("a") != KeyPair.from_seed("b")


def test_the_private_key_is_not_shown() -> None:
    pair = KeyPair.from_seed("a")

    assert repr(pair.private) not in repr(pair)
