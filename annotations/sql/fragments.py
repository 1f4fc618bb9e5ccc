"""Named SQL fragments: each rule that several statements share is written here once.

Each function returns SQL to be formatted into a statement. Arguments are SQL too: a
short table alias (`c` for a candidate, `q` for a queue row, `m` for a batch's judge,
`u` for a user), an expression such as `q.batch_id` or `%(batch)s`, or a SELECT that
another function returned. Inside, fragments use long aliases only, so that they never
hide an alias of the statement around them.

`consensus` has the rule of truth in plain Python. One property test compares every
statement that uses it here with `consensus` (tests/test_truth_rule.py).
"""

# The states of candidates that can be judged; `models.JUDGEABLE` in SQL.
JUDGEABLE_STATES = ("ready", "unreadable", "empty")

NOTHING_CLEARED = "SELECT NULL::text AS verdict"


def is_judgeable(c: str) -> str:
    """Return a condition: candidate `c` has a picture and is not erased."""
    states = ", ".join(f"'{state}'" for state in JUDGEABLE_STATES)
    return f"{c}.state IN ({states})"


def is_in_row(c: str, q: str) -> str:
    """Return a condition: queue row `q` includes candidate `c`, in any state."""
    return f"{c}.entity_id = {q}.entity_id AND {c}.id <= {q}.upto"


def is_member(c: str, q: str) -> str:
    """Return a condition: candidate `c` is a member of queue row `q`, so of its batch."""
    return f"{is_in_row(c, q)} AND {is_judgeable(c)}"


def has_open_report(candidate: str) -> str:
    """Return a condition: a report on this candidate waits for an adjudicator."""
    return f"""EXISTS (
    SELECT FROM annotations_report report
    WHERE report.candidate_id = {candidate} AND report.dismissed_at IS NULL)"""


def is_active_judge(m: str, u: str) -> str:
    """Return a condition: user `u` of membership `m` judges its batch now."""
    return f"{m}.removed_at IS NULL AND {u}.is_active AND 'judge' = ANY({u}.roles)"


def standing_ruling(batch: str, candidate: str) -> str:
    """Return a SELECT of the verdict of a candidate's standing ruling in one batch."""
    return f"""
    SELECT ruling.verdict FROM annotations_ruling ruling
    WHERE ruling.batch_id = {batch} AND ruling.candidate_id = {candidate}
      AND ruling.reopened_at IS NULL"""


def latest_standing_ruling(batches: str, candidate: str) -> str:
    """Return a SELECT of the verdict of the latest standing ruling in several batches."""
    return f"""{standing_ruling(f"ANY({batches})", candidate)}
    ORDER BY ruling.created_at DESC, ruling.id DESC LIMIT 1"""


def clearance(batch: str, candidate: str) -> str:
    """Return a SELECT of a scorer's verdict on a candidate that is cleared in a batch.

    A candidate in the audit has no row here: judges decide it.
    """
    return f"""
    SELECT cleared.verdict FROM annotations_clearance cleared
    WHERE cleared.batch_id = {batch} AND cleared.candidate_id = {candidate}
      AND NOT cleared.is_audit"""


def latest_clearance(batches: str, candidate: str) -> str:
    """Return a SELECT of the verdict of the latest clearance in several batches."""
    return f"""{clearance(f"ANY({batches})", candidate)}
    ORDER BY cleared.cleared_at DESC, cleared.batch_id DESC LIMIT 1"""


def votes(batch: str, candidate: str) -> str:
    """Return a SELECT of a candidate's current verdicts in one batch, skips included.

    `blind` is the judge's last verdict given without having seen other votes.
    """
    return f"""
    SELECT judgment.verdict, judgment.blind_verdict AS blind
    FROM annotations_judgment judgment
    WHERE judgment.batch_id = {batch} AND judgment.candidate_id = {candidate}"""


def latest_votes(batches: str, candidate: str) -> str:
    """Return a SELECT of each judge's latest verdict on a candidate in several batches.

    A judge counts once. A skip is not a verdict, so an older verdict counts beside it.
    The server's time of receipt decides which is later: clocks of clients can be wrong.
    """
    latest = "ORDER BY received_at DESC, batch_id DESC"
    return f"""
    SELECT (array_agg(verdict {latest}) FILTER (WHERE verdict <> 'skip'))[1] AS verdict,
           (array_agg(blind_verdict {latest})
                FILTER (WHERE blind_verdict <> 'skip'))[1] AS blind
    FROM annotations_judgment
    WHERE batch_id = ANY({batches}) AND candidate_id = {candidate}
    GROUP BY judge_id"""


