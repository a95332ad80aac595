"""The error of bad input, and that of a database that is not ready."""


class BundleError(Exception):
    """A bundle that cannot be imported; its text is one sentence that names what and where."""


class DatabaseNotReadyError(Exception):
    """A database that cannot be worked with as it is; its text says what to do."""
