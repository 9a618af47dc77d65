"""The overview of a graded class, as Chromium shows it."""

import pytest
from classes import POINTS
from playwright.sync_api import expect
from test_report import BOTH, CLASS, EMPTY, ERROR, HALVED, graded

from nst_tf.grading.course.gradebook import name_for_nbgrader
from nst_tf.grading.course.overview import write_overview
from nst_tf.grading.course.results import Graded
from nst_tf.grading.diagnosis import Diagnosis

FORMULA = "It stops with ValueError: <script>document.title = 1</script><img src=x> $x^2$ `\\(a<b\\)`."
NASTY = '<b>o\'brien</b> & "co" $\\alpha$\n#?%'
WEAK = graded(
    NASTY,
    ["<i>the tests</i> were changed"],
    gram_matrix=Diagnosis("gram_matrix", 0.0, "exception", FORMULA),
    compute_layer_style_cost=HALVED,
    channels_first_style_cost=ERROR,
)
LAZY = graded("zoe", untouched=POINTS, **dict.fromkeys(POINTS, EMPTY))


@pytest.fixture
def browser(chromium):
    browser = chromium()
    yield browser
    browser.close()


def overview(browser, folder, students, width=1200, **options):
    path = folder / "overview_style_transfer.html"
    write_overview(path, "style_transfer", students, POINTS, "style_transfer.html")
    page = browser.new_page(viewport={"width": width, "height": 900}, java_script_enabled=False, **options)
    page.requested = []
    page.on("request", lambda request: page.requested.append(request.url))
    page.goto(path.as_uri())
    return page


def section(page, heading):
    """What stands below a heading, up to the next one."""
    return page.locator(f"h2:has-text('{heading}') ~ table").first


def test_it_says_who_needs_help_with_what_and_whom_to_look_at(browser, tmp_path):
    page = overview(browser, tmp_path, [*CLASS, WEAK, LAZY])
    expect(page.get_by_text("9 handed in, 1 not graded")).to_be_visible()
    figures = page.locator(".figures li").all_inner_texts()
    assert [text.split("\n")[0] for text in figures] == ["75.9", "92.5", "3", "2"]
    helped = section(page, "Who needs help").locator("tbody tr").all_inner_texts()
    assert "Nothing is begun." in helped[0]
    assert helped[0].startswith("zoe")
    assert "compute_layer_style_cost: It is half of A Aᵀ." in helped[1]
    assert [text.split()[0] for text in helped[::2]] == ["zoe", "fay"]
    remarked = section(page, "To look at").locator("tbody tr")
    expect(remarked.first).to_contain_text("fay")
    expect(remarked.first).to_contain_text("gram_matrix, channels_first_style_cost: takes too much memory")
    expect(section(page, "Not graded")).to_contain_text("gao")
    gram = page.locator(".exercise", has_text="gram_matrix").first
    expect(gram).to_contain_text("1 of 8 right, 2 not begun")
    expect(gram.locator("li").first).to_contain_text("It is half of A Aᵀ. halved")
    assert gram.locator("li b").first.inner_text() == "2"
    expect(gram.get_by_text("It stops with ValueError", exact=False).first).to_be_hidden()
    gram.get_by_text("3 stop with an error").click()
    expect(gram.get_by_text("It stops with ValueError", exact=False).first).to_be_visible()


def test_the_bars_are_as_high_as_their_counts(browser, tmp_path):
    page = overview(browser, tmp_path, [*CLASS, WEAK, LAZY])
    heights = [bar.bounding_box()["height"] for bar in page.locator("svg rect").all()]
    numbers = [text for text in page.locator("svg text").all_text_contents() if "–" not in text]
    assert sum(map(int, numbers)) == 8
    most = max(map(int, numbers))
    assert heights == pytest.approx([int(number) / most * max(heights) for number in numbers], rel=0.01)


def test_what_students_write_is_shown_as_they_wrote_it(browser, tmp_path):
    page = overview(browser, tmp_path, [WEAK])
    row = section(page, "Who needs help").locator("tbody tr").first
    expect(row).to_contain_text(FORMULA.replace("`", ""))
    expect(row.locator("a")).to_have_text(NASTY.replace("\n", " "))
    expect(section(page, "To look at")).to_contain_text("<i>the tests</i> were changed")
    assert page.locator("script, img").count() == 0
    assert page.requested == [page.url]  # nothing from elsewhere


def test_a_name_leads_to_the_students_page(browser, tmp_path):
    for student in (NASTY, "50% @ué"):
        target = tmp_path / "feedback" / name_for_nbgrader(student) / "style_transfer/style_transfer.html"
        target.parent.mkdir(parents=True)
        target.write_text(f"<title>{len(student)}</title>")
        page = overview(browser, tmp_path, [graded(student)])
        page.locator("#everyone ~ .wide a").click()
        assert page.title() == str(len(student))


@pytest.mark.parametrize("width", [390, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_a_desktop(browser, tmp_path, width, scheme):
    long = graded("x" * 180, gram_matrix=BOTH, train_step=ERROR, compute_style_cost=ERROR)
    page = overview(browser, tmp_path, [*CLASS, WEAK, LAZY, long], width, color_scheme=scheme)
    inside = page.locator("body").bounding_box()
    assert inside["width"] <= width
    for part in page.locator("h1, h2, p, .exercise, svg, .stack").all():
        box = part.bounding_box()
        assert box is None or box["x"] + box["width"] <= width
    paper = page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    assert (sum(map(int, paper[4:-1].split(","))) < 300) == (scheme == "dark")


def test_a_class_in_which_nobody_has_a_grade(browser, tmp_path):
    page = overview(browser, tmp_path, [Graded("gao", None, "the notebook is a link")])
    expect(section(page, "Not graded")).to_contain_text("the notebook is a link")
    assert page.locator("svg").count() == 0


def test_a_class_in_which_all_is_right(browser, tmp_path):
    page = overview(browser, tmp_path, [graded("ada")])
    expect(page.get_by_text("Nobody: everyone has 70 points or more.")).to_be_visible()
    expect(page.get_by_text("Nothing is odd.")).to_be_visible()
    assert [path.name for path in tmp_path.iterdir()] == ["overview_style_transfer.html"]
