from engine.sequences.enrolment import JoinReport, RefusalReason

REFUSALS = {
    RefusalReason.OPTED_OUT: "opted out",
    RefusalReason.NO_CONSENT: "without permission",
    RefusalReason.ALREADY_IN_IT: "in it already",
    RefusalReason.HAD_IT_BEFORE: "had it before",
    RefusalReason.HAD_IT_LATELY: "had it lately",
}


def told(report: JoinReport) -> str:
    """Tell in words who joined and who did not, and why."""
    parts = [f"{report.joined:,} joined"]
    parts += [f"{count:,} {REFUSALS[reason]}" for reason, count in report.refused.items()]
    return " · ".join(parts)
