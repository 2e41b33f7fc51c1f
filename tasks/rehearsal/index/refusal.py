"""What an index says no to."""


class Refused(ValueError):
    """An upload that the index does not take; `status` is the HTTP status, the message what PyPI says."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status
