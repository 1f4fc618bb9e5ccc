"""The commit that a release records as its code version."""

import subprocess

import pytest

from annotations.releases.versions import commit_of


def git(folder, *words):
    author = ("-c", "user.name=n", "-c", "user.email=e@example.org")
    process = subprocess.run(
        ["git", "-C", str(folder), *author, *words],
        check=True,
        capture_output=True,
        text=True,
    )
    return process.stdout.strip()


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init", "--initial-branch", "main")
    git(folder, "commit", "--allow-empty", "--message", "first")
    return folder


def test_the_commit_is_found_in_every_layout_of_git(checkout, tmp_path):
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


def test_without_a_repository_there_is_no_commit(checkout, tmp_path):
    assert commit_of(tmp_path / "nothing") == ""
    git(checkout, "switch", "--orphan", "empty")
    assert commit_of(checkout) == ""
