"""Coefficients of agreement, over sums that may be added and drawn again.

A table has a row for each candidate and a column for each value: how many judges gave
it. `shares_of` turns each row into sums; those of several candidates, of an entity or
of everything, are added, and every coefficient but Cohen's is made of them. So point
estimates and replicates of a bootstrap are the same arithmetic.

With n_ik the judges who gave candidate i the value k, and m_i all of its judges:

- coincidences o_ck = sum over i with m_i >= 2 of n_ic (n_ik - [c = k]) / (m_i - 1)
  (Krippendorff 2011, Computing Krippendorff's Alpha-Reliability);
- agreeing = sum over the same i of sum_k n_ik (n_ik - 1) / (m_i (m_i - 1));
- share of k = sum over all i of n_ik / m_i (Gwet 2014, Handbook of Inter-Rater
  Reliability, for missing ratings).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Undefined:
    """There is no value, and why."""

    reason: str


Value = float | Undefined

NOTHING = Undefined("No picture has two independent verdicts.")
ALL_ALIKE = Undefined(
    "All verdicts are the same, so agreement by chance cannot be told from agreement."
)


def shares_of(table: ArrayLike) -> Array:
    """The sums of each candidate by itself; candidates without a judge have zeros.

    Of values k: k * k coincidences, agreeing, compared (1 where two judged it), k
    shares, judged (1 where anybody did).
    """
    counts = np.asarray(table, dtype=float)
    judges = counts.sum(axis=1)
    is_compared = judges >= 2
    others = np.where(is_compared, judges - 1, 1)[:, None, None]
    pairs = counts[:, :, None] * (counts[:, None, :] - np.eye(counts.shape[1]))
    coincidences = np.where(is_compared[:, None, None], pairs / others, 0)
    agreeing = np.trace(coincidences, axis1=1, axis2=2) / np.maximum(judges, 1)
    shares = counts / np.maximum(judges, 1)[:, None]
    flat = coincidences.reshape(len(counts), counts.shape[1] ** 2)
    return np.column_stack([flat, agreeing, is_compared, shares, judges >= 1])


def _values(sums: Array) -> int:
    """How many values there are: k * k + k + 3 sums."""
    return round((np.sqrt(4 * sums.shape[-1] - 11) - 1) / 2)


def _split(sums: Array) -> tuple[Array, Array, Array, Array, Array]:
    k = _values(sums)
    square, rest = sums[..., : k * k], sums[..., k * k :]
    coincidences = square.reshape(*sums.shape[:-1], k, k)
    return (
        coincidences,
        rest[..., 0],
        rest[..., 1],
        rest[..., 2 : 2 + k],
        rest[..., 2 + k],
    )


def _over(part: Array, whole: Array) -> Array:
    """A quotient, nan where there is nothing to divide by."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(whole > 0, part / np.where(whole > 0, whole, 1), np.nan)


def percents(sums: Array) -> Array:
    """The mean share of a candidate's pairs of judges who said the same."""
    _, agreeing, compared, _, _ = _split(sums)
    return _over(agreeing, compared)


def alphas(sums: Array) -> Array:
    """Krippendorff's alpha, nominal: 1 - (n - 1)(n - sum o_cc) / (n^2 - sum n_c^2).

    n_c is a row's sum of the coincidences, n the sum of all (Krippendorff 2011).
    Candidates with one verdict do not count.
    """
    coincidences, *_ = _split(sums)
    of_value = coincidences.sum(axis=-1)
    n = of_value.sum(axis=-1)
    same = np.trace(coincidences, axis1=-2, axis2=-1)
    expected = np.where(
        (of_value > 0).sum(axis=-1) > 1, n**2 - (of_value**2).sum(axis=-1), 0
    )
    return 1 - _over((n - 1) * (n - same), expected)


