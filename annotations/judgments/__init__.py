"""Record what judges say: marks, corrections, skips, late ones, and marks taken back."""

from .marks import Mark, Outcome
from .record import record

__all__ = ["Mark", "Outcome", "record"]
