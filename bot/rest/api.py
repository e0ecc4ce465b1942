"""What is under /api."""

from dishka import AsyncContainer
from fastapi import FastAPI

from bot.rest.guard import guarded
from bot.rest.problems import tell_problems
from bot.rest.sequences import sequence_routes
from engine.sequences.catalogue import SequenceCatalogue
from engine.sequences.control import SequenceControl
from engine.sequences.editor import SequenceEditor
from engine.sequences.enrolment import Enrolments
from engine.workspaces import Workspaces


async def add_api(app: FastAPI, container: AsyncContainer) -> None:
    sequences = sequence_routes(
        guarded(await container.get(Workspaces)),
        await container.get(SequenceCatalogue),
        await container.get(SequenceEditor),
        await container.get(Enrolments),
        await container.get(SequenceControl),
    )
    app.include_router(sequences)
    tell_problems(app, sequences.routes)
