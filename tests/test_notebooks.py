"""The lessons: what each has to have, and the exercises in the states that a learner leaves them in.

Here they run with few steps. That all their steps give what was saved, where it is tagged nbval-check-output,
is nbval's part: ``pytest --nbval-lax notebooks/0*.ipynb``.
"""

import base64
import io
import re
import subprocess

import nbformat
import numpy as np
import pytest
import tensorflow as tf
from conftest import ROOT, run_installed
from PIL import Image, ImageSequence

from nst_tf import costs, grading
from nst_tf.grading.exercises.registry import exercise
from nst_tf.grading.step_trial import STEPS
from nst_tf.grading.value_trial import ValueTrial
from nst_tf.images import clip_0_1

LESSONS = sorted((ROOT / "notebooks").glob("0*.ipynb"))
IDEAS = [*range(1, 20)]
SHOWN_IN_NUMBERS = {6, 9}


def lesson(number):
    return nbformat.read(
        next(path for path in LESSONS if path.name.startswith(f"{number:02}_")), as_version=4
    )


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(cell):
    return cell.metadata.get("tags", [])


def printed(cell):
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def pictures(cell):
    """The alternative text of each picture that the cell shows."""
    described = []
    for output in cell.outputs:
        for kind, data in output.get("data", {}).items():
            if kind.startswith("image/"):
                described.append(output.metadata.get(kind, {}).get("alt", ""))
            elif kind == "text/html":
                images = re.findall(r"<img [^>]*>", data)
                described += [re.search(r'alt="([^"]*)"|$', image)[1] or "" for image in images]
    return described


def images(cell):
    """Each picture that the cell shows, opened."""
    encoded = []
    for output in cell.outputs:
        for kind, data in output.get("data", {}).items():
            if kind.startswith("image/"):
                encoded.append(data)
            elif kind == "text/html":
                encoded += re.findall(r'src="data:image/\w+;base64,([^"]+)"', data)
    return [Image.open(io.BytesIO(base64.b64decode(data))) for data in encoded]


def checked(cell):
    return "nbval-check-output" in tags(cell)


def test_the_lessons_are_there():
    assert [path.name[:2] for path in LESSONS] == [f"{number:02}" for number in range(8)]


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
class TestEachLesson:
    def test_says_what_it_is(self, path):
        first = nbformat.read(path, as_version=4).cells[0]
        assert first.cell_type == "markdown"
        assert first.source.startswith(f"# {int(path.name[:2])} · ")
        for heading in ("Goals", "Before you start", "Time"):
            assert re.search(rf"^\*\*{heading}\.\*\* \w", first.source, re.MULTILINE)

    def test_begins_with_the_cell_that_installs_nst_tf_where_it_is_missing(self, path):
        setup = code_cells(nbformat.read(path, as_version=4))[0]
        assert tags(setup) == ["setup"]
        assert setup.source == code_cells(lesson(0))[0].source
        assert not setup.outputs

    def test_ends_with_questions(self, path):
        last = nbformat.read(path, as_version=4).cells[-1]
        _, _, questions = last.source.partition("## Questions\n")
        assert len(re.findall(r"^\d\. ", questions, re.MULTILINE)) in (2, 3)

    def test_was_run_from_top_to_bottom_without_an_error(self, path):
        cells = code_cells(nbformat.read(path, as_version=4))
        assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
        outputs = [output for cell in cells for output in cell.outputs]
        assert {output.output_type for output in outputs} <= {"stream", "display_data"}
        assert not [output.text for output in outputs if output.get("name") == "stderr"]

    def test_has_cells_of_a_size_to_be_read(self, path):
        for cell in nbformat.read(path, as_version=4).cells:
            assert cell.source.strip()
            if cell.cell_type == "code":
                assert len(cell.source.splitlines()) <= 22
                assert len(printed(cell).splitlines()) <= 16

    def test_describes_each_picture(self, path):
        described = [alt for cell in code_cells(nbformat.read(path, as_version=4)) for alt in pictures(cell)]
        assert described
        assert all(len(alt.split()) >= 2 for alt in described)

    def test_has_pictures_that_bring_their_own_light_ground(self, path):
        """So that dark letters can be read on a dark page."""
        for cell in code_cells(nbformat.read(path, as_version=4)):
            assert len(images(cell)) == len(pictures(cell))
            for image in images(cell):
                for frame in ImageSequence.Iterator(image):
                    assert not frame.has_transparency_data
                    assert min(frame.convert("RGB").getpixel((0, 0))) > 230

    def test_describes_the_pictures_of_its_text(self, path):
        cells = nbformat.read(path, as_version=4).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        described = re.findall(r"!\[([^\]]*)\]\(", text)
        assert len(described) == text.count("![")
        assert all(len(alt.split()) >= 2 for alt in described)
        assert "<img" not in text

    def test_is_small_enough_for_a_hosted_viewer(self, path):
        assert path.stat().st_size <= 1_500_000


