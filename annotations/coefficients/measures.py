"""Coefficients of agreement, computed from sums that can be added and resampled.

A table has a row for each candidate and a column for each value: the number of judges
who gave this value. `shares_of` turns each row into sums. The sums of several
candidates, of an entity or of everything, are added, and every coefficient except
Cohen's is computed from them. So point estimates and replicates of a bootstrap use the
same arithmetic.

With n_ik the number of judges who gave candidate i the value k, and m_i the number of
all its judges:

- coincidences o_ck = sum over i with m_i >= 2 of n_ic (n_ik - [c = k]) / (m_i - 1)
  (Krippendorff 2011, Computing Krippendorff's Alpha-Reliability);
- agreeing = sum over the same i of sum_k n_ik (n_ik - 1) / (m_i (m_i - 1));
- share of k = sum over all i of n_ik / m_i (Gwet 2014, Handbook of Inter-Rater
  Reliability, for missing ratings).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Undefined:
    """A missing value and the reason why it is missing."""

    reason: str


Value = float | Undefined

NOTHING = Undefined("No picture has two independent verdicts.")
ALL_ALIKE = Undefined(
    "All verdicts are the same, so chance cannot be distinguished from agreement."
)


def shares_of(table: ArrayLike) -> Array:
    """Return the sums of each candidate. Candidates without a judge have zeros.

    For k values: k * k coincidences, agreeing, compared (1 if two judged it), k
    shares, judged (1 if anyone judged it).
    """
    counts = np.asarray(table, dtype=float)
    judges = counts.sum(axis=1)
    is_compared = judges >= 2
    partners = np.where(is_compared, judges - 1, 1)[:, None, None]
    pairs = counts[:, :, None] * (counts[:, None, :] - np.eye(counts.shape[1]))
    coincidences = np.where(is_compared[:, None, None], pairs / partners, 0)
    agreeing = np.trace(coincidences, axis1=1, axis2=2) / np.maximum(judges, 1)
    shares = counts / np.maximum(judges, 1)[:, None]
    flat = coincidences.reshape(len(counts), counts.shape[1] ** 2)
    return np.column_stack([flat, agreeing, is_compared, shares, judges >= 1])


def _values(sums: Array) -> int:
    """Return the number of values k, from k * k + k + 3 sums."""
    return round((math.sqrt(4 * sums.shape[-1] - 11) - 1) / 2)


def _split(sums: Array) -> tuple[Array, Array, Array, Array, Array]:
    k = _values(sums)
    square, tail = sums[..., : k * k], sums[..., k * k :]
    coincidences = square.reshape(*sums.shape[:-1], k, k)
    return (
        coincidences,
        tail[..., 0],
        tail[..., 1],
        tail[..., 2 : 2 + k],
        tail[..., 2 + k],
    )


def _quotient(part: Array, whole: Array) -> Array:
    """Return a quotient, nan where `whole` is 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(whole > 0, part / np.where(whole > 0, whole, 1), np.nan)


def percents(sums: Array) -> Array:
    """Return the mean share of a candidate's pairs of judges with the same verdict."""
    _, agreeing, candidates, _, _ = _split(sums)
    return _quotient(agreeing, candidates)


def alphas(sums: Array) -> Array:
    """Return Krippendorff's alpha for nominal values (Krippendorff 2011).

    It is 1 - (n - 1)(n - sum o_cc) / (n^2 - sum n_c^2), where n_c is the sum of a row
    of the coincidences and n the sum of all. Candidates with one verdict do not count.
    """
    coincidences, *_ = _split(sums)
    of_value = coincidences.sum(axis=-1)
    n = of_value.sum(axis=-1)
    agreeing = np.trace(coincidences, axis1=-2, axis2=-1)
    expected = np.where(
        (of_value > 0).sum(axis=-1) > 1, n**2 - (of_value**2).sum(axis=-1), 0
    )
    return 1 - _quotient((n - 1) * (n - agreeing), expected)


