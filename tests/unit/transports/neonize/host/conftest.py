"""The library is loaded once, here: looking at what machine it is on, it leaves pipes open, which is an error in tests."""

import gc
import importlib
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", ResourceWarning)
    importlib.import_module("engine.transports.neonize.host.library")
    gc.collect()
