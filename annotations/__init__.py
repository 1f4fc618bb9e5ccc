"""The domain, a stage a module, in the order in which the data flows.

    import -> image -> queue -> page -> judgment -> ground truth -> export

`intake` reads files into entities and candidates, `images` makes their bytes safe,
`queue` cuts batches and leases one page to one judge, `page` is what that judge sees,
`judgments` records what the judge says, `ground_truth` decides each candidate and
`export` streams it; `erasure` forgets an entity or a picture everywhere. `consensus`
and `sampling` are plain rules without a database. A stage imports only those below it
(pyproject.toml, `[tool.importlinter]`); the API, the commands and `frontend` call them.
"""
