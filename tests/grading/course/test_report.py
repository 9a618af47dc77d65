"""What a teacher is told of a class: the table, the summary, and the grades for a learning platform."""

import csv
import datetime

import pytest
from classes import POINTS

from nst_tf.grading.course.exports import PLATFORMS, write_export
from nst_tf.grading.course.gradebook import write_grades
from nst_tf.grading.course.judge import Judged
from nst_tf.grading.course.judging import Verdict
from nst_tf.grading.course.report import print_summary, write_report
from nst_tf.grading.course.results import Graded, mistakes
from nst_tf.grading.course.tables import safe_cell
from nst_tf.grading.diagnosis import Diagnosis
from nst_tf.grading.exercises.base import TWO

HALVED = Diagnosis("gram_matrix", 0.4, "halved", "It is half of A Aᵀ.")
BOTH = Diagnosis("gram_matrix", 0.2, "transposed+halved", f"{TWO}This is Aᵀ A. And: It is half of A Aᵀ.")
ERROR = Diagnosis("gram_matrix", 0.0, "name-missing", "It raises NameError: A. It isn't defined.")
EMPTY = Diagnosis("gram_matrix", 0.0, "returns-none", "It returns None.")


def graded(student, remarks=(), untouched=(), **wrong):
    """Someone who has all right but for these exercises: a diagnosis, or one and remarks on it."""
    verdicts = {name: Verdict(Diagnosis(name, 1.0)) for name in POINTS}
    for name, found in wrong.items():
        verdicts[name] = Verdict(*found) if isinstance(found, tuple) else Verdict(found)
    return Graded(student, Judged("", tuple(remarks), verdicts), untouched=frozenset(untouched))


CLASS = [
    graded("ada"),
    graded("bela", gram_matrix=HALVED),
    graded("cem", gram_matrix=BOTH),
    graded("dana", gram_matrix=ERROR),
    graded("emre", untouched=["gram_matrix", "total_cost"], gram_matrix=EMPTY, total_cost=EMPTY),
    graded(
        "fay",
        ["all exercises were found in other cells"],
        gram_matrix=(ERROR, ("takes too much memory",)),
        channels_first_style_cost=(ERROR, ("takes too much memory",)),
        total_cost=(ERROR, ("calls exit()", "uses nst_tf's solution")),
    ),
    Graded("gao", None, "the notebook is a link"),
]


def rows(path):
    with path.open(newline="", encoding="utf8") as file:
        return list(csv.reader(file))


def test_the_summary_has_a_line_a_student(capsys):
    print_summary("style_transfer", CLASS, POINTS)
    assert capsys.readouterr().out == (
        "\nstyle_transfer: 7 submissions, 90.5 of 100 points on average.\n"
        "Handed in untouched:\n"
        "  1 × gram_matrix\n"
        "  1 × total_cost\n"
        "Most frequent mistakes:\n"
        "  2 × gram_matrix: halved\n"
        "  1 × gram_matrix: transposed\n"
        "To look at:\n"
        "  fay: all exercises were found in other cells; "
        "gram_matrix, channels_first_style_cost: takes too much memory; "
        "total_cost: calls exit(), uses nst_tf's solution\n"
        "Not graded:\n"
        "  gao: the notebook is a link\n"
    )


def test_of_two_mistakes_each_has_its_hint():
    assert [(made.mistake, made.hint, made.students) for made in mistakes(CLASS)] == [
        ("halved", "It is half of A Aᵀ.", ["bela", "cem"]),
        ("transposed", "This is Aᵀ A.", ["cem"]),
    ]
    reworded = Diagnosis("gram_matrix", 0.2, "transposed+halved", "It is all wrong.")
    (made,) = mistakes([graded("ada", gram_matrix=reworded)])
    assert (made.mistake, made.hint) == ("transposed+halved", "It is all wrong.")


def test_the_table_has_a_remark_on_the_submission_once(tmp_path):
    write_report(tmp_path / "report.csv", CLASS, POINTS)
    table = rows(tmp_path / "report.csv")
    remarks = [row[-1] for row in table if row[0] == "fay"]
    assert remarks == [
        "all exercises were found in other cells",
        *(
            "",
            "takes too much memory",
            "",
            "",
            "",
            "calls exit(); uses nst_tf's solution",
            "",
            "",
            "",
            "takes too much memory",
        ),
    ]
    assert [row for row in table if row[0] == "gao"] == [
        ["gao", "", "", "", "", "", "not graded: the notebook is a link"]
    ]
    assert ["emre", "gram_matrix", "0.0", "5", "untouched", "It returns None.", ""] in table


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        (" \t=1", "' \t'=1"),
        ("\r=1", "'\r'=1"),
        ("＝1", "'＝1"),
        ("＋1", "'＋1"),
        ("\u3000－1", "'\u3000－1"),
        ("＠a", "'＠a"),
        ("It stops with E: x;=1", "It stops with E: x;'=1"),
        ("a\n=1", "a\n'=1"),
        ("a; b-c, -1 = 2", "a; b-c, -1 = 2"),
        (-1.5, -1.5),
        (None, ""),
    ],
)
def test_what_a_spreadsheet_takes_for_a_formula_is_quoted(value, written):
    assert safe_cell(value) == written


