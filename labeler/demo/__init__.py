"""The demo: invented people, drawn by a program, and candidates of every kind.

`manage.py load_demo` imports `entities.tsv` and `manifest.tsv` like any other files.
`truth.tsv` holds the right verdict for each picture. Only tests and benchmarks read it.
`tools/drawn_people` drew the pictures (`make demo-pictures`).
"""

from pathlib import Path

FOLDER = Path(__file__).parent
ENTITIES = FOLDER / "entities.tsv"
MANIFEST = FOLDER / "manifest.tsv"
TRUTH = FOLDER / "truth.tsv"
