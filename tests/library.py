"""The WhatsApp library in a test's own process, for what needs no connection: its messages, its names, its signatures."""

import importlib
import io
import os
import subprocess
from types import ModuleType
from unittest.mock import patch


def load_library() -> ModuleType:
    """Looking at what machine it is on, it leaves pipes open: an error in tests, some time later."""
    with patch.object(os, "popen", _said_by):
        return importlib.import_module("engine.transports.neonize.host.library")


def _said_by(command: str) -> io.StringIO:
    return io.StringIO(subprocess.run(command, shell=True, capture_output=True, text=True, check=True).stdout)
