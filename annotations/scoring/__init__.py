"""Models look at candidates; what they say becomes a calibrated probability.

Scores choose which entities and which candidates are served first, nothing else: no
judge ever reads one. `run` scores what is due, `work` hands it out, `reading` is its
door to the database; `features` compares, `calibration` and `fitting` make
probabilities; `cutting` cuts faces out; `faces` and `pixels` are scorers, as `base` says what one is.
"""

from .boxes import framed
from .cropping import Crop, CropRequest, aligner, crop_faces
from .fitting import is_due as is_fit_due
from .registry import register, rows
from .run import Done, refit, free_memory, score_due
from .pending import is_due, mark_served, sweep, sweep_all

__all__ = [
    "Crop",
    "Done",
    "CropRequest",
    "aligner",
    "crop_faces",
    "framed",
    "is_due",
    "is_fit_due",
    "mark_served",
    "refit",
    "register",
    "free_memory",
    "rows",
    "score_due",
    "sweep",
    "sweep_all",
]