def fleiss_kappas(sums: Array) -> Array:
    """Return Fleiss' kappa, (p - e) / (1 - e) with e = sum of squared shares.

    If all candidates have the same number of verdicts, this is Fleiss 1971. If not, it
    is Gwet's generalisation (2014): agreement over candidates with two verdicts or
    more, shares over all.
    """
    shares, is_defined = _mean_shares(sums)
    chance = (shares**2).sum(axis=-1)
    return _quotient(percents(sums) - chance, np.where(is_defined, 1 - chance, 0))


def ac1s(sums: Array, values: int | None = None) -> Array:
    """Return Gwet's AC1, (p - e) / (1 - e) with e = sum of s (1 - s) / (q - 1).

    q is the number of values that occur (Gwet 2008). For replicates of a bootstrap,
    `values` gives the number for the whole sample.
    """
    shares, is_defined = _mean_shares(sums)
    q = (shares > 0).sum(axis=-1) if values is None else np.asarray(values)
    chance = (shares * (1 - shares)).sum(axis=-1) / np.maximum(q - 1, 1)
    has_several = is_defined if values is None else np.asarray(values > 1)
    return _quotient(percents(sums) - chance, np.where(has_several, 1 - chance, 0))


def _mean_shares(sums: Array) -> tuple[Array, Array]:
    _, _, _, shares, candidates = _split(sums)
    means = shares / np.maximum(candidates, 1)[..., None]
    return means, (shares > 0).sum(axis=-1) > 1


Measure = Callable[[Array], Array]
MEASURES: dict[str, Measure] = {
    "percent": percents,
    "krippendorff_alpha": alphas,
    "fleiss_kappa": fleiss_kappas,
    "gwet_ac1": ac1s,
}


def values_in(sums: Array) -> int:
    """Return the number of values that occur."""
    return int((_split(sums)[3] > 0).sum())


def coefficient(name: str, sums: Array) -> Value:
    """Return one of MEASURES for sums that were added over all candidates."""
    value = float(MEASURES[name](sums))
    if not np.isnan(value):
        return value
    return ALL_ALIKE if _split(sums)[2] > 0 else NOTHING


def _of_table(name: str, table: ArrayLike) -> Value:
    return coefficient(name, shares_of(table).sum(axis=0))


def percent(table: ArrayLike) -> Value:
    """Return the mean share of a candidate's pairs of judges with the same verdict."""
    return _of_table("percent", table)


def krippendorff_alpha(table: ArrayLike) -> Value:
    """Return Krippendorff's alpha of nominal values; judges can vary and be missing."""
    return _of_table("krippendorff_alpha", table)


def fleiss_kappa(table: ArrayLike) -> Value:
    """Return Fleiss' kappa, generalised to candidates with varying numbers of judges."""
    return _of_table("fleiss_kappa", table)


def gwet_ac1(table: ArrayLike) -> Value:
    """Return Gwet's AC1, which stays meaningful when nearly all values are the same."""
    return _of_table("gwet_ac1", table)


def cohen_kappas(tables: Array) -> Array:
    """Return Cohen's kappa of tables flattened to k * k, nan where it is undefined."""
    k = round(np.sqrt(tables.shape[-1]))
    square = np.asarray(tables, dtype=float).reshape(*tables.shape[:-1], k, k)
    n = square.sum(axis=(-2, -1))
    agreeing = np.trace(square, axis1=-2, axis2=-1)
    chance = (square.sum(axis=-1) * square.sum(axis=-2)).sum(axis=-1)
    is_one = np.diagonal(square, axis1=-2, axis2=-1).max(axis=-1) == n
    # (po - pe) / (1 - pe), numerator and denominator times n^2.
    return _quotient(n * agreeing - chance, np.where(is_one, 0, n**2 - chance))


def cohen_kappa(table: ArrayLike) -> Value:
    """Return Cohen's kappa of two judges (Cohen 1960).

    `table[a][b]` is the number of candidates with verdict a by one and b by the other.
    """
    counts = np.asarray(table, dtype=float)
    value = float(cohen_kappas(counts.reshape(-1)))
    if not np.isnan(value):
        return value
    return ALL_ALIKE if counts.sum() else NOTHING
