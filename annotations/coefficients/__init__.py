"""How far judges agree: coefficients, their intervals, and what each judge is like.

Plain Python and numpy. A coefficient that says nothing is `Undefined` and tells why; it
is never 1 and never nan.
"""

from .bootstrap import interval, intervals
from .measures import (
    MEASURES,
    Undefined,
    Value,
    cohen_kappa,
    cohen_kappas,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    measured,
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
    "cohen_kappa",
    "cohen_kappas",
    "dawid_skene",
    "fleiss_kappa",
    "gwet_ac1",
    "interval",
    "intervals",
    "krippendorff_alpha",
    "measured",
    "percent",
    "shares_of",
    "values_in",
]
