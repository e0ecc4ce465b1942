"""The files that campaigns carry."""

from engine.actor import Actor
from engine.broadcast.media import check_media, store_media
from engine.broadcast.templating import check_body
from engine.campaigns import store
from engine.campaigns.content import Content, check_content
from engine.clock import Clock
from engine.database import Database
from engine.sequences.steps import Attachment
from models.enums import ContentKind, Role


class CampaignFiles:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def content(
        self, actor: Actor, body: str, attachment: Attachment | None, *, instead_in: int | None = None
    ) -> Content:
        """Check a message and store its file: what a campaign can be set to say. Raises InvalidInputError.

        `instead_in`: the campaign whose message it replaces. A text without a file is the new caption of its file.
        """
        actor.must_be(Role.OPERATOR)
        if attachment is None:
            content = await self._with_the_file_of(actor, instead_in, body)
            check_content(content)
            return content
        check_media(attachment.kind, attachment.mime_type, len(attachment.content))
        check_body(attachment.kind, body)
        media_id = await store_media(
            self._database, actor.workspace_id, attachment.content, attachment.mime_type, attachment.file_name
        )
        return Content(attachment.kind, body, media_id)

    async def _with_the_file_of(self, actor: Actor, campaign_id: int | None, body: str) -> Content:
        if campaign_id is None:
            return Content(ContentKind.TEXT, body)
        async with self._database.transaction() as session:
            campaign = await store.find(session, actor, campaign_id)
            return Content(campaign.kind, body, campaign.media_id)