def test_every_table_quotes_formulas(tmp_path):
    nasty = Diagnosis("gram_matrix", 0.0, "exception", "It stops with ValueError: ;=1+1.")
    write_report(tmp_path / "report.csv", [graded("=1+1\n", gram_matrix=nasty)], POINTS)
    assert rows(tmp_path / "report.csv")[2][::5] == ["'=1+1 ", "It stops with ValueError: ;'=1+1."]
    grade = {"assignment": "a", "student_id": "=1+1", "max_score": 100.0, "status": "nothing handed in"}
    write_grades(tmp_path / "grades.csv", [grade])
    assert "'=1+1" in rows(tmp_path / "grades.csv")[1]
    for platform in PLATFORMS:
        write_export(tmp_path / "export.csv", platform, "a", [grade])
        assert "'=1+1" in rows(tmp_path / "export.csv")[-1]


# ------------------------------------------------------------------------------------------- exports


def grade(student, score=None, status="graded", **known):
    scores = {} if score is None else {"score": score}
    return {"student_id": student, "max_score": 100.0, "status": status, **scores, **known}


HANDED_IN = datetime.datetime(2026, 11, 1, 12, 30)
GRADES = [
    grade("Ada Byron_1234_assignsubmission_file_", 87.333, timestamp=HANDED_IN),
    grade("bela@example.org", 0.0),
    grade("cem", status="nothing handed in", last_name="Yılmaz", first_name="Cem", email="cem@example.org"),
    grade("Müller, Dana", status="not graded: the notebook is a link"),
]


def exported(tmp_path, platform):
    write_export(tmp_path / "export.csv", platform, "style_transfer", GRADES)
    return rows(tmp_path / "export.csv")


def test_for_moodle(tmp_path):
    """The columns of an offline grading worksheet, of which its import reads three."""
    header, *students = exported(tmp_path, "moodle")
    assert {"Identifier", "Grade", "Last modified (grade)"} <= set(header)
    table = [dict(zip(header, student, strict=True)) for student in students]
    assert [row["Identifier"] for row in table] == ["Participant 1234", "", "", ""]
    assert [row["Full name"] for row in table] == [
        "Ada Byron",
        "bela@example.org",
        "Cem Yılmaz",
        "Dana Müller",
    ]
    assert [row["ID number"] for row in table] == ["", "", "cem", "Müller, Dana"]
    assert [row["Email address"] for row in table] == ["", "bela@example.org", "cem@example.org", ""]
    assert [row["Grade"] for row in table] == ["87.33", "0.0", "", ""]
    assert [row["Last modified (submission)"] for row in table] == ["2026-11-01 12:30:00", "", "", ""]
    assert {row["Last modified (grade)"] for row in table} == {""}


def test_for_canvas(tmp_path):
    """As its import reads them: "Student" and "ID" first, "Section" right before the assignments."""
    header, possible, *students = exported(tmp_path, "canvas")
    assert header == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "style_transfer"]
    assert possible == ["    Points Possible", "", "", "", "", "100.0"]
    assert students == [
        ["Byron, Ada", "1234", "", "", "", "87.33"],
        ["bela@example.org", "", "", "bela@example.org", "", "0.0"],
        ["Yılmaz, Cem", "", "cem", "cem", "", ""],
        ["Müller, Dana", "", "Müller, Dana", "Müller, Dana", "", ""],
    ]


def test_for_gradescope(tmp_path):
    header, *students = exported(tmp_path, "gradescope")
    assert header[:7] == ["First Name", "Last Name", "SID", "Email", "Total Score", "Max Points", "Status"]
    assert [student[:7] for student in students] == [
        ["Ada", "Byron", "1234", "", "87.33", "100.0", "Graded"],
        ["", "bela@example.org", "", "bela@example.org", "0.0", "100.0", "Graded"],
        ["Cem", "Yılmaz", "cem", "cem@example.org", "", "100.0", "Missing"],
        ["Dana", "Müller", "Müller, Dana", "", "", "100.0", "Ungraded"],
    ]
