"""Positions of the cells in a row of truth.tsv."""

from annotations.consensus import Basis
from annotations.ground_truth import COLUMNS

KEY = COLUMNS.index("entity_key")
NAME = COLUMNS.index("entity_name")
CANDIDATE = COLUMNS.index("candidate_id")
URL = COLUMNS.index("image_url")
SHA256 = COLUMNS.index("image_sha256")
VERDICT = COLUMNS.index("verdict")
BASIS = COLUMNS.index("basis")

# Bases that make a verdict of people settled.
SETTLED = (Basis.UNANIMOUS, Basis.RULING)