def verdict_counts(votes: str) -> str:
    """Return a SELECT of one row that counts votes by verdict; skips count nowhere.

    Columns: `yes`, `no`, `broken`, their sum `votes`, the greatest of them `top`, the
    same of blind verdicts as `blind_yes`, `blind_no`, `blind_broken`, `blind_votes`.
    """
    return f"""
    SELECT counted.*, yes + no + broken AS votes, greatest(yes, no, broken) AS top,
           blind_yes + blind_no + blind_broken AS blind_votes
    FROM (SELECT count(*) FILTER (WHERE verdict = 'yes') AS yes,
                 count(*) FILTER (WHERE verdict = 'no') AS no,
                 count(*) FILTER (WHERE verdict = 'broken') AS broken,
                 count(*) FILTER (WHERE blind = 'yes') AS blind_yes,
                 count(*) FILTER (WHERE blind = 'no') AS blind_no,
                 count(*) FILTER (WHERE blind = 'broken') AS blind_broken
          FROM ({votes}) vote) counted"""


def truth(*, votes: str, required: str, ruling: str, cleared: str) -> str:
    """Return a SELECT of one row: a candidate's truth by the rule of `consensus.truth`.

    Columns: `verdict` (NULL while open), `basis` and those of `verdict_counts`. The
    standing ruling wins. Below `required` votes, the verdict is that of a scorer where
    the candidate is cleared. From there on, it is that of more than half of the votes.
    """
    return f"""
    SELECT decision.verdict,
           CASE WHEN ruled.verdict IS NOT NULL THEN 'ruling'
                WHEN decision.verdict IS NULL THEN 'open'
                WHEN tally.votes < {required} THEN 'cleared'
                WHEN tally.top = tally.votes THEN 'unanimous'
                ELSE 'majority' END AS basis,
           tally.*
    FROM ({verdict_counts(votes)}) tally
    LEFT JOIN ({ruling}) ruled ON true
    LEFT JOIN ({cleared}) scorer ON true
    CROSS JOIN LATERAL (
        SELECT CASE WHEN ruled.verdict IS NOT NULL THEN ruled.verdict
                    WHEN tally.votes < {required} THEN scorer.verdict
                    WHEN 2 * tally.top <= tally.votes THEN NULL
                    WHEN tally.top = tally.yes THEN 'yes'
                    WHEN tally.top = tally.no THEN 'no'
                    ELSE 'broken' END AS verdict
    ) decision"""


def truth_in_batch(batch: str, candidate: str, required: str) -> str:
    """Return `truth` of a candidate in one batch."""
    return truth(
        votes=votes(batch, candidate),
        required=required,
        ruling=standing_ruling(batch, candidate),
        cleared=clearance(batch, candidate),
    )


def truth_by_people(batch: str, candidate: str, required: str) -> str:
    """Return `truth` of a candidate in one batch, as if nothing were cleared."""
    return truth(
        votes=votes(batch, candidate),
        required=required,
        ruling=standing_ruling(batch, candidate),
        cleared=NOTHING_CLEARED,
    )


def truth_in_batches(batches: str, candidate: str, required: str) -> str:
    """Return `truth` of a candidate in several batches together.

    It counts each judge's latest verdict, the latest standing ruling and clearance.
    """
    return truth(
        votes=latest_votes(batches, candidate),
        required=required,
        ruling=latest_standing_ruling(batches, candidate),
        cleared=latest_clearance(batches, candidate),
    )


def is_decided_by_people(batch: str, candidate: str, required: str) -> str:
    """Return a condition: judges or an adjudicator decided a candidate in a batch."""
    return f"""EXISTS (
    SELECT FROM ({truth_by_people(batch, candidate, required)}) known
    WHERE known.verdict IS NOT NULL)"""


def is_withdrawn(batch: str, candidate: str) -> str:
    """Return a condition: judges are not asked, because it is reported or cleared."""
    return f"""({has_open_report(candidate)}
    OR EXISTS ({clearance(batch, candidate)}))"""


def is_settled_as_yes(c: str) -> str:
    """Return a condition: candidate `c` is settled as yes in any batch.

    Settled: ruled, or the required judges all gave the same verdict.
    """
    return _in_any_batch(
        c, "known.basis IN ('ruling', 'unanimous') AND known.verdict = 'yes'"
    )


def is_refused(c: str) -> str:
    """Return a condition: in some batch `c` is ruled no or broken, or no vote is yes.

    Without a ruling, the required judges have voted, for no, for broken or for both.
    """
    return _in_any_batch(
        c,
        """CASE known.basis WHEN 'ruling' THEN known.verdict <> 'yes'
         ELSE known.yes = 0 AND known.votes >= batch.judges_required END""",
    )


def _in_any_batch(c: str, condition: str) -> str:
    people = truth_by_people("batch.id", f"{c}.id", "batch.judges_required")
    return f"""EXISTS (
    SELECT FROM annotations_batchentity queue_row
    JOIN annotations_batch batch ON batch.id = queue_row.batch_id
    CROSS JOIN LATERAL ({people}) known
    WHERE {is_in_row(c, "queue_row")} AND {condition})"""
