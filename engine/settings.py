"""Everything that can be set from the environment; `.env.example` documents each variable."""

import re
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import phonenumbers
from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from engine.errors import StartError


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        msg = f"{name!r} is not a time zone; use an IANA name such as Asia/Kuala_Lumpur"
        raise ValueError(msg) from None
    return name


def _country(code: str) -> str:
    if code not in phonenumbers.SUPPORTED_REGIONS:
        msg = f"{code!r} is not a country; use two capital letters such as MY"
        raise ValueError(msg)
    return code


def _http_url(text: str) -> str:
    address = urlsplit(text)
    if text and (address.scheme not in {"http", "https"} or not address.hostname):
        msg = f"{text!r} is not a web address; write http://host:port"
        raise ValueError(msg)
    return text.rstrip("/")


def _proxy_url(text: str) -> str:
    address = urlsplit(text)
    if text and (address.scheme not in {"http", "https", "socks5"} or not address.hostname):
        msg = "not the address of a proxy; write http://host:port or socks5://host:port"  # it may have a password
        raise ValueError(msg)
    return text.rstrip("/")


TimeZoneName = Annotated[str, AfterValidator(_time_zone)]
CountryCode = Annotated[str, AfterValidator(_country)]
OptionalHttpUrl = Annotated[str, AfterValidator(_http_url)]
OptionalProxyUrl = Annotated[str, AfterValidator(_proxy_url)]


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    database_url: SecretStr = SecretStr("")
    dripdesk_home: Path = Path(".dripdesk")

    telegram_bot_token: SecretStr = SecretStr("")
    telegram_api_url: OptionalHttpUrl = ""
    telegram_webhook_url: OptionalHttpUrl = ""

    simulator: bool = False
    simulator_url: OptionalHttpUrl = ""
    simulator_ledger: Path | None = None

    clock_speed: Annotated[float, Field(gt=0, le=100_000)] = 1
    clock_start: datetime | None = None

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080

    whatsapp: bool | None = None
    session_key: SecretStr = SecretStr("")
    whatsapp_proxy: OptionalProxyUrl = ""
    devices_per_host: Annotated[int, Field(ge=1, le=50)] = 40

    max_workers: Annotated[int, Field(ge=1)] = 100
    default_country: CountryCode = "MY"
    default_time_zone: TimeZoneName = "Asia/Kuala_Lumpur"
    default_min_delay_seconds: Annotated[float, Field(ge=0)] = 10
    default_max_delay_seconds: Annotated[float, Field(ge=0)] = 30

    keep_messages_days: Annotated[int, Field(ge=1)] = 180

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["console", "json"] = "console"

    @field_validator("database_url")
    @classmethod
    def _postgresql(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if not text:
            return value
        try:
            url = make_url(text)
        except (ArgumentError, ValueError):
            url = None
        if url is None or url.get_backend_name() not in {"postgresql", "postgres"} or not url.database:
            msg = (
                "not a PostgreSQL address; write postgresql://user:password@host:5432/database, "
                "or leave it empty for the embedded one"
            )
            raise ValueError(msg)
        unknown = sorted(url.query.keys() - {"sslmode", "host", "port"})
        if unknown:
            msg = f"take out {', '.join(unknown)}; after the question mark only sslmode and host may stand"
            raise ValueError(msg)
        return value

    @field_validator("telegram_bot_token")
    @classmethod
    def _token(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not re.fullmatch(r"\d+:[\w-]{10,}", value.get_secret_value()):
            msg = "not a bot token; copy it from @BotFather (123456:ABC…), or leave it empty for the sandbox"
            raise ValueError(msg)
        return value

    @field_validator("session_key")
    @classmethod
    def _fernet_keys(cls, value: SecretStr) -> SecretStr:
        keys = value.get_secret_value()
        if keys and not all(re.fullmatch(r"[\w-]{43}=", key.strip(), re.ASCII) for key in keys.split(",")):
            msg = "not a key; `dripdesk session-key` prints one (a new key goes in front of the old, with a comma)"
            raise ValueError(msg)
        return value

    @field_validator("clock_start")
    @classmethod
    def _with_offset(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            msg = "an instant needs its offset, for example 2026-03-27T08:00:00+08:00"
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.default_min_delay_seconds > self.default_max_delay_seconds:
            msg = (
                "DEFAULT_MIN_DELAY_SECONDS is above DEFAULT_MAX_DELAY_SECONDS "
                f"({self.default_min_delay_seconds:g} > {self.default_max_delay_seconds:g}); lower it"
            )
            raise ValueError(msg)
        if self.telegram_api_url and not self.has_telegram_token:
            msg = "TELEGRAM_API_URL needs TELEGRAM_BOT_TOKEN; set both, or neither for the sandbox"
            raise ValueError(msg)
        return self

    @property
    def has_telegram_token(self) -> bool:
        return bool(self.telegram_bot_token.get_secret_value())

    @property
    def sandbox(self) -> bool:
        """Without a real token the product runs against its own Bot API server and simulated phones."""
        return not self.has_telegram_token

    @property
    def real_whatsapp(self) -> bool:
        """Whether real numbers can be paired here: not in the sandbox unless asked for, never in quick time."""
        wanted = not self.sandbox if self.whatsapp is None else self.whatsapp
        return wanted and self.clock_speed == 1

    @property
    def simulated_phones(self) -> bool:
        return self.sandbox or self.simulator or bool(self.simulator_url)

    @cached_property
    def home(self) -> Path:
        """Where files are kept. The sandbox has a place of its own, so trying never mixes with work."""
        home = self.dripdesk_home.expanduser().resolve()
        return home / "sandbox" if self.sandbox else home

    @property
    def async_database_url(self) -> URL | None:
        """The user's own PostgreSQL, for asyncpg; None means the embedded one."""
        text = self.database_url.get_secret_value()
        return make_url(text).set(drivername="postgresql+asyncpg") if text else None


def load_settings() -> Settings:
    """Read the environment and `.env`. Raises StartError with one line a person can act on."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        reason = (
            "write on or off" if first["type"] == "bool_parsing" else first["msg"].removeprefix("Value error, ")
        )
        variable = ".".join(str(part) for part in first["loc"]).upper()
        raise StartError(f"{variable}: {reason}" if variable else reason) from None
