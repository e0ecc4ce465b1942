"""Session stores of devices that were never paired, so that a login works at once.

neonize itself makes the schema, in a child process of its own, because its library must not be loaded here. That takes
a second, so it is done once, and the file copied.
"""

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from tests.whatsapp_loopback.device_keys import DeviceKeys, SignedIdentity
from tests.whatsapp_loopback.numbers import lid_jid, lid_of, pn_jid
from tests.whatsapp_loopback.pairing import PLATFORM
from tests.whatsapp_loopback.peers import Peer

_MAKE_SCHEMA = """
import os, sys
from neonize.aioze.client import ClientFactory
ClientFactory.get_all_devices_from_db(sys.argv[1])
os._exit(0)  # the library's own threads would not end
"""


def make_template(path: Path) -> Path:
    """An empty store, to be copied by `write_store`."""
    subprocess.run([sys.executable, "-c", _MAKE_SCHEMA, str(path)], check=True, timeout=60, cwd=path.parent)
    return path


def write_store(path: Path, phone: str, template: Path) -> str:
    """A store that holds one device of this number. Returns the device's JID.

    The server lets it in after `seed(phone)`.
    """
    shutil.copyfile(template, path)
    keys = DeviceKeys.of(phone)
    row = _device_row(phone, keys)
    columns, places = ", ".join(row), ", ".join("?" * len(row))
    prekeys = [(row["jid"], number, key.private) for number, key in keys.prekeys.items()]
    with closing(sqlite3.connect(path)) as store, store:
        store.execute(f"INSERT INTO whatsmeow_device ({columns}) VALUES ({places})", tuple(row.values()))
        store.executemany(
            "INSERT INTO whatsmeow_pre_keys (jid, key_id, key, uploaded) VALUES (?, ?, ?, true)", prekeys
        )
        # As linking leaves it. Without, what the owner types on the phone would be another session than the copies.
        store.execute("INSERT INTO whatsmeow_lid_map (lid, pn) VALUES (?, ?)", (lid_of(phone), phone))
    return str(row["jid"])


def _device_row(phone: str, keys: DeviceKeys) -> dict[str, str | int | bytes]:
    account = Peer(phone).identity
    signed = SignedIdentity.sign(account, keys.identity.public, DeviceKeys.NUMBER)
    return {
        "jid": str(pn_jid(phone, DeviceKeys.NUMBER)),
        "lid": str(lid_jid(phone, DeviceKeys.NUMBER)),
        "registration_id": keys.registration_id,
        "noise_key": keys.noise.private,
        "identity_key": keys.identity.private,
        "signed_pre_key": keys.signed_prekey.private,
        "signed_pre_key_id": keys.signed_prekey_id,
        "signed_pre_key_sig": keys.signed_prekey_signature,
        "adv_key": keys.adv_secret,
        "adv_details": signed.details,
        "adv_account_sig": signed.account_signature,
        "adv_account_sig_key": signed.account_key,
        "adv_device_sig": keys.identity.sign(signed.device_signs(keys.identity.public)),
        "platform": PLATFORM,
        "push_name": f"Device {phone}",
    }
