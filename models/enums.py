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
    def wants_pairing(self) -> bool:
        """It has no session yet, or is just getting one: there is nothing that a worker could do."""
        return self in {DeviceState.UNPAIRED, DeviceState.PAIRING, DeviceState.PASSKEY_REQUIRED}

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
    PAIRED = "paired"
    UNLINKED = "unlinked"  # logged out from here


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
    OPT_OUT_LIST = "opt_out_list"  # brought from elsewhere


class ImportStatus(StrEnum):
    REVIEWED = "reviewed"
    RUNNING = "running"
    CANCELLED = "cancelled"  # what was taken in until then stays, and it can go on
    DONE = "done"
    FAILED = "failed"
    UNDOING = "undoing"
    UNDONE = "undone"


class DuplicatePolicy(StrEnum):
    """What an import does with people who are in the book already."""

    UPDATE = "update"
    SKIP = "skip"


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


class DeviceChoice(StrEnum):
    """From which device a campaign reaches somebody."""

    POOL = "pool"  # from the one of the pool that they know, else from whichever is free first
    KNOWN = "known"  # from the one they know, whichever it is; who knows none is left out


class LatePolicy(StrEnum):
    """What becomes of a campaign's message that could not go out within its late window."""

    NEXT_WINDOW = "next_window"
    EXPIRE = "expire"


class CampaignPause(StrEnum):
    """Why a campaign is paused."""

    BY_HAND = "by_hand"
    STOPPED = "stopped"  # a mistake was seen
    FIRST_ONES = "first_ones"  # the first few have it, and somebody is to look
    BREAKER = "breaker"  # too many failed


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
    SENT = "sent"  # the provider has it, it has not reached the phone yet
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"  # the phone could not show it


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
    ASKS_TO_STOP = "asks_to_stop"  # in words of their own
    CAMPAIGN_PAUSED = "campaign_paused"  # by itself
    CAMPAIGN_LATE = "campaign_late"  # it was due while nothing ran
    CLIENT_OUTDATED = "client_outdated"  # WhatsApp accepts this version of dripdesk no more: one for all devices


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
