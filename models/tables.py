"""Every table, so that none is missing where one refers to another."""

from models.alert import Alert
from models.audit import AuditEntry
from models.campaign import Campaign, CampaignDevice, Revocation
from models.chat_link import ChatLink
from models.contact import Consent, Contact, ContactList, Lead, ListMember, Segment, Suppression
from models.contact_import import ContactImport, ImportChange
from models.device import DeviceEvent, DeviceHost, DeviceSession, Engine, NumberCheck, UserDevice
from models.digest import Digest
from models.installation import ClockAnchor, DialogState
from models.media import Media
from models.message import Answer, Delivery, Doubt, InboundMessage, Message, PrunedMessages, QueuedMessage
from models.metadata import Model
from models.sequence import Paste, Sequence, SequenceContact, SequenceDevice, SequenceStep
from models.workspace import ApiToken, Invite, Membership, Operator, Workspace

__all__ = [
    "Alert", "Answer", "ApiToken", "AuditEntry", "Campaign", "CampaignDevice", "ChatLink", "ClockAnchor",
    "Consent", "Contact", "ContactImport", "ContactList", "Delivery", "DeviceEvent", "DeviceHost",
    "DeviceSession", "DialogState", "Digest", "Doubt", "Engine", "ImportChange", "InboundMessage", "Invite",
    "Lead", "ListMember", "Media", "Membership", "Message", "Model", "NumberCheck", "Operator", "Paste",
    "PrunedMessages", "QueuedMessage", "Revocation", "Segment", "Sequence", "SequenceContact",
    "SequenceDevice", "SequenceStep", "Suppression", "UserDevice", "Workspace",
]  # fmt: skip
