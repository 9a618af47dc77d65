"""The files around the package: each is valid, and whatever is stated twice agrees."""

import re
import subprocess
import sys
import tomllib

import pytest
from conftest import ROOT

import nst_tf


@pytest.mark.parametrize(
    ("schema", "pattern"),
    [
        ("citation-file-format", "CITATION.cff"),
        ("github-workflows", ".github/workflows/*.yml"),
        ("github-issue-forms", ".github/ISSUE_TEMPLATE/[!c]*.yml"),
        ("github-issue-config", ".github/ISSUE_TEMPLATE/config.yml"),
    ],
)
def test_a_file_follows_its_schema(schema, pattern):
    paths = list(ROOT.glob(pattern))
    assert paths
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *paths]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_pre_commit_hooks_are_valid():
    command = [sys.executable, "-m", "pre_commit", "validate-config", ROOT / ".pre-commit-config.yaml"]
    assert subprocess.run(command, capture_output=True).returncode == 0


def test_the_version_is_the_same_everywhere():
    citation = (ROOT / "CITATION.cff").read_text()
    released = re.search(r"^version: (.+)$", citation, re.MULTILINE)[1]
    date = re.search(r'^date-released: "(.+)"$', citation, re.MULTILINE)[1]
    assert released == nst_tf.__version__
    assert f"## [{released}] - {date}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_repositorys_address_is_set_everywhere_at_once(tmp_path):
    copied = [
        *ROOT.glob("*.toml"),
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("notebooks/*.ipynb"),
    ]
    for path in [*copied, ROOT / "scripts/set_repository.py"]:
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(path.read_bytes())
    old = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]["Repository"]
    owner_and_name = old.removeprefix("https://github.com/")
    lessons = sorted(ROOT.glob("notebooks/0*.ipynb"))
    for lesson in lessons:  # in the badge and in the cell that installs nst_tf
        assert lesson.read_text().count(owner_and_name) == 2

    command = [sys.executable, tmp_path / "scripts/set_repository.py", "https://github.com/someone/a_fork"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert {"pyproject.toml", *(f"notebooks/{lesson.name}" for lesson in lessons)} <= set(done.stdout.split())
    for path in copied:
        before, after = path.read_text(), (tmp_path / path.relative_to(ROOT)).read_text()
        assert after == before.replace(owner_and_name, "someone/a_fork")


def test_what_is_no_address_is_refused():
    command = [sys.executable, ROOT / "scripts/set_repository.py", "somewhere"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Give the repository's address, such as https://github.com/OWNER/nst_tf.\n"


def test_each_version_range_stands_in_one_place():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [line for extra in project["optional-dependencies"].values() for line in extra]
    lines += [
        line for line in (ROOT / "requirements.txt").read_text().splitlines() if line[:1] not in ("#", "")
    ]
    ranges = [line for line in lines if not line.startswith("nst_tf[")]
    names = [re.split(r"[<>=]", line)[0] for line in ranges]
    assert len(names) == len(set(names))


def test_the_benchmarks_name_no_index_of_their_own():
    assert "index-url" not in (ROOT / "benchmarks/requirements.txt").read_text()
