"""What settled means, in SQL, of a candidate c in some batch.

Settled as yes: the standing ruling says yes, or all the required judges are in and all
say yes.
"""

SETTLED_AS_YES = """EXISTS (
      SELECT FROM annotations_batchentity q
      JOIN annotations_batch b ON b.id = q.batch_id
      LEFT JOIN annotations_ruling r
        ON r.batch_id = b.id AND r.candidate_id = c.id AND r.reopened_at IS NULL
      LEFT JOIN LATERAL (
          SELECT count(*) AS votes, bool_and(verdict = 'yes') AS is_yes
          FROM annotations_judgment
          WHERE batch_id = b.id AND candidate_id = c.id AND verdict <> 'skip'
      ) j ON true
      WHERE q.entity_id = c.entity_id AND q.upto >= c.id
        AND (r.verdict = 'yes'
             OR r.verdict IS NULL AND j.is_yes AND j.votes >= b.judges_required))
"""