@pytest.mark.parametrize("idea", IDEAS)
def test_every_idea_is_shown_and_its_property_checked(idea):
    shown = 0
    for number in range(8):
        cells = code_cells(lesson(number))
        for cell, following in zip(cells, [*cells[1:], None], strict=True):
            if f"idea-{idea:02}" in tags(cell):
                shown += 1
                assert idea in SHOWN_IN_NUMBERS or pictures(cell)
                proof = cell if checked(cell) else following
                assert checked(proof)
                assert printed(proof)
                assert "False" not in printed(proof)
    assert shown


def test_what_is_checked_came_out_true():
    for number in range(8):
        for cell in code_cells(lesson(number)):
            if checked(cell):
                assert printed(cell)
                assert "False" not in printed(cell)


# ------------------------------------------------------------------------------------ the exercises

EXERCISES = {
    2: ["compute_content_cost"],
    3: ["gram_matrix", "compute_layer_style_cost", "compute_style_cost"],
    4: ["preprocess", "total_cost", "train_step"],
    7: ["guided_gram_matrix"],
}

RIGHT = {
    "compute_content_cost": "return tf.reduce_mean((content_output[-1] - generated_output[-1]) ** 2) / 4",
    "gram_matrix": "return tf.einsum('ki,li->kl', A, A)",
    "compute_layer_style_cost": """
        n_C = a_G.shape[-1]
        grams = [gram_matrix(tf.transpose(tf.reshape(a, [-1, n_C]))) for a in (a_S, a_G)]
        positions = a_G.shape[1] * a_G.shape[2]
        return tf.reduce_sum((grams[0] - grams[1]) ** 2) / (2 * n_C * positions) ** 2""",
    "compute_style_cost": """
        total = 0
        for index in range(len(STYLE_LAYERS)):
            layer = compute_layer_style_cost(style_image_output[index], generated_image_output[index])
            total = total + STYLE_LAYERS[index][1] * layer
        return total""",
    "preprocess": "return tf.reverse(image, axis=[-1]) * 255 - [103.939, 116.779, 123.68]",
    "total_cost": "return alpha * J_content + beta * J_style",
    "train_step": """
        with tf.GradientTape() as tape:
            a_G = vgg_model_outputs(generated_image)
            J = total_cost(compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G), alpha, beta)
        optimizer.apply_gradients(zip(tape.gradient(J, [generated_image]), [generated_image]))
        generated_image.assign(tf.clip_by_value(generated_image, 0.0, 1.0))
        return J""",
    "guided_gram_matrix": "return tf.einsum('kp,lp->kl', A * mask**2, A) / tf.reduce_sum(mask**2)",
}

WRONG = {
    "compute_content_cost": "return tf.reduce_mean(tf.abs(content_output[-1] - generated_output[-1])) / 4",
    "gram_matrix": "return tf.matmul(A, A, transpose_a=True)",
    "compute_layer_style_cost": "return 1 / 0",
    "compute_style_cost": "return compute_layer_style_cost(style_image_output[0], generated_image_output[0])",
    "preprocess": "return (image[..., ::-1] - [103.939, 116.779, 123.68]) / 255",
    "total_cost": "return beta * J_content + alpha * J_style",
    "train_step": "return undefined",
    "guided_gram_matrix": "return tf.matmul(A * mask, A, transpose_b=True) / tf.reduce_sum(mask)",
}


