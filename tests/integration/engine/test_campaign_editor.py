"""Making a campaign and saying what it is."""

from datetime import time, timedelta

import pytest

from engine.broadcast.media import store_media
from engine.campaigns.audience import Audience
from engine.campaigns.catalogue import Missing, Tab
from engine.campaigns.content import Content
from engine.errors import ConflictError, DripdeskError, InvalidInputError, NotFoundError
from models.enums import CampaignStatus, ContentKind, DeviceChoice, LatePolicy, LeadStatus
from tests.integration.engine.world import World

TEXT = Content(ContentKind.TEXT, "Hi {{ name }}")


@pytest.fixture
async def draft(world: World) -> int:
    return await world.campaign_editor.create(world.actor, "  Raya   sale ")


async def scheduled(world: World, draft: int) -> None:
    await world.run(
        "UPDATE campaigns SET status = 'scheduled', scheduled_at = :at, first_ones = 10 WHERE id = :id",
        id=draft,
        at=world.clock.now() + timedelta(hours=1),
    )


async def revision(world: World, campaign: int) -> int:
    return (await world.campaigns.card(world.actor, campaign)).revision


async def test_a_draft_says_what_it_still_needs(world: World, draft: int) -> None:
    card = await world.campaigns.card(world.actor, draft)
    assert (card.name, card.status) == ("Raya sale", CampaignStatus.DRAFT)
    assert card.missing == (Missing.MESSAGE, Missing.AUDIENCE, Missing.DEVICES)
    await world.campaign_editor.set_content(world.actor, draft, TEXT)
    await world.campaign_editor.set_audience(world.actor, draft, Audience())
    await world.campaign_editor.set_devices(world.actor, draft, [await world.device()])
    assert (await world.campaigns.card(world.actor, draft)).missing == ()


async def test_a_whole_campaign_is_shown_as_it_was_said(world: World, draft: int) -> None:
    editor, device = world.campaign_editor, await world.device("Sales")
    await editor.set_content(world.actor, draft, TEXT)
    await editor.set_audience(world.actor, draft, Audience(niche=" Yoga ", lead_status=LeadStatus.PROSPECT))
    await editor.set_devices(world.actor, draft, [device])
    await editor.set_pacing(world.actor, draft, (60, 120))
    await editor.set_window(world.actor, draft, (time(20), time(2)))
    await editor.set_late(world.actor, draft, LatePolicy.EXPIRE, 90)
    card = await world.campaigns.card(world.actor, draft)
    assert card.content == TEXT
    assert card.audience == Audience(niche="Yoga", lead_status=LeadStatus.PROSPECT)
    assert card.audience_words == "interest Yoga, prospects"
    assert [(one.id, one.name) for one in card.devices] == [(device, "Sales")]
    assert (card.delays, card.window) == ((60, 120), (time(20), time(2)))
    assert (card.late_policy, card.late_window_minutes) == (LatePolicy.EXPIRE, 90)
    assert card.revision == 7
    actions = await world.rows("SELECT action FROM audit_log WHERE subject_id = :id ORDER BY id", id=draft)
    assert [action for (action,) in actions] == [
        "campaign.create", "campaign.content", "campaign.audience", "campaign.devices", "campaign.pacing",
        "campaign.window", "campaign.late",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (Content(ContentKind.TEXT, "  "), "needs a text or a file"),
        (Content(ContentKind.TEXT, "Hi {{ nam }}"), "no variable “nam”"),
        (Content(ContentKind.TEXT, "x" * 5000), "takes at most 4,096"),
        (Content(ContentKind.IMAGE, "x"), "file of this image is missing"),
        (Content(ContentKind.IMAGE, "x" * 1100, 1), "caption can have 1,024"),
        (Content(ContentKind.AUDIO, "x", 1), "no text with an audio"),
    ],
)
async def test_a_message_that_could_not_be_sent_is_refused(
    world: World, draft: int, content: Content, words: str
) -> None:
    with pytest.raises(InvalidInputError, match=words):
        await world.campaign_editor.set_content(world.actor, draft, content)
    assert await revision(world, draft) == 1


async def test_the_file_must_be_one_that_whatsapp_takes(world: World, draft: int) -> None:
    wide = await store_media(world.database, world.actor.workspace_id, b"x" * 6_000_000, "image/png", "big.png")
    with pytest.raises(InvalidInputError, match="takes at most 5 MB"):
        await world.campaign_editor.set_content(world.actor, draft, Content(ContentKind.IMAGE, "", wide))
    with pytest.raises(InvalidInputError, match="not image/png"):
        await world.campaign_editor.set_content(world.actor, draft, Content(ContentKind.VIDEO, "", wide))
    await world.campaign_editor.set_content(world.actor, draft, Content(ContentKind.DOCUMENT, "", wide))
    card = await world.campaigns.card(world.actor, draft)
    assert (card.file_name, card.missing[0]) == ("big.png", Missing.AUDIENCE)


