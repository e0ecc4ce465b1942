"""Files as they lie on the media servers."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.whatsapp_loopback.contents import Kind
from tests.whatsapp_loopback.media_encryption import DamagedMediaError, unwrapped, wrapped

FILES = [Kind.IMAGE, Kind.VIDEO, Kind.AUDIO, Kind.DOCUMENT, Kind.STICKER]


@given(st.sampled_from(FILES), st.binary(max_size=300))
def test_a_file_comes_out_as_it_went_in(kind: Kind, file: bytes) -> None:
    result = wrapped(kind, file)
    assert unwrapped(kind, result.key, result.data) == file
    assert (result.sha256, result.length) == (hashlib.sha256(file).digest(), len(file))
    assert result.wrapped_sha256 == hashlib.sha256(result.data).digest()


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_changed_byte_is_noticed(place: int, change: int) -> None:
    result = wrapped(Kind.IMAGE, b"a picture")
    damaged = bytearray(result.data)
    damaged[place % len(damaged)] ^= change
    with pytest.raises(DamagedMediaError):
        unwrapped(Kind.IMAGE, result.key, bytes(damaged))


def test_the_key_opens_a_file_of_its_kind_only() -> None:
    result = wrapped(Kind.IMAGE, b"a picture")
    with pytest.raises(DamagedMediaError):
        unwrapped(Kind.VIDEO, result.key, result.data)


def test_a_text_has_no_file() -> None:
    with pytest.raises(ValueError, match="text has no file"):
        wrapped(Kind.TEXT, b"")
