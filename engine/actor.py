"""Who is acting, and what their role lets them do. Every use case takes an actor first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.errors import NotAllowedError
from engine.transactions import Session
from models import AuditEntry
from models.enums import Face, Role

_RANK = {Role.VIEWER: 0, Role.OPERATOR: 1, Role.OWNER: 2}


@dataclass(frozen=True, slots=True)
class Actor:
    workspace_id: int
    role: Role
    face: Face
    operator_id: int | None = None
    token_id: int | None = None  # of the API token, over REST

    def must_be(self, role: Role) -> None:
        """Raise NotAllowedError unless the actor has at least this role."""
        if _RANK[self.role] < _RANK[role]:
            raise NotAllowedError(f"Only an {role} of this team can do that; you are a {self.role}.")

    def record(self, session: Session, at: datetime, action: str, subject_id: int | None, **detail: Any) -> None:
        """Add the audit entry of a change to the transaction that makes the change."""
        if self.token_id is not None:
            detail["token"] = self.token_id
        session.add(
            AuditEntry(
                workspace_id=self.workspace_id,
                operator_id=self.operator_id,
                face=self.face,
                action=action,
                subject_id=subject_id,
                detail=detail,
                at=at,
            )
        )
