"""What can go wrong, each with one sentence for the user."""


class EmbeddedError(Exception):
    """Its text is shown as it is; no traceback follows."""


class WrongSetting(EmbeddedError):
    """An environment variable has a value that means nothing."""


class FolderInUse(EmbeddedError):
    """Another supervisor holds the data folder."""


class PortTaken(EmbeddedError):
    """The web server's port belongs to another program."""


class StartFailed(EmbeddedError):
    """A program ended, or never answered, while it was being started."""


class Interrupted(EmbeddedError):
    """The user asked to stop while something was still starting."""
