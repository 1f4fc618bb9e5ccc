"""Record judges' marks: first marks, corrections, skips, late marks, withdrawn marks.

`record` applies marks, `void` removes all judgments of one judge in a batch.
"""

from .marks import Mark, Outcome
from .record import record
from .voiding import void

__all__ = ["Mark", "Outcome", "record", "void"]
