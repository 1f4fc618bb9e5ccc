"""How far judges agree: for who runs a batch, and for each judge's own home.

`report` works out all that is known of a batch's agreement and stores it; `latest` is
what was stored, with whether anything was said since. `compare` is each judge's own
agreement with the others, told on their homes once a day.
"""

from .own import SHARED_ENOUGH, compare, due
from .reporting import READ_SECONDS, due_reports, latest, report
from .telling import reliability_of, told

__all__ = [
    "READ_SECONDS",
    "SHARED_ENOUGH",
    "compare",
    "due",
    "due_reports",
    "latest",
    "reliability_of",
    "report",
    "told",
]
