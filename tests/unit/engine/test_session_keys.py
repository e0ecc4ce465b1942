import pytest

from engine.devices.session_keys import SessionKeyError, SessionKeys, new_key

OLD, NEW = new_key(), new_key()
DEVICE, OTHER = 7, 71


def test_a_session_is_opened_by_its_key_for_its_device() -> None:
    keys = SessionKeys(OLD)
    token = keys.encrypt(DEVICE, b"session")
    assert b"session" not in token
    assert keys.decrypt(DEVICE, token) == b"session"


def test_the_session_of_another_device_is_refused_though_the_key_fits() -> None:
    keys = SessionKeys(OLD)
    with pytest.raises(SessionKeyError, match="another device's"):
        keys.decrypt(OTHER, keys.encrypt(DEVICE, b"1\nsession"))


def test_the_first_key_encrypts_and_all_of_them_decrypt() -> None:
    before = SessionKeys(OLD).encrypt(DEVICE, b"session")
    both = SessionKeys(f"{NEW}, {OLD}")
    assert both.decrypt(DEVICE, before) == b"session"
    assert not both.is_current(before)
    assert SessionKeys(NEW).decrypt(DEVICE, both.encrypt(DEVICE, b"session")) == b"session"
    assert SessionKeys(NEW).decrypt(DEVICE, both.renew(before)) == b"session"


def test_a_key_that_does_not_fit_says_what_to_do() -> None:
    token = SessionKeys(OLD).encrypt(DEVICE, b"session")
    with pytest.raises(SessionKeyError, match="behind the present one"):
        SessionKeys(NEW).decrypt(DEVICE, token)


@pytest.mark.parametrize("setting", ["", " , "])
def test_without_a_key_it_is_said_where_to_get_one(setting: str) -> None:
    keys = SessionKeys(setting)
    assert not keys
    with pytest.raises(SessionKeyError, match="dripdesk session-key"):
        keys.encrypt(DEVICE, b"session")
    assert not keys.opens(b"anything")
    assert not keys.is_current(b"anything")