def filled_in(notebook, bodies):
    """Replace the ``return None`` of each exercise, as a learner does,
    and count the calls of each function.
    """
    for cell in code_cells(notebook):
        if "exercise" in tags(cell):
            name = re.search(r"def (\w+)", cell.source)[1]
            body = "\n".join(
                "    " + line.removeprefix("    " * 2) for line in bodies[name].strip("\n").splitlines()
            )
            count = f"    CALLS.append({name!r})\n"
            assert cell.source.endswith("    return None")
            cell.source = "CALLS = globals().get('CALLS', [])\n" + cell.source.replace(
                "    return None", count + body
            )


SHORTER = {  # patterns in the lessons' code
    r'"steps": "converged", "progress"': '"steps": 12, "progress"',  # lesson 5's
    r"in \(0, 10, 30, 60, 100\)": "in (0, 10, 12)",
    r"seen\[30\]": "seen[12]",
    r"(size=|== )440": r"\g<1>150",
    r"steps=\d+": "steps=2",
    r'"steps": 40': '"steps": 2',
    r'"steps": "converged"': '"steps": 2',
    r"stylize\(C, S\)": "stylize(C, S, steps=2)",
    r'({file: .* in sorted\(IMAGES\.glob\("\w+/\*\.jpg"\)\))': r"\1[::5]",  # lesson 1's
    r"wanted = \(20, 80, 400\)": "wanted = (2, 5, 12)",  # lesson 2's
    r'jpg", 224\)': 'jpg", 112)',
    r"\(224, 168\)": "(112, 84)",
    r"image\[0, 140:, :60\]": "image[0, 70:, :30]",
    r"in enumerate\(\[[\d, ]+\]": "in enumerate([12] * 5",  # lesson 3's
}


def shorten(notebook):
    """Leave few steps in each run: who is called doesn't depend on what comes of it."""
    for cell in code_cells(notebook):
        for pattern, replacement in SHORTER.items():
            cell.source = re.sub(pattern, replacement, cell.source)


def run_alone(notebook, installed, folder):
    """The notebook after a run in an empty folder, where nst_tf is what the wheel holds."""
    path = folder / "lesson.ipynb"
    notebook.cells.append(nbformat.v4.new_code_cell("import nst_tf\nprint(nst_tf.__file__)"))
    nbformat.write(notebook, path)
    execute = ["-m", "nbconvert", "--execute", "--to", "notebook", "--inplace", path.name]
    done = run_installed(installed, "python", *execute, folder=folder)
    assert done.returncode == 0, done.stderr
    after = nbformat.read(path, as_version=4)
    assert printed(after.cells.pop()).startswith(str(installed))
    return after


def ran(number, bodies, installed, folder):
    """Run a lesson with the exercises filled in; what its check cells print,
    and the names and calls at the end.
    """
    notebook = lesson(number)
    filled_in(notebook, bodies)
    shorten(notebook)
    names = EXERCISES[number]
    plain = "getattr({0}, 'python_function', {0}).__name__"
    for name in names:
        report = f"print(CALLS.count({name!r}), {plain.format(name)})"
        notebook.cells.append(nbformat.v4.new_code_cell(report))
    after = run_alone(notebook, installed, folder)
    checks = [printed(cell) for cell in code_cells(after) if "check" in tags(cell)]
    ends = [printed(cell).split() for cell in after.cells[-len(names) :]]
    return checks, [int(calls) for calls, _ in ends], [name for _, name in ends]


def test_every_graded_function_is_an_exercise_with_a_folded_solution_and_a_check():
    for number in range(8):
        found = []
        cells = code_cells(lesson(number))
        for asked, solution, check in zip(cells, cells[1:], cells[2:], strict=False):
            if "exercise" in tags(asked):
                name = re.search(r"def (\w+)", asked.source)[1]
                found.append(name)
                assert asked.source.rstrip().endswith("return None")
                assert "solution" in tags(solution)
                assert solution.metadata.jupyter.source_hidden
                assert f"def {name}_solution(" in solution.source
                assert "check" in tags(check)
                assert f"{name} = checked({name}_test, {name}, {name}_solution" in re.sub(
                    r"\(\s+", "(", check.source
                )
        assert found == EXERCISES.get(number, [])


