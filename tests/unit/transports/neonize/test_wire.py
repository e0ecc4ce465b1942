import asyncio
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.transports.neonize.wire import Packet, WireError, pack, read_packet

words = st.text(st.characters(exclude_categories=["Cs"]))
packets = st.builds(Packet, st.dictionaries(words, words | st.integers() | st.none()), st.binary())


def stream(*pieces: bytes) -> asyncio.StreamReader:
    """A stream that ends after these pieces."""
    reader = asyncio.StreamReader()
    for piece in pieces:
        reader.feed_data(piece)
    reader.feed_eof()
    return reader


@given(st.lists(packets, max_size=3))
def test_packets_are_read_as_they_were_written(sent):
    async def read_all() -> list[Packet]:
        reader = stream(*map(pack, sent))
        read = []
        while (packet := await read_packet(reader)) is not None:
            read.append(packet)
        return read

    assert asyncio.run(read_all()) == sent


@pytest.mark.parametrize("kept", [0, 3, 8, 15])
async def test_a_stream_that_ends_is_the_end_even_in_the_middle_of_a_packet(kept):
    assert await read_packet(stream(pack(Packet({"type": "end"}, b"file"))[:kept])) is None


async def test_a_reset_by_the_other_side_is_the_end_too():
    reader = asyncio.StreamReader()
    reader.set_exception(ConnectionResetError())
    assert await read_packet(reader) is None


@pytest.mark.parametrize("header", [b"no json", b"\xff", b"[]", b'"text"'])
async def test_a_header_that_is_no_object_is_an_error(header):
    with pytest.raises(WireError):
        await read_packet(stream(struct.pack(">II", len(header), 0) + header))


@pytest.mark.parametrize("lengths", [(2**32 - 1, 0), (2, 2**32 - 1)])
async def test_a_packet_that_is_too_long_is_refused_before_it_is_read(lengths):
    with pytest.raises(WireError):
        await read_packet(stream(struct.pack(">II", *lengths)))


def test_a_packet_that_the_other_side_would_refuse_is_not_written():
    with pytest.raises(WireError):
        pack(Packet({"text": "x" * (17 * 1024 * 1024)}))
