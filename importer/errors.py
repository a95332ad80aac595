"""The errors of bad input, of acts that cannot be done, and of a database that is not ready."""


class BundleError(Exception):
    """A bundle that cannot be imported; its text is one sentence that names what and where."""


class RefusedError(Exception):
    """An act that cannot be done as things stand; its text is one sentence that says why."""


class DatabaseNotReadyError(Exception):
    """A database that cannot be worked with as it is; its text says what to do."""
