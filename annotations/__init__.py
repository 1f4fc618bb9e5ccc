"""The domain: one module or package for each stage, in the order of the data.

    import -> image -> score -> queue -> page -> judgment -> ruling -> ground truth -> export

From files to candidates:

- `intake` reads files into entities and candidates, a parser for each layout.
- `images` checks pictures, makes thumbnails and stores the bytes once, by digest.
- `entities` searches and changes entities, shows their history, counts their figures.
- `scoring` computes the probability that a candidate shows its entity, calibrated on
  this installation's verdicts.

From candidates to verdicts:

- `queue` leases pages to judges, keeps counters exact and detects conflicts.
- `batches` chooses the entities of a batch, creates and opens it, changes its rules.
- `clearance` lets a scorer decide the clear candidates of cleaning batches, and audits it.
- `page` is one judge's view of a leased page.
- `judgments` records marks, corrections and skips, and voids a judge's judgments.
- `people` has users, invitations and their mails.

From verdicts to truth:

- `adjudication` leases conflicts to adjudicators, records rulings, asks judges again.
- `agreement` reports how far the judges of a batch agree.
- `ground_truth` decides each candidate of some batches.
- `export` streams the truth and the judgments as files.
- `releases` freezes them, and builds measurement sets from them.
- `evaluation` measures a recogniser's results on a measurement set.

Across all stages:

- `erasure` removes an entity or a picture everywhere. `verification` recomputes stored
  counters and states, and corrects them.
- `models` has the tables, `sql` the statements' runner and shared fragments, `errors`
  the errors of all stages.
- `consensus`, `coefficients`, `coverage`, `intervals` and `sampling` are rules in plain
  Python, without a database.
- `api`, `admin`, `management` and `tasks` (Celery) call the stages for programs, for
  Django's admin site, for the command line and in the background.

A stage imports only stages below it. pyproject.toml (`[tool.importlinter]`) has the
order, and `make check` verifies it.
"""
