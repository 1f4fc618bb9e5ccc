"""The programs' face: HTTP in, one call into a stage, JSON or a stream out.

Views are one module per noun, and so are serializers; `errors` holds the only table
that translates domain errors to statuses. Pages are another face (`frontend`); the two
do not know each other.
"""
