"""Coefficients of agreement, their intervals, and estimates of each judge's errors.

Plain Python and numpy. A coefficient without a meaningful value is `Undefined` and gives
the reason; it is never 1 and never nan.
"""

from .bootstrap import interval, intervals
from .measures import (
    MEASURES,
    Undefined,
    Value,
    coefficient,
    cohen_kappa,
    cohen_kappas,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    percent,
    shares_of,
    values_in,
)
from .reliability import Reliability, dawid_skene

__all__ = [
    "MEASURES",
    "Reliability",
    "Undefined",
    "Value",
    "coefficient",
    "cohen_kappa",
    "cohen_kappas",
    "dawid_skene",
    "fleiss_kappa",
    "gwet_ac1",
    "interval",
    "intervals",
    "krippendorff_alpha",
    "percent",
    "shares_of",
    "values_in",
]
