"""Errors, each with one message for the user."""


class EmbeddedError(Exception):
    """An error with a message for the user, printed without a traceback."""


class WrongSetting(EmbeddedError):
    """An environment variable has an invalid value."""


class FolderInUse(EmbeddedError):
    """Another supervisor uses the data folder."""


class PortTaken(EmbeddedError):
    """Another program uses the web server's port."""


class StartFailed(EmbeddedError):
    """A program ended, or did not answer, during its start."""


class Interrupted(EmbeddedError):
    """The user asked to stop during the start."""
