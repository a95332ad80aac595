"""The one error of bad input."""


class BundleError(Exception):
    """A bundle that cannot be imported; its text is one sentence that names what and where."""
