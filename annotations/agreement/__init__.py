"""Agreement of judges: a report for each batch, and each judge's agreement with others.

`update_report` computes the report of a batch and stores it. `latest_report` returns the
stored report and whether judgments have changed since. `compare_judges` computes once a
day how often the others agree with each judge. Judges see this on their home page.
"""

from .peers import MIN_SHARED_CANDIDATES, batches_to_compare, compare_judges
from .presentation import as_json, reliability_as_json
from .reports import READ_SECONDS, latest_report, outdated_batches, update_report

__all__ = [
    "MIN_SHARED_CANDIDATES",
    "READ_SECONDS",
    "as_json",
    "batches_to_compare",
    "compare_judges",
    "latest_report",
    "outdated_batches",
    "reliability_as_json",
    "update_report",
]
