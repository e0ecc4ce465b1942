"""What a person can cause. Every message is fit to be shown to that person, in the chat and over REST."""


class DripdeskError(Exception):
    """The message says what is wrong and what to do."""


class NotFoundError(DripdeskError):
    """There is no such thing in this workspace; whether another workspace has it is not told."""


class InvalidInputError(DripdeskError):
    pass


class ConflictError(DripdeskError):
    """Right in itself, but not in the present state of the thing."""


class NotAllowedError(DripdeskError):
    pass


class StartError(DripdeskError):
    """The process cannot start; the message names the setting and the mend."""


class NotRunningError(StartError):
    """The embedded database is to be looked at, not started, and it does not run."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(f"{what}; {mend}")
        self.what = what
        self.mend = mend
