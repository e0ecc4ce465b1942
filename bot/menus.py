"""All menus, in the order in which the dispatcher asks them."""

from aiogram import Router

from bot.dialogs.builder.dialog import dialog as builder
from bot.dialogs.builder.router import router as edited_messages
from bot.dialogs.campaign_mending.dialog import dialog as campaign_mending
from bot.dialogs.campaign_review.dialog import dialog as campaign_review
from bot.dialogs.campaign_settings.dialog import dialog as campaign_settings
from bot.dialogs.campaign_text.dialog import dialog as campaign_text
from bot.dialogs.campaigns.dialog import dialog as campaigns
from bot.dialogs.chat_links.dialog import dialog as chat_links
from bot.dialogs.contact_list.dialog import dialog as contact_list
from bot.dialogs.contacts.dialog import dialogs as contacts
from bot.dialogs.devices.dialog import dialog as devices
from bot.dialogs.doubts.dialog import dialog as doubts
from bot.dialogs.home.dialog import dialog as home
from bot.dialogs.importing.dialog import dialogs as importing
from bot.dialogs.importing.router import router as dropped_files
from bot.dialogs.joining.dialog import dialog as joining
from bot.dialogs.launch.dialog import dialog as launch
from bot.dialogs.new_campaign.dialog import dialog as new_campaign
from bot.dialogs.new_person.dialog import dialog as new_person
from bot.dialogs.new_person.router import router as shared_contacts
from bot.dialogs.new_sequence.dialog import dialog as new_sequence
from bot.dialogs.opted_out.dialog import dialog as opted_out
from bot.dialogs.pairing.dialog import dialogs as pairing
from bot.dialogs.people.dialog import dialog as people
from bot.dialogs.person.dialog import dialog as person
from bot.dialogs.person_edit.dialog import dialog as person_edit
from bot.dialogs.rehearsal.dialog import dialog as rehearsal
from bot.dialogs.relocation.dialog import dialog as relocation
from bot.dialogs.replies.dialog import dialog as replies
from bot.dialogs.results.dialog import dialog as results
from bot.dialogs.segments.dialog import dialog as segments
from bot.dialogs.sequence_settings.dialog import dialog as sequence_settings
from bot.dialogs.sequences.dialog import dialog as sequences
from bot.dialogs.settings.dialog import dialog as settings
from bot.dialogs.welcome.dialog import dialog as welcome

# What is dropped first: an open dialog takes every message that reaches it, also those it has no use for.
MENUS: tuple[Router, ...] = (
    dropped_files, shared_contacts, edited_messages, home, welcome, sequences, new_sequence, joining,
    sequence_settings, builder, campaigns, new_campaign, campaign_settings, campaign_text, campaign_review,
    campaign_mending, rehearsal, launch, results, *contacts, opted_out, devices, *pairing, doubts, relocation,
    settings, people, person, segments, replies, chat_links, *importing, new_person, person_edit, contact_list,
)  # fmt: skip
