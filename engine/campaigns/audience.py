"""Whom a campaign is for."""

from dataclasses import dataclass
from enum import StrEnum

from models.enums import LeadStatus


class LeftOut(StrEnum):
    """Why somebody of the audience does not get the campaign. The first that applies counts."""

    OPTED_OUT = "opted_out"
    NO_CONSENT = "no_consent"
    NO_DEVICE = "no_device"  # no device of the pool, or none that they know, is in service


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """One of the four, or (all None) everybody in the contact book.

    `lead_status`: of a niche, those of that status in it; otherwise those who have it in any niche. A customer of
    one niche may be a prospect of another.
    """

    niche: str | None = None
    list_id: int | None = None
    segment_id: int | None = None
    follows_id: int | None = None  # those who got, or may have got, that campaign
    lead_status: LeadStatus | None = None
