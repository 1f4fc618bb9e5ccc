"""Models look at candidates; what they say becomes a calibrated probability.

Scores choose which entities and which candidates are served first, nothing else: no
judge ever reads one.
"""
