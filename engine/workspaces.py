"""Workspaces and the people in them: the first owner's claim, who may act, where alerts go, Stop everything."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import time
from zoneinfo import ZoneInfo

from sqlalchemy import delete, exists, select, update

from engine.actor import Actor
from engine.clock import Clock
from engine.database import Database
from engine.errors import ConflictError, InvalidInputError, NotFoundError
from engine.settings import Settings
from engine.transactions import Session
from models import ApiToken, Invite, Membership, Operator, Workspace
from models.enums import Face, Role, TokenScope

MOST_A_DAY = 100  # campaigns and sequences, for one person


def token_hash(token: str) -> bytes:
    """Tokens are random and long, so a plain digest is enough to keep them unreadable in the database."""
    return hashlib.sha256(token.encode()).digest()


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who came with an API token, and what the token is for."""

    actor: Actor
    scope: TokenScope


@dataclass(frozen=True, slots=True)
class Workspaces:
    database: Database
    clock: Clock
    settings: Settings

    async def new_claim(self) -> str | None:
        """Make the one-time token of the first owner, replacing an older one; None if there is an owner."""
        token = secrets.token_urlsafe(16)
        async with self.database.transaction() as session:
            if await _has_owner(session):
                return None
            await session.execute(delete(Invite).where(Invite.workspace_id.is_(None), Invite.used_at.is_(None)))
            session.add(Invite(token_hash=token_hash(token), role=Role.OWNER))
        return token

    async def is_claimed(self) -> bool:
        async with self.database.transaction() as session:
            return await _has_owner(session)

    async def first_time_zone(self) -> str:
        """The zone in which a clock that belongs to no workspace is shown."""
        async with self.database.transaction() as session:
            zone = await session.scalar(select(Workspace.time_zone).order_by(Workspace.id).limit(1))
        return zone or self.settings.default_time_zone

    async def claim(self, token: str, *, telegram_user_id: int, name: str) -> Actor:
        """Make this person the owner of a first workspace. Raises NotFoundError for a wrong or used token."""
        now = self.clock.now()
        async with self.database.transaction() as session:
            invite = await session.scalar(
                select(Invite)
                .where(
                    Invite.token_hash == token_hash(token),
                    Invite.workspace_id.is_(None),
                    Invite.used_at.is_(None),
                )
                .with_for_update()
            )
            if invite is None or await _has_owner(session):
                raise NotFoundError("This link has been used or is not valid any more.")
            workspace = Workspace(
                name=f"{name}'s team",
                country=self.settings.default_country,
                time_zone=self.settings.default_time_zone,
            )
            operator = Operator(telegram_user_id=telegram_user_id, name=name)
            session.add_all([workspace, operator])
            await session.flush()
            session.add(Membership(workspace_id=workspace.id, operator_id=operator.id, role=Role.OWNER))
            invite.used_at, invite.used_by = now, operator.id
            actor = Actor(workspace.id, Role.OWNER, Face.MENU, operator.id)
            actor.record(session, now, "workspace.claim", workspace.id)
        return actor

    async def actor_for(self, telegram_user_id: int) -> Actor | None:
        """Who this Telegram user is here; None for a stranger."""
        query = (
            select(Membership.workspace_id, Membership.role, Membership.operator_id)
            .join(Operator, Operator.id == Membership.operator_id)
            .where(Operator.telegram_user_id == telegram_user_id)
            .order_by(Membership.id)
            .limit(1)
        )
        async with self.database.transaction() as session:
            row = (await session.execute(query)).first()
        return Actor(row.workspace_id, row.role, Face.MENU, row.operator_id) if row else None

    async def get(self, actor: Actor) -> Workspace:
        async with self.database.transaction() as session:
            return await session.get_one(Workspace, actor.workspace_id)

    async def set_place(self, actor: Actor, *, country: str, time_zone: str) -> None:
        """Set how phones without a country code are read, and the local time of everything."""
        await self._set(actor, "workspace.place", country=country, time_zone=time_zone)

    async def set_quiet_hours(self, actor: Actor, start: time | None, end: time | None) -> None:
        """Send nothing from `start` up to `end` (local); None and None: at any hour."""
        if start is not None and start == end:
            raise InvalidInputError("Quiet hours need an end that differs from their start.")
        await self._set(actor, "workspace.quiet_hours", quiet_start=start, quiet_end=end)

    async def set_frequency_cap(self, actor: Actor, most: int | None) -> None:
        """Let at most so many campaigns and sequences reach one person on one day; None: any number."""
        if most is not None and not 1 <= most <= MOST_A_DAY:
            raise InvalidInputError(f"The limit is a number from 1 to {MOST_A_DAY}, or none.")
        await self._set(actor, "workspace.frequency_cap", frequency_cap=most)

    async def set_digest(self, actor: Actor, at: time | None) -> None:
        """Send the daily digest at this time (local), the first one at the next such time; None: never."""
        workspace = await self.get(actor)
        local = self.clock.now().astimezone(ZoneInfo(workspace.time_zone))
        passed = at is not None and at <= local.time()
        last = local.date() if passed else workspace.digest_on
        await self._set(actor, "workspace.digest", digest_at=at, digest_on=last)

    async def bind_alerts_chat(self, actor: Actor, chat_id: int | None) -> None:
        """Post alerts to this group from now on."""
        await self._set(actor, "workspace.alerts_chat", alerts_chat_id=chat_id)

    async def set_replies_posted(self, actor: Actor, *, posted: bool) -> None:
        """Post what people reply to the alerts chat, or show it only at Home."""
        await self._set(actor, "workspace.replies_posted", replies_posted=posted)

    async def unbind_alerts_chat(self, chat_id: int) -> None:
        """Forget a group that the bot was removed from."""
        async with self.database.transaction() as session:
            await session.execute(
                update(Workspace).where(Workspace.alerts_chat_id == chat_id).values(alerts_chat_id=None)
            )

    async def stop_everything(self, actor: Actor) -> None:
        """No send of this workspace starts after this has been committed. Idempotent."""
        await self._set(actor, "workspace.stop", role=Role.OPERATOR, stopped_at=self.clock.now())

    async def resume_everything(self, actor: Actor) -> None:
        await self._set(actor, "workspace.resume", role=Role.OPERATOR, stopped_at=None)

    async def create_token(self, workspace_name: str, scope: TokenScope, name: str = "cli") -> str:
        """Make an API token for the workspace of this name and return it, once. Raises NotFoundError."""
        token = f"dd_{secrets.token_urlsafe(32)}"
        async with self.database.transaction() as session:
            named = select(Workspace.id).where(Workspace.name == workspace_name)
            ids = list(await session.scalars(named))
            if not ids:
                known = ", ".join(f"“{name}”" for name in await session.scalars(select(Workspace.name)))
                raise NotFoundError(f"There is no workspace “{workspace_name}”; there is {known or 'none yet'}.")
            if len(ids) > 1:
                raise ConflictError(f"Several workspaces are called “{workspace_name}”; rename one first.")
            session.add(ApiToken(workspace_id=ids[0], name=name, scope=scope, token_hash=token_hash(token)))
            Actor(ids[0], Role.OWNER, Face.CLI).record(
                session, self.clock.now(), "token.create", None, scope=scope
            )
        return token

    async def bearer(self, token: str) -> Bearer | None:
        """Who this API token speaks for; None if it is unknown or revoked.

        It is looked up by its digest, so how long that takes says nothing about any token that there is.
        """
        query = select(ApiToken.id, ApiToken.workspace_id, ApiToken.scope).where(
            ApiToken.token_hash == token_hash(token), ApiToken.revoked_at.is_(None)
        )
        async with self.database.transaction() as session:
            row = (await session.execute(query)).first()
        if row is None:
            return None
        role = Role.OPERATOR if row.scope is TokenScope.WRITE else Role.VIEWER
        return Bearer(Actor(row.workspace_id, role, Face.REST, token_id=row.id), row.scope)

    async def _set(self, actor: Actor, action: str, *, role: Role = Role.OWNER, **values: object) -> None:
        actor.must_be(role)
        async with self.database.transaction() as session:
            await session.execute(update(Workspace).where(Workspace.id == actor.workspace_id).values(values))
            told = {key: str(value) if value is not None else None for key, value in values.items()}
            actor.record(session, self.clock.now(), action, actor.workspace_id, **told)


async def _has_owner(session: Session) -> bool:
    return bool(await session.scalar(select(exists().where(Membership.role == Role.OWNER))))
