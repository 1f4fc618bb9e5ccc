"""The pure parts of the scripts, tested by node's own runner."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

FOLDER = Path(settings.BASE_DIR) / "frontend" / "static" / "frontend"
TESTS = Path(__file__).parent / "scripts"


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_pure_parts_do_what_their_own_tests_say():
    command = ["node", "--test", *map(str, sorted(TESTS.glob("*.test.js")))]
    env = {k: v for k, v in os.environ.items() if not k.startswith("NODE_")}
    done = subprocess.run(command, text=True, capture_output=True, check=False, env=env)
    assert done.returncode == 0, done.stdout
    assert "# fail 0" in done.stdout


def test_all_that_a_judge_s_page_loads_is_small():
    scripts = [FOLDER / "grid.js", FOLDER / "settings.js", *FOLDER.glob("grid/*.js")]
    assert sum(script.stat().st_size for script in scripts) <= 100_000