@pytest.mark.parametrize("number", EXERCISES)
def test_a_solution_is_read_in_a_folded_text_and_run_from_the_cell_below_it(number):
    """``<details>`` is folded wherever a notebook is shown, a code cell only in JupyterLab and Colab."""
    cells = lesson(number).cells
    solutions = [place for place, cell in enumerate(cells) if "solution" in tags(cell)]
    for place, name in zip(solutions, EXERCISES[number], strict=True):
        text = cells[place - 1].source
        opening, _, shown = text.partition("<details>\n<summary>A solution</summary>\n\n```python\n")
        title, _, run = cells[place].source.partition("\n")
        assert "```" not in opening
        assert shown == f"{run}\n```\n\n</details>"
        assert f"def {name}_solution(" in run
        assert title == "# @title This cell runs the solution above"
        assert cells[place].metadata.cellView == "form"  # Colab shows the title alone


@pytest.mark.parametrize("number", EXERCISES)
def test_left_alone_an_exercise_is_reported_as_not_written(number):
    """The lessons are kept in this state, and nbval runs them in it."""
    checks = [cell for cell in code_cells(lesson(number)) if "check" in tags(cell)]
    for cell, name in zip(checks, EXERCISES[number], strict=True):
        assert checked(cell)
        assert printed(cell).startswith(f"{name}: It returns None")
        assert printed(cell).endswith("\nGoing on with the solution.\n")


@pytest.mark.parametrize("name", [name for names in EXERCISES.values() for name in names])
def test_the_solutions_are_right(name, tmp_path):
    """Checked as if a learner had written them."""
    cells = [cell for number in EXERCISES for cell in code_cells(lesson(number))]
    source = next(cell.source for cell in cells if f"def {name}_solution(" in cell.source)
    file = tmp_path / "solution.py"  # a file, so that tf.function finds the source
    file.write_text(source)
    weights = {"alpha": tf.constant(10.0), "beta": tf.constant(0.05)}
    names = {**vars(costs), **weights, "tf": tf, "clip_0_1": clip_0_1}
    exec(compile(source, file, "exec"), names)
    assert grading.diagnose(name, names[f"{name}_solution"]).hint == ""


MENDED = {  # what a learner changes in the cell tagged spot-the-bug
    "transposition": {
        "tf.reshape(a_S, [-1, size])": "tf.transpose(tf.reshape(a_S, [size, -1]))",
        "tf.reshape(a_G, [-1, size])": "tf.transpose(tf.reshape(a_G, [size, -1]))",
    },
    "channels": {"channels = 3": "channels = a_G.shape[-1]"},
}


@pytest.mark.parametrize("mended", [(), ("transposition",), ("channels",), ("transposition", "channels")])
def test_the_spotted_bugs_of_lesson_3_are_named_until_they_are_mended(mended, tmp_path, capsys):
    spotted, check = (
        next(cell.source for cell in code_cells(lesson(3)) if tag in tags(cell))
        for tag in ("spot-the-bug", "bug-check")
    )
    for bug in mended:
        for wrong, right in MENDED[bug].items():
            assert wrong in spotted
            spotted = spotted.replace(wrong, right)
    said = said_of(spotted, check, tmp_path, capsys)
    assert ("The rows of the unrolled matrices mix the channels" in said) == ("transposition" not in mended)
    assert ("the number of channels is always 3" in said) == ("channels" not in mended)
    assert (said == "All tests passed\n") == (len(mended) == 2)


def test_the_repair_below_the_bugs_of_lesson_3_is_right(tmp_path, capsys):
    check = next(cell.source for cell in code_cells(lesson(3)) if "bug-check" in tags(cell))
    text = next(cell.source for cell in lesson(3).cells if "<summary>A repair" in cell.source)
    repair = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]
    assert said_of(repair, check, tmp_path, capsys) == "All tests passed\n"


def said_of(function, check, folder, capsys):
    """What a cell prints about the function in the cell before."""
    file = folder / "cell.py"  # a file, so that the diagnosis finds the source
    file.write_text(function, encoding="utf8")
    names = {"tf": tf, "gram_matrix": costs.gram_matrix, "diagnose": grading.diagnose}
    exec(compile(function, file, "exec"), names)
    exec(check, names)
    return capsys.readouterr().out


def relative_links(text):
    """Files that Markdown links to or shows, outside of code."""
    targets = re.findall(r"\]\(([^)#\s]+)", re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL))
    return [target for target in targets if "://" not in target]


