"""Tables and value types. Nothing here does I/O."""

from models.alert import Alert
from models.audit import AuditEntry
from models.campaign import Campaign, CampaignDevice
from models.contact import Consent, Contact, ContactList, Lead, ListMember, Suppression
from models.device import DeviceEvent, Engine, UserDevice
from models.installation import ClockAnchor, DialogState
from models.media import Media
from models.message import Delivery, Doubt, InboundMessage, Message, PrunedMessages, QueuedMessage
from models.metadata import Model
from models.sequence import Paste, Sequence, SequenceContact, SequenceDevice, SequenceStep
from models.workspace import ApiToken, Invite, Membership, Operator, Workspace

__all__ = [
    "Alert", "ApiToken", "AuditEntry", "Campaign", "CampaignDevice", "ClockAnchor", "Consent", "Contact",
    "ContactList", "Delivery", "DeviceEvent", "DialogState", "Doubt", "Engine", "InboundMessage", "Invite", "Lead",
    "ListMember", "Media", "Membership", "Message", "Model", "Operator", "Paste", "PrunedMessages",
    "QueuedMessage", "Sequence", "SequenceContact", "SequenceDevice", "SequenceStep", "Suppression", "UserDevice",
    "Workspace",
]  # fmt: skip
