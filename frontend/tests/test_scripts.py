"""The tests of the scripts' pure parts, run by node."""

import os
import shutil
import subprocess
from pathlib import Path

from django.conf import settings

FOLDER = Path(settings.BASE_DIR) / "frontend" / "static" / "frontend"
TESTS = Path(__file__).parent / "scripts"


def test_the_pure_parts_of_the_scripts():
    assert shutil.which("node"), "node is missing. Install Node.js 20 or newer."
    command = ["node", "--test", *map(str, sorted(TESTS.glob("*.test.js")))]
    env = {k: v for k, v in os.environ.items() if not k.startswith("NODE_")}
    result = subprocess.run(
        command, text=True, capture_output=True, check=False, env=env
    )
    assert result.returncode == 0, result.stdout
    assert "# fail 0" in result.stdout


def test_the_scripts_of_the_judging_page_are_small():
    scripts = [FOLDER / "grid.js", FOLDER / "settings.js", *FOLDER.glob("grid/*.js")]
    assert sum(script.stat().st_size for script in scripts) <= 100_000
