"""The coverage of the paper's own recogniser (Table 2), on its 500 published people."""

BASELINE = {
    "random": {"0.95": 0.728, "0.99": 0.606},
    "hard": {"0.95": 0.442, "0.99": 0.052},
}
