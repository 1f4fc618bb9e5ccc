"""Scoring: models compare pictures, and calibration turns similarity into probability.

Scores only choose which entities and candidates are served first. No judge ever sees a
score. `run` scores the pending entities: `pending` claims them, `storage` reads and
writes their data, `analysis` runs a model on pictures, `features` compares the results,
and `calibration` and `fitting` make probabilities. `faces` and `pixels` are scoring
models as defined in `base`. `cropping` crops faces for releases. `status` and `control`
serve the admin's pages.
"""

from .boxes import framed
from .cropping import Crop, CropRequest, aligner, crop_faces
from .fitting import is_due as is_fit_due
from .pending import is_due, mark_served, score_first, sweep, sweep_all
from .registry import register, rows
from .run import ScoredEntities, free_memory, refit, score_due

__all__ = [
    "Crop",
    "CropRequest",
    "ScoredEntities",
    "aligner",
    "crop_faces",
    "framed",
    "free_memory",
    "is_due",
    "is_fit_due",
    "mark_served",
    "refit",
    "register",
    "rows",
    "score_due",
    "score_first",
    "sweep",
    "sweep_all",
]
