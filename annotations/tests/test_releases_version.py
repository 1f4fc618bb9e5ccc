"""Which commit a release says that it was made by."""

import subprocess

import pytest

from annotations.releases.versions import commit_of


def git(folder, *words):
    who = ("-c", "user.name=n", "-c", "user.email=e@example.org")
    done = subprocess.run(
        ["git", "-C", str(folder), *who, *words],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init", "--initial-branch", "main")
    git(folder, "commit", "--allow-empty", "--message", "first")
    return folder


def test_the_commit_is_found_however_git_keeps_it(checkout, tmp_path):
    commit = git(checkout, "rev-parse", "HEAD")
    assert commit_of(checkout) == commit
    git(checkout, "tag", "--annotate", "v1", "--message", "v1")
    git(checkout, "pack-refs", "--all")
    assert not (checkout / ".git/refs/heads/main").exists()
    assert commit_of(checkout) == commit
    git(checkout, "worktree", "add", str(tmp_path / "other"), "-b", "other")
    git(checkout, "pack-refs", "--all")
    assert commit_of(tmp_path / "other") == commit
    git(checkout, "checkout", "--detach")
    assert commit_of(checkout) == commit


def test_where_there_is_no_commit_none_is_made_up(checkout, tmp_path):
    assert commit_of(tmp_path / "nothing") == ""
    git(checkout, "switch", "--orphan", "empty")
    assert commit_of(checkout) == ""
