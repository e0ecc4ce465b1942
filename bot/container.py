"""What the menus and REST ask for. Everything is made once; nothing keeps state for one request."""

from dataclasses import dataclass

from dishka import AsyncContainer, Provider, Scope, from_context, make_async_container, provide, provide_all

from bot.live import LiveCards
from engine.alerts import Alerts
from engine.broadcast.doubts import Doubts
from engine.campaigns.catalogue import CampaignCatalogue
from engine.campaigns.control import CampaignControl
from engine.campaigns.correction import CampaignCorrections
from engine.campaigns.editor import CampaignEditor
from engine.campaigns.files import CampaignFiles
from engine.campaigns.launch import CampaignLaunches
from engine.campaigns.rehearsal import CampaignRehearsals
from engine.campaigns.retrying import CampaignRetries
from engine.campaigns.review import CampaignReviews
from engine.campaigns.revoking import CampaignRevocations
from engine.clock import Clock
from engine.contacts.answering import Answers
from engine.contacts.book import ContactBook
from engine.contacts.card import ContactCards
from engine.contacts.click_to_chat import ChatLinks
from engine.contacts.deleting import ContactDeletion
from engine.contacts.editing import ContactEditor
from engine.contacts.entering import NewContacts
from engine.contacts.exporting import ContactExports
from engine.contacts.importing import ContactImports
from engine.contacts.leads import Leads
from engine.contacts.lists import ContactLists
from engine.contacts.opt_out_lists import OptOutLists
from engine.contacts.opting_out import OptOuts
from engine.contacts.own_stop_words import OwnStopWords
from engine.contacts.replies import Replies
from engine.contacts.segmenting import Segments
from engine.contacts.stop_requests import StopRequests
from engine.database import Database
from engine.devices.limits import DeviceLimits
from engine.devices.pairing import Pairings
from engine.devices.registry import Devices
from engine.devices.relocation import Relocation
from engine.devices.session_keys import SessionKeys
from engine.devices.sessions import Sessions
from engine.devices.trying import DeviceTests
from engine.devices.unlinking import Unlinking
from engine.operators import Operators
from engine.reports.overview import Overviews
from engine.sequences.catalogue import SequenceCatalogue
from engine.sequences.control import SequenceControl
from engine.sequences.copying import SequenceCopies
from engine.sequences.coverage import Coverage
from engine.sequences.editor import SequenceEditor
from engine.sequences.enrolment import Enrolments
from engine.sequences.launch import Launches
from engine.sequences.moves import Moves
from engine.sequences.pastes import Pastes
from engine.sequences.people import SequencePeople
from engine.sequences.rehearsal import Rehearsals
from engine.sequences.results import Results
from engine.sequences.runs import Runs
from engine.sequences.settings import SequenceRules
from engine.settings import Settings
from engine.transports.contract import Linker
from engine.workspaces import Workspaces


class UseCases(Provider):
    """The engine's use cases, on a database and a clock."""

    scope = Scope.APP
    all = provide_all(
        Alerts,
        Answers,
        CampaignCatalogue,
        CampaignControl,
        CampaignCorrections,
        CampaignEditor,
        CampaignFiles,
        CampaignLaunches,
        CampaignRehearsals,
        CampaignRetries,
        CampaignReviews,
        CampaignRevocations,
        ChatLinks,
        ContactBook,
        ContactCards,
        ContactDeletion,
        ContactEditor,
        ContactExports,
        ContactImports,
        ContactLists,
        Coverage,
        DeviceLimits,
        DeviceTests,
        Devices,
        Doubts,
        Enrolments,
        Launches,
        Leads,
        Moves,
        NewContacts,
        Operators,
        OptOutLists,
        OptOuts,
        Overviews,
        OwnStopWords,
        Pastes,
        Rehearsals,
        Relocation,
        Replies,
        Results,
        Runs,
        Segments,
        SequenceCatalogue,
        SequenceControl,
        SequenceCopies,
        SequenceEditor,
        SequencePeople,
        SequenceRules,
        StopRequests,
        Workspaces,
    )


@dataclass(frozen=True, slots=True)
class LinkingHere:
    """What this process links devices by; None where there is no real WhatsApp."""

    linker: Linker | None


class Linking(Provider):
    """What links devices to phones, as this process can; one of it, because it knows what is under way."""

    scope = Scope.APP

    @provide
    def sessions(self, database: Database, settings: Settings) -> Sessions:
        return Sessions(database, SessionKeys(settings.session_key.get_secret_value()), settings.home)

    @provide
    def pairings(
        self, database: Database, clock: Clock, settings: Settings, here: LinkingHere, sessions: Sessions
    ) -> Pairings:
        return Pairings(database, clock, settings, here.linker, sessions)

    @provide
    def unlinking(
        self, database: Database, clock: Clock, devices: Devices, here: LinkingHere, sessions: Sessions
    ) -> Unlinking:
        return Unlinking(database, clock, devices, here.linker, sessions)


class Menus(Provider):
    """What the menus share among all chats."""

    scope = Scope.APP

    @provide
    def live_cards(self) -> LiveCards:
        return LiveCards()


class Base(Provider):
    """What they stand on, as this process (or a test) has made it."""

    scope = Scope.APP
    all = from_context(Database) + from_context(Clock) + from_context(Settings) + from_context(LinkingHere)


def wiring() -> AsyncContainer:
    """Who needs whom, which is the same for every database: that comes with the context of its APP scope."""
    return make_async_container(*_providers(), start_scope=Scope.RUNTIME)


def make_container(
    database: Database, clock: Clock, settings: Settings, *, linker: Linker | None = None
) -> AsyncContainer:
    context = {Database: database, Clock: clock, Settings: settings, LinkingHere: LinkingHere(linker)}
    return make_async_container(*_providers(), context=context)


def _providers() -> tuple[Provider, ...]:
    return Base(), UseCases(), Linking(), Menus()
