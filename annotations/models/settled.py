"""What settled means, in SQL, of a candidate c in some batch.

Settled as yes: the standing ruling says yes, or all the required judges are in and all
say yes. Settled otherwise: the same with anything but yes.
"""

_SETTLED = """EXISTS (
      SELECT FROM annotations_batchentity q
      JOIN annotations_batch b ON b.id = q.batch_id
      LEFT JOIN annotations_ruling r
        ON r.batch_id = b.id AND r.candidate_id = c.id AND r.reopened_at IS NULL
      LEFT JOIN LATERAL (
          SELECT count(*) AS votes, bool_and(verdict {is_it} 'yes') AS is_it
          FROM annotations_judgment
          WHERE batch_id = b.id AND candidate_id = c.id AND verdict <> 'skip'
      ) j ON true
      WHERE q.entity_id = c.entity_id AND q.upto >= c.id
        AND (r.verdict {is_it} 'yes'
             OR r.verdict IS NULL AND j.is_it AND j.votes >= b.judges_required))
"""
SETTLED_AS_YES = _SETTLED.format(is_it="=")
SETTLED_OTHERWISE = _SETTLED.format(is_it="<>")