def fleiss_kappas(sums: Array) -> Array:
    """Fleiss' kappa, (p - e) / (1 - e) with e = sum of squared shares.

    Where every candidate has as many verdicts this is Fleiss 1971; where not, its
    generalisation of Gwet 2014: agreement over candidates with two verdicts or more,
    shares over all.
    """
    shares, is_defined = _mean_shares(sums)
    chance = (shares**2).sum(axis=-1)
    return _over(percents(sums) - chance, np.where(is_defined, 1 - chance, 0))


def ac1s(sums: Array, values: int | None = None) -> Array:
    """Gwet's AC1, (p - e) / (1 - e) with e = sum of s (1 - s) / (q - 1) (Gwet 2008).

    q is the number of values that occur; a replicate of a bootstrap is told that of the
    whole.
    """
    shares, is_defined = _mean_shares(sums)
    found = (shares > 0).sum(axis=-1) if values is None else np.asarray(values)
    chance = (shares * (1 - shares)).sum(axis=-1) / np.maximum(found - 1, 1)
    is_told = is_defined if values is None else np.asarray(values > 1)
    return _over(percents(sums) - chance, np.where(is_told, 1 - chance, 0))


def _mean_shares(sums: Array) -> tuple[Array, Array]:
    _, _, _, shares, judged = _split(sums)
    means = shares / np.maximum(judged, 1)[..., None]
    return means, (shares > 0).sum(axis=-1) > 1


Many = Callable[[Array], Array]
MEASURES: dict[str, Many] = {
    "percent": percents,
    "krippendorff_alpha": alphas,
    "fleiss_kappa": fleiss_kappas,
    "gwet_ac1": ac1s,
}


def values_in(sums: Array) -> int:
    """How many values occur at all."""
    return int((_split(sums)[3] > 0).sum())


def measured(name: str, sums: Array) -> Value:
    """One of MEASURES, of sums that were added over all candidates."""
    value = float(MEASURES[name](sums))
    if not np.isnan(value):
        return value
    return ALL_ALIKE if _split(sums)[2] > 0 else NOTHING


def _of_table(name: str, table: ArrayLike) -> Value:
    return measured(name, shares_of(table).sum(axis=0))


def percent(table: ArrayLike) -> Value:
    """The mean share of a candidate's pairs of judges who said the same."""
    return _of_table("percent", table)


def krippendorff_alpha(table: ArrayLike) -> Value:
    """Krippendorff's alpha of nominal values, for varying judges and missing ones."""
    return _of_table("krippendorff_alpha", table)


def fleiss_kappa(table: ArrayLike) -> Value:
    """Fleiss' kappa, generalised where candidates differ in the number of judges."""
    return _of_table("fleiss_kappa", table)


def gwet_ac1(table: ArrayLike) -> Value:
    """Gwet's AC1, which stays sensible when nearly all values are the same."""
    return _of_table("gwet_ac1", table)


def cohen_kappas(tables: Array) -> Array:
    """Cohen's kappa of tables flattened to k * k, nan where there is none."""
    k = round(np.sqrt(tables.shape[-1]))
    square = np.asarray(tables, dtype=float).reshape(*tables.shape[:-1], k, k)
    n = square.sum(axis=(-2, -1))
    same = np.trace(square, axis1=-2, axis2=-1)
    chance = (square.sum(axis=-1) * square.sum(axis=-2)).sum(axis=-1)
    is_one = np.diagonal(square, axis1=-2, axis2=-1).max(axis=-1) == n
    # (po - pe) / (1 - pe), times n^2.
    return _over(n * same - chance, np.where(is_one, 0, n**2 - chance))


def cohen_kappa(table: ArrayLike) -> Value:
    """Cohen's kappa of two judges (Cohen 1960): table[a][b] counts a and b said."""
    counts = np.asarray(table, dtype=float)
    value = float(cohen_kappas(counts.reshape(-1)))
    if not np.isnan(value):
        return value
    return ALL_ALIKE if counts.sum() else NOTHING
