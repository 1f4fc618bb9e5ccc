"""The demo: invented people, drawn by a program, with everything a newcomer may meet.

`entities.tsv` and `manifest.tsv` beside this file are imported like any other
files; `truth.tsv` tells the verdict that each picture deserves and is read by
tests only. The drawing modules need numpy and OpenCV (group `dev`); this file
needs nothing, so that the demo loads without them.
"""

from pathlib import Path

FOLDER = Path(__file__).parent
ENTITIES = FOLDER / "entities.tsv"
MANIFEST = FOLDER / "manifest.tsv"
TRUTH = FOLDER / "truth.tsv"