async def test_an_audience_is_one_thing_and_has_to_exist(world: World, draft: int) -> None:
    editor = world.campaign_editor
    with pytest.raises(InvalidInputError, match="one interest, one list"):
        await editor.set_audience(world.actor, draft, Audience(niche="Yoga", list_id=1))
    for audience in (
        Audience(list_id=99),
        Audience(segment_id=99),
        Audience(follows_id=99),
        Audience(follows_id=draft),
    ):
        with pytest.raises(NotFoundError):
            await editor.set_audience(world.actor, draft, audience)
    other = await editor.create(world.actor, "Other")
    with pytest.raises(ConflictError, match="Nobody has got"):
        await editor.set_audience(world.actor, draft, Audience(follows_id=other))


@pytest.mark.parametrize("delays", [(-1, 5), (6, 5), (0, 90_000)])
async def test_delays_that_make_no_sense_are_refused(
    world: World, draft: int, delays: tuple[float, float]
) -> None:
    with pytest.raises(InvalidInputError, match="delay"):
        await world.campaign_editor.set_pacing(world.actor, draft, delays)


async def test_a_device_must_be_there_and_in_service(world: World, draft: int) -> None:
    device, gone = await world.device(), await world.device("Gone", removed_at=world.clock.now())
    for devices, error in (([], InvalidInputError), ([device, gone], NotFoundError), ([99], NotFoundError)):
        with pytest.raises(error):
            await world.campaign_editor.set_devices(world.actor, draft, devices)
    await world.campaign_editor.set_devices(world.actor, draft, [device, device])
    await world.campaign_editor.use_known_devices(world.actor, draft)
    card = await world.campaigns.card(world.actor, draft)
    assert (card.device_choice, card.devices) == (DeviceChoice.KNOWN, ())


async def test_to_change_what_is_scheduled_makes_it_a_draft_again(world: World, draft: int) -> None:
    await scheduled(world, draft)
    await world.campaign_editor.set_pacing(world.actor, draft, (60, 120))
    card = await world.campaigns.card(world.actor, draft)
    assert (card.status, card.scheduled_at, card.first_ones) == (CampaignStatus.DRAFT, None, None)


async def test_what_has_begun_can_only_be_renamed_and_copied(world: World) -> None:
    device = await world.device()
    campaign = await world.campaign([device], await world.contacts(1), window_start=time(9), window_end=time(20))
    for change in (
        world.campaign_editor.set_content(world.actor, campaign, TEXT),
        world.campaign_editor.set_devices(world.actor, campaign, [device]),
        world.campaign_editor.delete(world.actor, campaign),
    ):
        with pytest.raises(ConflictError):
            await change
    await world.campaign_editor.rename(world.actor, campaign, "Sale 2")
    copies = [await world.campaign_editor.clone(world.actor, campaign) for _ in range(2)]
    cards = [await world.campaigns.card(world.actor, copy) for copy in copies]
    assert [card.name for card in cards] == ["Sale 2 (copy)", "Sale 2 (copy 2)"]
    assert {(card.status, card.window, card.progress.planned) for card in cards} == {
        (CampaignStatus.DRAFT, (time(9), time(20)), 0)
    }
    assert [one.id for one in cards[0].devices] == [device]


async def test_a_draft_that_nobody_needs_is_deleted(world: World, draft: int) -> None:
    await world.campaign_editor.delete(world.actor, draft)
    with pytest.raises(DripdeskError, match="does not exist any more"):
        await world.campaigns.card(world.actor, draft)


async def test_the_tabs_count_their_campaigns_and_the_newest_comes_first(world: World, draft: int) -> None:
    device = await world.device()
    running = await world.campaign([device], await world.contacts(3))
    await world.campaign([device], [], status=CampaignStatus.FINISHED, name="Old")
    later = await world.campaign_editor.create(world.actor, "Later")
    await scheduled(world, later)
    page = await world.campaigns.page(world.actor, Tab.RUNNING)
    assert page.counts == {Tab.RUNNING: 1, Tab.SCHEDULED: 1, Tab.DRAFTS: 1, Tab.DONE: 1}
    assert [(one.id, one.planned, one.ended) for one in page.campaigns] == [(running, 3, 0)]
    second = await world.campaign_editor.create(world.actor, "Second")
    drafts = await world.campaigns.page(world.actor, Tab.DRAFTS, limit=1)
    assert [one.id for one in drafts.campaigns] == [second]
    drafts = await world.campaigns.page(world.actor, Tab.DRAFTS, limit=1, offset=1)
    assert [one.id for one in drafts.campaigns] == [draft]
