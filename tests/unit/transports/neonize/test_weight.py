"""What a device host is spared: each one would carry it along, and load it at each start."""

import subprocess
import sys

SHARED = "engine.transports.contract, engine.transports.forms, engine.transports.neonize.session_store"


def test_what_hosts_share_with_the_engine_needs_no_database_library():
    program = f"import sys, {SHARED}; print(*(name for name in ('sqlalchemy', 'asyncpg') if name in sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert loaded.stdout.split() == []
