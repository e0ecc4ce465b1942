"""Protocol Buffers without a schema, against the published implementation where it can say something."""

import pytest
from google.protobuf.struct_pb2 import Struct
from hypothesis import given
from hypothesis import strategies as st

from tests.whatsapp_loopback.protobuf import Fields, NotProtobufError, encode, varint

numbers = st.integers(1, 2**29 - 1)
values = st.one_of(st.integers(0, 2**64 - 1), st.binary(max_size=50))


@given(st.dictionaries(numbers, values, max_size=6))
def test_what_is_written_is_read(message: dict[int, int | bytes]) -> None:
    fields = Fields(encode(message))

    assert set(fields) == set(message)
    for number, value in message.items():
        assert value == (fields.integer(number) if isinstance(value, int) else fields.octets(number))


@given(st.dictionaries(numbers, st.lists(st.binary(max_size=20), min_size=1, max_size=4), max_size=4))
def test_repeated_fields_keep_their_order(message: dict[int, list[bytes]]) -> None:
    fields = Fields(encode(message))

    assert {number: fields.every(number) for number in message} == message


@given(st.binary(max_size=60))
def test_garbage_is_read_or_refused(garbage: bytes) -> None:
    try:
        Fields(garbage)
    except NotProtobufError:
        return


@pytest.mark.parametrize("damaged", ["0a05ab", "08ff", "08" + "ff" * 10 + "01", "0b", "0dabab", "80"])
def test_what_is_cut_short_or_of_no_known_type_is_refused(damaged: str) -> None:
    with pytest.raises(NotProtobufError):
        Fields(bytes.fromhex(damaged))


@given(st.dictionaries(st.text(max_size=10), st.text(max_size=10), max_size=4))
def test_it_reads_what_the_published_implementation_wrote(entries: dict[str, str]) -> None:
    struct = Struct()
    struct.update(entries)

    read = [Fields(entry) for entry in Fields(struct.SerializeToString()).every(1)]

    assert {entry.text(1) or "": entry.message(2).text(3) for entry in read} == entries  # type: ignore[union-attr]


@given(st.dictionaries(st.text(max_size=10), st.text(max_size=10), max_size=4))
def test_the_published_implementation_reads_what_is_written(entries: dict[str, str]) -> None:
    message = {1: [{1: name, 2: {3: text}} for name, text in entries.items()]}

    assert dict(Struct.FromString(encode(message))) == entries


def test_a_field_may_be_left_out_and_asked_for_in_vain() -> None:
    fields = Fields(encode({1: None, 2: True, 3: {4: "x"}}))

    assert 1 not in fields
    assert fields.integer(2) == 1
    assert fields.message(3).text(4) == "x"  # type: ignore[union-attr]
    assert fields.message(9) is None
    with pytest.raises(NotProtobufError, match="9"):
        fields.required(9)


def test_no_number_is_negative() -> None:
    with pytest.raises(ValueError, match="negative"):
        varint(-1)
