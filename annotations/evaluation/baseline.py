"""What the paper's own recogniser reached (Table 2), on its 500 published celebrities."""

BASELINE = {
    "random": {"0.95": 0.728, "0.99": 0.606},
    "hard": {"0.95": 0.442, "0.99": 0.052},
}
