"""Where the cells of a row of truth.tsv stand, and which verdicts people have settled."""

from annotations.consensus import Basis
from annotations.ground_truth import COLUMNS

KEY = COLUMNS.index("entity_key")
NAME = COLUMNS.index("entity_name")
CANDIDATE = COLUMNS.index("candidate_id")
URL = COLUMNS.index("image_url")
SHA256 = COLUMNS.index("image_sha256")
VERDICT = COLUMNS.index("verdict")
BASIS = COLUMNS.index("basis")

SETTLED = (Basis.UNANIMOUS, Basis.RULING)
