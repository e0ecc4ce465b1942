"""How Telegram says no to a bot, word for word, and how the sandbox says no to a person."""

from fastapi import HTTPException, status


class BotApiError(Exception):
    """An answer with `ok: false`; the description is what the real server would say."""

    def __init__(self, code: int, description: str, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.retry_after = retry_after


def bad_request(text: str) -> BotApiError:
    return BotApiError(400, f"Bad Request: {text}")


def unauthorized() -> BotApiError:
    return BotApiError(401, "Unauthorized")


def forbidden(text: str) -> BotApiError:
    return BotApiError(403, f"Forbidden: {text}")


def not_found() -> BotApiError:
    return BotApiError(404, "Not Found")


def conflict(text: str) -> BotApiError:
    return BotApiError(409, f"Conflict: {text}")


def too_large() -> BotApiError:
    return BotApiError(413, "Request Entity Too Large")


def too_many_requests(retry_after: int) -> BotApiError:
    return BotApiError(429, f"Too Many Requests: retry after {retry_after}", retry_after)


def missing(text: str) -> HTTPException:
    """A person named something that is not there."""
    return HTTPException(status.HTTP_404_NOT_FOUND, text)


def out_of_turn(text: str) -> HTTPException:
    """What a person asked for is not possible now."""
    return HTTPException(status.HTTP_409_CONFLICT, text)


def refused(text: str) -> HTTPException:
    """What a person asked for is never possible."""
    return HTTPException(status.HTTP_422_UNPROCESSABLE_CONTENT, text)
