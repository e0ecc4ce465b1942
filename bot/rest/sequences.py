"""Sequences over REST: the use cases that the menus call."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response, Security
from fastapi.routing import APIRoute

from bot.rest.answers import Deleted, Joined, SequenceInDetail, SequencePage
from bot.rest.guard import BEARER, Caller
from bot.rest.problems import API, documented
from bot.rest.requests import Id, Listing, NewSequence, People, WholeSequence
from engine.actor import Actor
from engine.sequences.catalogue import SequenceCatalogue
from engine.sequences.control import SequenceControl
from engine.sequences.editor import SequenceEditor
from engine.sequences.enrolment import Enrolments

SequenceId = Annotated[Id, Path(description="The sequence.")]
_BODY = (400, 413, 415)


def sequence_routes(
    route_class: type[APIRoute],
    catalogue: SequenceCatalogue,
    editor: SequenceEditor,
    enrolments: Enrolments,
    control: SequenceControl,
) -> APIRouter:
    router = APIRouter(
        prefix=f"{API}/sequences",
        tags=["sequences"],
        route_class=route_class,
        dependencies=[Security(BEARER)],
        responses=documented(401, 403, 422, 503),
    )

    async def shown(actor: Actor, sequence_id: int) -> SequenceInDetail:
        return SequenceInDetail.model_validate(await catalogue.card(actor, sequence_id))

    @router.get("", summary="List sequences")
    async def list_sequences(actor: Caller, listing: Annotated[Listing, Query()]) -> SequencePage:
        """The newest first, page by page, with their messages and how many people are in them."""
        page = await catalogue.page(actor, status=listing.status, before=listing.cursor, limit=listing.limit)
        return SequencePage.model_validate(page)

    @router.post(
        "",
        summary="Make a sequence",
        status_code=201,
        responses={
            201: {"headers": {"Location": {"description": "Its address.", "schema": {"type": "string"}}}},
            **documented(404, 409, *_BODY),
        },
    )
    async def create(actor: Caller, body: NewSequence, response: Response) -> SequenceInDetail:
        """Make a draft with all its messages, or nothing if one of them is not possible.

        404: one of the devices, or the next sequence, does not exist.
        """
        sequence_id = await editor.create(
            actor,
            name=body.name,
            device_ids=body.device_ids,
            niche=body.niche,
            skip_weekends=body.skip_weekends,
            plan=body.plan(),
            **body.settings(),
        )
        response.headers["Location"] = f"{API}/sequences/{sequence_id}"
        return await shown(actor, sequence_id)

    @router.get("/{sequence_id}", summary="Read a sequence", responses=documented(404))
    async def read(actor: Caller, sequence_id: SequenceId) -> SequenceInDetail:
        """Its messages with their results, and how many people are in it."""
        return await shown(actor, sequence_id)

    @router.put("/{sequence_id}", summary="Replace a sequence", responses=documented(404, 409, *_BODY))
    async def replace(actor: Caller, sequence_id: SequenceId, body: WholeSequence) -> SequenceInDetail:
        """Set name, devices, settings and all messages anew, or nothing if something in it is not possible.

        Also while people are in it. A changed text reaches everybody who has not had the message yet. Who waits
        for a message that is moved waits for its new time; who waits for one that is gone waits for the next. A
        new message is not sent to those who are past its place. Who is in it already keeps their device.
        """
        await editor.replace(
            actor,
            sequence_id,
            name=body.name,
            device_ids=body.device_ids,
            niche=body.niche,
            skip_weekends=body.skip_weekends,
            plan=body.plan(),
            revision=body.revision,
            **body.settings(),
        )
        return await shown(actor, sequence_id)

    @router.delete("/{sequence_id}", summary="Delete or archive a sequence", responses=documented(404))
    async def delete(actor: Caller, sequence_id: SequenceId) -> Deleted:
        """Delete it if nobody ever joined. Otherwise archive it, for good: runs end, what waits is cancelled."""
        status = await editor.delete(actor, sequence_id)
        return Deleted(id=sequence_id, outcome="deleted" if status is None else "archived")

    @router.post("/{sequence_id}/contacts", summary="Let people join", responses=documented(404, 409, *_BODY))
    async def join(actor: Caller, sequence_id: SequenceId, body: People) -> Joined:
        """Let people of the contact book join, and tell who could not and why. To repeat it does no harm.

        Who joins a draft begins when it is started. 404: the sequence or the list does not exist.
        """
        report = await enrolments.join(actor, sequence_id, body.who(), per_day=body.per_day)
        return Joined.of(report)

    @router.post("/{sequence_id}/start", summary="Start or resume", responses=documented(404, 409))
    async def start(actor: Caller, sequence_id: SequenceId) -> SequenceInDetail:
        """Start a draft (who joined it begins now) or resume after a pause; nothing is sent twice. Idempotent."""
        await control.start(actor, sequence_id)
        return await shown(actor, sequence_id)

    @router.post("/{sequence_id}/pause", summary="Pause", responses=documented(404, 409))
    async def pause(actor: Caller, sequence_id: SequenceId) -> SequenceInDetail:
        """No message of it goes out from the moment of the answer; nothing is cancelled. Idempotent."""
        await control.pause(actor, sequence_id)
        return await shown(actor, sequence_id)

    return router
