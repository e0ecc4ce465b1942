"""The binary form of stanzas."""

import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.whatsapp_loopback.nodes import COMPRESSED, Jid, Node, NotANodeError, decode, encode
from tests.whatsapp_loopback.tokens import DOUBLE, SINGLE

DICTIONARY = [word for page in (SINGLE, *DOUBLE) for word in page if word]
words = st.one_of(
    st.integers(0, len(DICTIONARY) - 1).map(lambda at: DICTIONARY[at]),
    st.text("0123456789-.", min_size=1, max_size=300),
    st.text("0123456789ABCDEF", min_size=1, max_size=20),
    st.text(max_size=300),
)
users = st.text("0123456789", min_size=1, max_size=20)
jids = st.one_of(
    st.builds(Jid, users, st.sampled_from(["s.whatsapp.net", "lid", "hosted"]), st.integers(0, 255)),
    st.builds(Jid, st.just(""), st.sampled_from(["s.whatsapp.net", "g.us"])),
    st.builds(Jid, users, st.sampled_from(["g.us", "broadcast", "newsletter"])),
)
attributes = st.dictionaries(words, st.one_of(words, jids), max_size=5)
nodes = st.recursive(
    st.builds(Node, words, attributes, st.one_of(st.none(), st.binary(min_size=1, max_size=300))),
    lambda inner: st.builds(Node, words, attributes, st.lists(inner, min_size=1, max_size=4).map(tuple)),
    max_leaves=10,
)


@given(nodes)
@example(Node("iq", {str(number): "x" for number in range(200)}))
@example(Node("a", content=b"\0" * (1 << 20)))
@example(Node("a", content=tuple(Node("b") for _ in range(300))))
def test_what_is_written_is_read(node: Node) -> None:
    assert decode(encode(node)) == node


@given(nodes)
def test_a_compressed_stanza_is_the_same(node: Node) -> None:
    assert decode(bytes([COMPRESSED]) + zlib.compress(encode(node)[1:])) == node


def test_words_of_the_dictionary_and_numbers_are_short() -> None:
    assert encode(Node("message", {"id": "12345"})) == bytes.fromhex("00f80313 08 ff83 12345f".replace(" ", ""))


@given(st.binary(max_size=100))
@example(b"")
@example(b"\0")
@example(b"\x02not compressed")
@example(b"\0\xf8\xff")
@example(b"\0\xf8\x01\xf7\x05\x00\x01")
@example(b"\0" + b"\xf8\x02\x13\xf8\x01" * 100)
def test_garbage_is_no_stanza(garbage: bytes) -> None:
    try:
        node = decode(garbage)
    except NotANodeError:
        return
    assert decode(encode(node)) == node


@given(nodes, st.data())
def test_a_stanza_that_is_cut_short_is_none(node: Node, data: st.DataObject) -> None:
    whole = encode(node)

    with pytest.raises(NotANodeError):
        decode(whole[: data.draw(st.integers(0, len(whole) - 1))])


def test_nothing_may_follow() -> None:
    with pytest.raises(NotANodeError, match="follows"):
        decode(encode(Node("iq")) + b"\0")


@pytest.mark.parametrize(
    "jid", [Jid("60123456789"), Jid("60123456789", device=5), Jid("1", "lid", 2), Jid("", "g.us")]
)
def test_addresses_are_read_as_they_are_written(jid: Jid) -> None:
    assert Jid.parse(str(jid)) == jid


def test_children_are_found_by_their_path() -> None:
    node = Node(
        "iq", content=(Node("list", content=(Node("user", {"jid": Jid("1")}), Node("key", content=b"k"))),)
    )

    assert node.data("list", "key") == b"k"
    assert node.child("list", "nobody") is None
    with pytest.raises(NotANodeError):
        node.data("list", "user")
    with pytest.raises(NotANodeError):
        node.jid("from")
