"""Files that are written whole or not at all, also by a process that is killed."""

import os
import signal
import subprocess
import sys

from conftest import ROOT

from nst_tf.files import remove_leftovers, written_aside

SLOW_WRITER = """
import sys, time
from nst_tf.files import written_aside
with written_aside(sys.argv[1]) as aside:
    aside.write_text("half")
    print("writing", flush=True)
    time.sleep(600)
"""


def writer_of(path):
    """A process that is writing that file, and goes on for ten minutes."""
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW_WRITER, path],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
    process.stdout.readline()
    return process


def end(process):
    with process:
        process.send_signal(signal.SIGKILL)


def test_what_a_killed_writer_leaves_goes_with_the_next_one(tmp_path):
    end(writer_of(tmp_path / "out.png"))
    assert len(list(tmp_path.iterdir())) == 1
    with written_aside(tmp_path / "out.png") as aside:
        aside.write_text("whole")
    assert [path.name for path in tmp_path.iterdir()] == ["out.png"]


def test_what_is_being_written_stays(tmp_path):
    living = writer_of(tmp_path / "out.png")
    (theirs,) = tmp_path.iterdir()
    with written_aside(tmp_path / "out.png") as aside:
        aside.write_text("whole")
    remove_leftovers(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([theirs, tmp_path / "out.png"])
    end(living)


def test_what_belongs_to_another_file_or_to_somebody_else_stays(tmp_path):
    end(writer_of(tmp_path / "other.png"))
    (others,) = tmp_path.iterdir()
    (tmp_path / ".out.png").touch()
    (tmp_path / ".nst_tf").touch()
    with written_aside(tmp_path / "out.png") as aside:
        aside.write_text("whole")
    assert {path.name for path in tmp_path.iterdir()} == {others.name, ".out.png", ".nst_tf", "out.png"}
    remove_leftovers(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {".out.png", ".nst_tf", "out.png"}
