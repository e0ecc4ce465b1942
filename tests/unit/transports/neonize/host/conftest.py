"""The library is loaded before the tests that import parts of it."""

from tests.library import load_library

load_library()
