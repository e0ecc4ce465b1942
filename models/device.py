"""Devices, each one sending WhatsApp account, what happened to them, and the engines that own them."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from models.enums import DeviceEventKind, DeviceState, TransportKind
from models.metadata import BigId, CreatedAt, InWorkspace, Model, choice


class Engine(Model):
    """One running process that works devices; its heartbeat is the only lease. Times are the database's."""

    __tablename__ = "engines"

    id: Mapped[BigId]
    host: Mapped[str]
    pid: Mapped[int]
    capacity: Mapped[int] = mapped_column(server_default="0")  # how many devices it works at most
    started_at: Mapped[CreatedAt]
    heartbeat_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class UserDevice(InWorkspace, Model):
    __tablename__ = "user_devices"
    __table_args__ = (
        CheckConstraint("0 <= min_delay_seconds AND min_delay_seconds <= max_delay_seconds", name="delays"),
        CheckConstraint("hourly_cap > 0 AND daily_cap > 0", name="caps"),
        CheckConstraint("ramp_start_cap > 0 AND ramp_days > 0", name="ramp"),
        CheckConstraint("(in_flight_message_id IS NULL) = (in_flight_since IS NULL)", name="in_flight"),
        Index(
            "uq_user_devices_name", "workspace_id", text("lower(name)"), unique=True,
            postgresql_where=text("removed_at IS NULL"),
        ),
        Index(
            "uq_user_devices_phone", "phone", unique=True,  # one line an account, whoever's
            postgresql_where=text("transport <> 'simulator' AND removed_at IS NULL"),
        ),
        Index("ix_user_devices_owner", "owner"),
        {"postgresql_with": {"fillfactor": "50"}},  # every send updates its row
    )  # fmt: skip

    id: Mapped[BigId]
    name: Mapped[str]
    phone: Mapped[str | None]  # E.164; known once paired
    transport: Mapped[TransportKind] = mapped_column(choice(TransportKind))
    state: Mapped[DeviceState] = mapped_column(choice(DeviceState), server_default=DeviceState.CONNECTING.value)
    state_since: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())  # machine time
    state_until: Mapped[datetime | None]  # real time; when a ban or limit ends, if the provider said so
    last_error: Mapped[str | None]

    min_delay_seconds: Mapped[float] = mapped_column(server_default="10")
    max_delay_seconds: Mapped[float] = mapped_column(server_default="30")
    hourly_cap: Mapped[int | None]
    daily_cap: Mapped[int | None]
    ramp_start_cap: Mapped[int | None]
    ramp_days: Mapped[int | None]
    ramp_started_on: Mapped[date | None]
    next_send_at: Mapped[datetime | None]  # business time; nothing goes out before it
    last_sent_at: Mapped[datetime | None]  # business time
    hour_started_at: Mapped[datetime | None]
    hour_count: Mapped[int] = mapped_column(server_default="0")
    day: Mapped[date | None]
    day_count: Mapped[int] = mapped_column(server_default="0")
    day_failed: Mapped[int] = mapped_column(server_default="0")  # of those
    day_unknown: Mapped[int] = mapped_column(server_default="0")

    paused_at: Mapped[datetime | None]
    paused_reason: Mapped[str | None]

    owner: Mapped[int | None] = mapped_column(ForeignKey("engines.id", ondelete="SET NULL"))
    epoch: Mapped[int] = mapped_column(server_default="0")
    # A device has at most one message between claim and outcome: which, since when, and the text as sent.
    in_flight_message_id: Mapped[int | None]
    in_flight_since: Mapped[datetime | None]
    in_flight_body: Mapped[str | None]

    paired_at: Mapped[datetime | None]  # machine time; None: never, or simulated
    phone_seen_at: Mapped[datetime | None]  # machine time; the last sign of life of its own phone
    # Machine time: WhatsApp's limit on writing to new people. Who has written to this device gets answers.
    cold_held_until: Mapped[datetime | None]

    created_at: Mapped[CreatedAt]
    removed_at: Mapped[datetime | None]


class DeviceSession(InWorkspace, Model):
    """What makes a device the one that was paired, encrypted, so that any engine can go on with it.

    `home` names the disk that has the living store; any other disk's is out of date, and restored from here.
    """

    __tablename__ = "device_sessions"

    device_id: Mapped[int] = mapped_column(
        ForeignKey("user_devices.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    content: Mapped[bytes]
    home: Mapped[str]
    saved_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class DeviceHost(Model):
    """A child process of an engine, with the lines of some devices. It is rewritten every half a minute."""

    __tablename__ = "device_hosts"
    __table_args__ = (UniqueConstraint("engine_id", "number"),)

    id: Mapped[BigId]
    engine_id: Mapped[int] = mapped_column(ForeignKey("engines.id", ondelete="CASCADE"))
    number: Mapped[int]  # within its engine
    pid: Mapped[int]
    devices: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))  # their ids
    memory_bytes: Mapped[int]
    crashes: Mapped[int]  # of this number, since the engine started
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class NumberCheck(Model):
    """Whether a number was on WhatsApp when it was last asked for."""

    __tablename__ = "number_checks"

    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    phone: Mapped[str] = mapped_column(primary_key=True)  # E.164
    on_whatsapp: Mapped[bool]
    checked_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class DeviceEvent(InWorkspace, Model):
    """A point on a device's timeline. Changes of state and owner come from a trigger on `user_devices`.

    The audit log cannot stand in for it: that is kept in business time, and what a device does is machine time.
    """

    __tablename__ = "device_events"
    __table_args__ = (
        CheckConstraint("(kind = 'state') = (state IS NOT NULL)", name="of_a_state"),
        Index("ix_device_events_device_id_at", "device_id", "at", "id"),
    )

    id: Mapped[BigId]
    device_id: Mapped[int] = mapped_column(ForeignKey("user_devices.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())  # machine time
    kind: Mapped[DeviceEventKind] = mapped_column(choice(DeviceEventKind))
    state: Mapped[DeviceState | None] = mapped_column(choice(DeviceState))
    text: Mapped[str] = mapped_column(server_default="")
    until: Mapped[datetime | None]
