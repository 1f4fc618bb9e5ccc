"""Record what judges say: marks, corrections, skips, late ones, and marks taken back.

`void` takes out all that one judge has said in a batch.
"""

from .marks import Mark, Outcome
from .record import record
from .voiding import void

__all__ = ["Mark", "Outcome", "record", "void"]
