"""The HTTP API for programs: each call validates, calls one stage, and serializes.

`views` and `serializers` have one module per noun, `urls` maps addresses to views, and
`errors` has the only table from domain errors to statuses. The pages (`frontend`) are
separate: neither package imports the other.
"""
