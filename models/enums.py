"""Every status and kind that is stored. The values are the words of the database, of REST and of the code."""

from enum import StrEnum


class Role(StrEnum):
    OWNER = "owner"
    OPERATOR = "operator"
    VIEWER = "viewer"


class TransportKind(StrEnum):
    SIMULATOR = "simulator"
    NEONIZE = "neonize"
    CLOUD = "cloud"


class DeviceState(StrEnum):
    UNPAIRED = "unpaired"
    PAIRING = "pairing"
    PASSKEY_REQUIRED = "passkey_required"
    CONNECTING = "connecting"
    ONLINE = "online"
    DEGRADED = "degraded"
    PHONE_OFFLINE = "phone_offline"
    REPLACED = "replaced"
    REACHOUT_LIMITED = "reachout_limited"
    TEMP_BANNED = "temp_banned"
    LOGGED_OUT = "logged_out"
    OUTDATED = "outdated"
    PARKED = "parked"

    @property
    def may_send(self) -> bool:
        return self in {DeviceState.ONLINE, DeviceState.DEGRADED}

    @property
    def is_terminal(self) -> bool:
        """Only a person can bring the device back: it is never restarted by itself."""
        return self in {
            DeviceState.TEMP_BANNED,
            DeviceState.LOGGED_OUT,
            DeviceState.OUTDATED,
            DeviceState.REPLACED,
            DeviceState.PARKED,
        }

    @property
    def is_lost(self) -> bool:
        """It does not come back without being paired anew: its people move to other devices."""
        return self in {DeviceState.LOGGED_OUT, DeviceState.TEMP_BANNED}


class DeviceEventKind(StrEnum):
    """What happened to a device, as a point on its timeline."""

    STATE = "state"  # its line has another state
    RESTARTED = "restarted"  # its worker, because of a failure
    TAKEN_OVER = "taken_over"  # by another engine, after a crash
    FAILING = "failing"
    SILENT = "silent"
    WELL_AGAIN = "well_again"
    CAP_REACHED = "cap_reached"
    MOVED = "moved"  # messages, from or to another device
    ADDED = "added"
    PAUSED = "paused"
    RESUMED = "resumed"
    PACED = "paced"  # delays, caps or warm-up were set
    RESTART_ASKED = "restart_asked"


class LeadStatus(StrEnum):
    PROSPECT = "prospect"
    CUSTOMER = "customer"


class ConsentState(StrEnum):
    OPTED_IN = "opted_in"
    OPTED_OUT = "opted_out"


class ConsentSource(StrEnum):
    WEB_FORM = "web_form"
    EVENT = "event"
    PURCHASE = "purchase"
    WROTE_FIRST = "wrote_first"
    MANUAL = "manual"
    STOP_WORD = "stop_word"
    START_WORD = "start_word"


class SequenceStatus(StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"
    ARCHIVED = "archived"


class MissedPolicy(StrEnum):
    SHIFT = "shift"
    SKIP = "skip"
    SEND_NOW = "send_now"


class ReentryPolicy(StrEnum):
    NEVER = "never"
    AFTER_EXIT = "after_exit"
    AFTER_COOLDOWN = "after_cooldown"


class OnReply(StrEnum):
    PAUSE = "pause"
    EXIT = "exit"
    CONTINUE = "continue"


class EnrolmentStatus(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    EXITED = "exited"


class PauseReason(StrEnum):
    """Why one person's run is paused."""

    REPLIED = "replied"
    BY_HAND = "by_hand"


class ContentKind(StrEnum):
    TEXT = "text"
    IMAGE = "image"
    VIDEO = "video"
    DOCUMENT = "document"
    AUDIO = "audio"


class CampaignStatus(StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class Lane(StrEnum):
    REPLY = "reply"
    TEST = "test"
    SEQUENCE = "sequence"
    CAMPAIGN = "campaign"


class MessageStatus(StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


class ReceiptKind(StrEnum):
    DELIVERED = "delivered"
    READ = "read"


class AlertKind(StrEnum):
    DEVICE_DOWN = "device_down"
    WORKER_STUCK = "worker_stuck"
    SEND_FAILED = "send_failed"
    SEND_UNKNOWN = "send_unknown"
    BOOKS_UNBALANCED = "books_unbalanced"
    NO_WORKER = "no_worker"
    DATABASE_AWAY = "database_away"
    DEVICE_TROUBLE = "device_trouble"
    PEOPLE_MOVED = "people_moved"
    PEOPLE_WAITING = "people_waiting"


class AlertStatus(StrEnum):
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class TokenScope(StrEnum):
    READ = "read"
    WRITE = "write"
    INTAKE = "intake"


class Face(StrEnum):
    """Where a change came from."""

    MENU = "menu"
    REST = "rest"
    CLI = "cli"
    SYSTEM = "system"
