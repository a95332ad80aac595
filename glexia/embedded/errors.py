"""The one error of the embedded PostgreSQL."""


class EmbeddedError(Exception):
    """The embedded PostgreSQL cannot be used; one sentence says what is wrong and what to do."""


class StillStartingError(EmbeddedError):
    """The server is up but not ready in time; it is left to go on, so that trying again helps."""
