from pathlib import Path

import pytest

from engine.errors import StartError
from engine.settings import Settings, load_settings

SESSION_KEY = "dGhpcnR5LXR3byBieXRlcyBhcmUgZW5vdWdoIGhlcmU="


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # no .env
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("variable", "value", "mend"),
    [
        ("DATABASE_URL", "mysql://localhost/x", "postgresql://user"),
        ("DATABASE_URL", "postgresql://localhost", "postgresql://user"),
        ("DATABASE_URL", "not an address", "leave it empty"),
        ("DATABASE_URL", "postgresql://db/drip?sslmode=require&channel_binding=require", "channel_binding"),
        ("DEFAULT_TIME_ZONE", "Asia/KL", "Asia/Kuala_Lumpur"),
        ("DEFAULT_TIME_ZONE", "../etc/passwd", "Asia/Kuala_Lumpur"),
        ("DEFAULT_COUNTRY", "Malaysia", "two capital letters"),
        ("DEFAULT_COUNTRY", "ZZ", "two capital letters"),
        ("CLOCK_SPEED", "0", "greater than 0"),
        ("CLOCK_SPEED", "fast", "valid number"),
        ("CLOCK_SPEED", "inf", "less than or equal"),
        ("CLOCK_START", "2026-03-27T08:00:00", "offset"),
        ("CLOCK_START", "tomorrow", "valid datetime"),
        ("PORT", "99999", "65535"),
        ("MAX_WORKERS", "0", "greater than or equal to 1"),
        ("KEEP_MESSAGES_DAYS", "0", "greater than or equal to 1"),
        ("DEFAULT_MIN_DELAY_SECONDS", "-1", "greater than or equal to 0"),
        ("SIMULATOR", "perhaps", "on or off"),
        ("WHATSAPP", "maybe", "on or off"),
        ("WHATSAPP_PROXY", "proxy:3128", "socks5://host:port"),
        ("WHATSAPP_PROXY", "socks4://127.0.0.1:1080", "socks5://host:port"),
        ("LOG_LEVEL", "loud", "'debug'"),
        ("TELEGRAM_API_URL", "localhost:8081", "http://host:port"),
        ("SIMULATOR_URL", "ftp://localhost", "http://host:port"),
        ("SESSION_KEY", "hunter2", "dripdesk session-key"),
        ("SESSION_KEY", f"{SESSION_KEY},", "dripdesk session-key"),
    ],
)
def test_a_bad_value_is_one_line_with_the_variable_and_the_mend(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, mend: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(StartError) as raised:
        load_settings()
    line = str(raised.value)
    assert line.startswith(f"{variable}: ")
    assert mend in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"DEFAULT_MIN_DELAY_SECONDS": "40"}, "DEFAULT_MAX_DELAY_SECONDS"),
        ({"TELEGRAM_API_URL": "http://localhost:8081"}, "TELEGRAM_BOT_TOKEN"),
    ],
)
def test_values_that_do_not_go_together_are_named(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], named: str
) -> None:
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    with pytest.raises(StartError, match=named) as raised:
        load_settings()
    assert "\n" not in str(raised.value)


def test_a_password_is_not_repeated_in_the_complaint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://me:hunter2@localhost/x")
    with pytest.raises(StartError) as raised:
        load_settings()
    assert "hunter2" not in str(raised.value)


def test_the_password_of_a_proxy_is_not_repeated_in_the_complaint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHATSAPP_PROXY", "ftp://me:secret@proxy:21")
    with pytest.raises(StartError) as refusal:
        load_settings()
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("address", ["http://127.0.0.1:3128", "https://proxy", "socks5://me:password@proxy:1080"])
def test_the_way_to_whatsapp_may_be_any_proxy_that_the_library_speaks_to(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("WHATSAPP_PROXY", address)
    assert load_settings().whatsapp_proxy == address


def test_a_session_key_is_neither_repeated_in_the_complaint_nor_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SESSION_KEY", f"{SESSION_KEY}, {SESSION_KEY}")
    settings = load_settings()
    assert SESSION_KEY not in repr(settings)
    assert settings.session_key.get_secret_value().count(SESSION_KEY) == 2
    monkeypatch.setenv("SESSION_KEY", "hunter2")
    with pytest.raises(StartError) as raised:
        load_settings()
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("value", ["on", "1", "true", "yes", "ON"])
def test_simulator_on(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SIMULATOR", value)
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "123456:AAF-an-example-of-a-token-0123456789")
    settings = load_settings()
    assert settings.simulated_phones
    assert not settings.sandbox


def test_without_a_token_it_is_the_sandbox_with_a_home_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert load_settings().sandbox
    assert load_settings().home == tmp_path / ".dripdesk" / "sandbox"
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "123456:AAF-an-example-of-a-token-0123456789")
    assert load_settings().home == tmp_path / ".dripdesk"
    assert not load_settings().simulated_phones


def test_empty_variables_are_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("DATABASE_URL", "CLOCK_START", "PORT", "SIMULATOR"):
        monkeypatch.setenv(variable, "")
    settings = load_settings()
    assert settings.async_database_url is None
    assert settings.port == 8080


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_any_postgresql_address_is_used_with_our_driver(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setenv("DATABASE_URL", f"{scheme}://me:secret@db.example:5433/drip")
    url = load_settings().async_database_url
    assert url is not None
    assert url.render_as_string(hide_password=False) == "postgresql+asyncpg://me:secret@db.example:5433/drip"