@pytest.mark.parametrize(
    "path",
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "benchmarks/README.md", *LESSONS],
    ids=lambda path: path.stem,
)
def test_every_link_leads_to_a_file_of_the_repository(path):
    if path.suffix == ".ipynb":
        cells = nbformat.read(path, as_version=4).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    else:
        text = path.read_text(encoding="utf8")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    for target in relative_links(text):
        file = (path.parent / target).resolve()
        assert file.is_file(), target
        if listed.returncode == 0:  # a checkout, not an archive
            assert file.relative_to(ROOT.resolve()).as_posix() in listed.stdout.splitlines(), target


@pytest.mark.slow
@pytest.mark.parametrize("number", EXERCISES)
def test_filled_in_rightly_the_learners_functions_are_used(number, installed, tmp_path):
    checks, calls, names = ran(number, RIGHT, installed, tmp_path)
    for name, text in zip(EXERCISES[number], checks, strict=True):
        assert text.startswith(f"{name} gives ")
        assert text.endswith("All tests passed\033[0m\nGoing on with yours.\n")
    assert names == EXERCISES[number]
    for name, count in zip(names, calls, strict=True):
        trial = exercise(name).trial(0, {})
        calls_as_written = len(trial.inputs) if isinstance(trial, ValueTrial) else STEPS
        in_its_check = calls_as_written + 1  # and once traced
        assert count > in_its_check


@pytest.mark.slow
def test_filled_in_wrongly_the_lesson_says_so_and_goes_on(installed, tmp_path):
    """Lesson 4, where one of the functions raises an error."""
    checks, _, names = ran(4, WRONG, installed, tmp_path)
    assert names == [f"{name}_solution" for name in EXERCISES[4]]
    for name, text in zip(EXERCISES[4], checks, strict=True):
        assert text.startswith(f"{name}: ")
        assert "returns None" not in text
        assert text.endswith("\nGoing on with the solution.\n")
    assert [path.name for path in tmp_path.iterdir()] == ["lesson.ipynb"]


@pytest.mark.slow
@pytest.mark.parametrize("number", [pytest.param(1, marks=pytest.mark.long), 5, 6])
def test_a_lesson_without_exercises_runs_alone_too(number, installed, tmp_path):
    notebook = lesson(number)
    shorten(notebook)
    run_alone(notebook, installed, tmp_path)
    written = {"outputs"} if number == 6 else set()
    assert {path.name for path in tmp_path.iterdir()} == {"lesson.ipynb", *written}


# ------------------------------------------------------------------------- lesson 4's spot-the-bug


@pytest.fixture
def bugs_of_lesson_4(capsys):
    """The cell with the bugs, the cell that checks it, a repair, and what the check says of a text."""
    cells = lesson(4).cells
    place = next(number for number, cell in enumerate(cells) if "spot-the-bug" in tags(cell))
    found, check, explanation = cells[place : place + 3]
    assert "bug-check" in tags(check)
    assert explanation.source.startswith("<details>")
    repair = re.search(r"```python\n(.*?)```", explanation.source, re.DOTALL)[1]

    def says(source):
        names = {"np": np, "tf": tf, "diagnose": grading.diagnose}
        exec(source, names)
        exec(check.source, names)
        return capsys.readouterr().out

    return found.source, check, repair, says


def test_lesson_4_names_its_bugs_as_long_as_they_are_there(bugs_of_lesson_4):
    found, check, repair, says = bugs_of_lesson_4
    assert printed(check) == says(found)
    assert printed(check).startswith("gradient: None\n")
    assert "There are two problems." in printed(check)

    means_mended = found.replace("123.68, 116.779, 103.939", "103.939, 116.779, 123.68")
    numpy_mended = repair.replace("103.939, 116.779, 123.68", "123.68, 116.779, 103.939")
    for source, left in ((means_mended, ["in NumPy"]), (numpy_mended, ["opposite orders"])):
        assert source not in (found, repair)
        said = says(source)
        assert [bug for bug in ("in NumPy", "opposite orders") if bug in said] == left
        assert ("gradient: None" in said) == (source == means_mended)


def test_lesson_4s_repair_is_right(bugs_of_lesson_4):
    _, _, repair, says = bugs_of_lesson_4
    assert says(repair).endswith("\nBoth bugs are gone.\n")
