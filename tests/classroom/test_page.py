"""The classroom demo in a real browser: Chromium on pages that ``python -m nst_tf classroom`` serves,
and in JupyterLab.

Where there is no Chromium these tests are skipped, unless NST_TF_BROWSER_REQUIRED is set:
then that fails (conftest.py).
"""

import contextlib
import io
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from conftest import ROOT, load_images, opened
from PIL import Image
from playwright.sync_api import expect
from test_palette import contrast

from nst_tf import load_image
from nst_tf.classroom.controls import SIZES
from nst_tf.classroom.server import DESERTED
from nst_tf.cli.main import parsed
from nst_tf.control.styles import everywhere
from nst_tf.objective import Objective
from nst_tf.options import settings_of
from nst_tf.palette import DARK, LIGHT

pytestmark = pytest.mark.slow

READY = 120_000  # milliseconds: TensorFlow may take its time to load on a busy machine


@contextlib.contextmanager
def serving(*command, pattern, **environment):
    """A server in a process of its own, ended with Ctrl-C;
    yields the process and what it printed up to the address.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf8",
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        # Background jobs of a shell ignore Ctrl-C, and so would their children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        for line in process.stdout:
            if found := re.search(pattern, line):
                yield process, found[0]
                break
        else:
            pytest.fail("The server ended before it told its address.")
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


@pytest.fixture(scope="module")
def classroom(chromium):
    """The classroom's address and the process that serves it."""
    with serving("nst_tf", "classroom", pattern=r"http://127\.0\.0\.1:\d+/") as (process, address):
        yield process, address


@pytest.fixture
def browser(chromium):
    browser = chromium()
    yield browser
    browser.close()


@pytest.fixture
def page(browser, classroom):
    return open_page(browser, classroom[1])


def open_page(browser, address):
    """A page of the classroom, once it is drawn. What it does wrong is gathered in ``page.problems``."""
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("console", lambda message: message.type == "error" and page.problems.append(message.text))
    own = (address, address.replace("http", "ws"), "blob:", "data:")
    page.on("request", lambda request: request.url.startswith(own) or page.problems.append(request.url))
    page.goto(address)
    expect(page.get_by_role("radio", name="chambord")).to_be_attached(timeout=READY)
    return page


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def status(page):
    return page.locator(".nst-status")


def start(page, size=200):
    choose_size(page, size)
    button(page, "Start").click()
    expect(page.locator(".nst-numbers")).to_be_visible(timeout=READY)


def choose_size(page, size):
    page.get_by_label("Size").select_option(index=SIZES.index(size))


def set_steps(page, steps):
    button(page, "More ▸").press("Enter")
    page.get_by_label("Steps").fill(str(steps))
    page.get_by_label("Steps").press("Enter")


def step(page):
    return int(re.search(r"step (\d+) of", status(page).inner_text())[1])


def overflow(page):
    """By how many pixels the page is too wide and too high for its window."""
    return page.evaluate(
        """() => {
            const { scrollWidth, clientWidth, scrollHeight, clientHeight } =
                document.querySelector("#rendered_cells");
            return [scrollWidth - clientWidth, scrollHeight - clientHeight];
        }"""
    )


def shown(page):
    """The picture G on the page, as the bytes of its file."""
    return bytes(
        page.evaluate(
            """async () => {
                const response = await fetch(document.querySelector(".nst-G").src);
                return [...new Uint8Array(await response.arrayBuffer())];
            }"""
        )
    )


def pixels(file):
    return np.asarray(Image.open(io.BytesIO(file)).convert("RGB"), dtype=float) / 255


def downloaded(page, name):
    with page.expect_download(timeout=READY) as download:
        button(page, name).click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


# ----------------------------------------------------------------------------------- one run, all of it


def test_a_run_from_the_thumbnails_to_the_files(page, vgg, tmp_path):
    assert overflow(page) == [0, 0]
    page.get_by_role("radio", name="cat").check(force=True)
    page.get_by_role("radio", name="cat").press("ArrowDown")  # the keyboard goes on to the next: chambord
    expect(page.get_by_role("radio", name="chambord")).to_be_checked()
    set_steps(page, 60)
    start(page)
    expect(button(page, "Start")).to_be_disabled()
    expect(button(page, "Stop")).to_be_focused()  # where the next key is likely to be meant for
    pictures = set()
    deadline = time.monotonic() + 120
    while "Done" not in status(page).inner_text():
        assert time.monotonic() < deadline
        if page.locator(".nst-G[src]").count():
            pictures.add(shown(page))
        page.wait_for_timeout(300)
    expect(page.locator(".nst-curves")).to_contain_text("β J_style")
    expect(button(page, "PNG picture")).to_be_enabled()
    assert len(pictures) > 1

    name, png = downloaded(page, "PNG picture")
    assert name == "chambord_great_wave.png"
    assert png == shown(page)
    name, gif = downloaded(page, "GIF timelapse")
    assert name == "chambord_great_wave.gif"
    with Image.open(io.BytesIO(gif)) as timelapse:
        assert timelapse.size == opened(io.BytesIO(png)).size
        assert timelapse.n_frames > 20

    name, text = downloaded(page, "Command line")
    assert name == "chambord_great_wave.txt"
    command = shlex.split(text.decode())
    assert command[:3] == ["python", "-m", "nst_tf"]
    settings = settings_of(parsed(command[3:]))
    C, S, _ = load_images(
        ROOT / "images/content/chambord.jpg", ROOT / "images/style/great_wave.jpg", settings
    )
    objective = Objective(vgg, C, everywhere(S), settings)
    assert objective(load_image(Image.open(io.BytesIO(png)))).J < objective(C).J / 5
    command[command.index("-o") + 1] = str(tmp_path / "again.png")
    subprocess.run([sys.executable, *command[1:], "--quiet"], cwd=ROOT, check=True)
    np.testing.assert_array_equal(opened(tmp_path / "again.png"), opened(io.BytesIO(png)))

    stage = page.locator(".nst-picture")
    wipe = page.get_by_role("slider", name="Wipe between C and G")
    expect(page.locator(".nst-G")).to_have_attribute("alt", "G after 60 steps")
    all_G = pixels(stage.screenshot())
    wipe.press("End")
    all_C = pixels(stage.screenshot())
    wipe.fill("50")
    half = pixels(stage.screenshot())
    height, width, _ = half.shape
    below = slice(height // 4, height)  # the letters C and G
    left, right = slice(0, int(0.48 * width)), slice(int(0.52 * width), width)
    np.testing.assert_allclose(half[below, left], all_C[below, left], atol=0.02)
    np.testing.assert_allclose(half[below, right], all_G[below, right], atol=0.02)
    page.get_by_role("slider", name="Snapshot").press("Home")
    expect(page.locator(".nst-G")).to_have_attribute("alt", "G after 0 steps")
    first = downloaded(page, "PNG picture")
    assert first[0] == "chambord_great_wave_step_0.png"
    assert np.abs(pixels(first[1]) - C[0]).max() < 0.01  # it starts from the content

    button(page, "More ▾").click()
    expect(page.get_by_label("Steps")).to_be_hidden()
    assert overflow(page) == [0, 0]
    page.set_viewport_size({"width": 1920, "height": 1080})
    assert overflow(page) == [0, 0]
    assert np.abs(all_C - all_G).mean() > 0.05
    assert page.problems == []


# ----------------------------------------------------------------------------------- while it runs


def test_stop_continue_and_another_strength(page):
    set_steps(page, 400)
    start(page, 400)
    expect(button(page, "Start")).to_be_disabled()
    button(page, "Stop").click()
    expect(status(page)).to_contain_text(re.compile("Stopping|Stopped"), timeout=3000)
    expect(status(page)).to_contain_text("Stopped", timeout=20_000)
    before = step(page)
    assert before < 400
    page.wait_for_timeout(1500)
    assert step(page) == before

    button(page, "Continue").press("Enter")
    expect(button(page, "Stop")).to_be_enabled()
    assert (
        page.locator(".nst-G").get_attribute("alt") != "G after 0 steps"
    )  # it stays until there is a better one
    expect(status(page)).to_contain_text(f"of {before + 400}", timeout=20_000)
    ratio = re.compile(r"Strength ([\d.]+): β/α = ([\d.]+)")
    expect(page.locator(".nst-left")).to_contain_text(ratio)
    before = ratio.search(page.locator(".nst-left").inner_text()).groups()
    slider = page.get_by_role("slider", name="Style")
    for _ in range(6):
        slider.press("ArrowRight")
    expect(page.locator(".nst-left")).to_contain_text("Strength 0.80: ")
    changed = step(page)
    after = ratio.search(page.locator(".nst-left").inner_text()).groups()
    assert before[0] == "0.50"
    assert float(after[1]) == pytest.approx(8 * float(before[1]), rel=0.1)  # both are told with two digits
    expect(page.locator(".nst-curves")).to_contain_text(before[1], timeout=20_000)
    page.wait_for_function(
        "least => Number(document.querySelector('.nst-status').innerText.match(/step (\\d+)/)[1]) > least",
        arg=changed + 10,
        timeout=60_000,
    )
    button(page, "Stop").click()
    expect(button(page, "Command line")).to_be_enabled(timeout=20_000)
    command = downloaded(page, "Command line")[1].decode()
    assert float(re.search(r"--beta (\S+)", command)[1]) == pytest.approx(10 * float(after[1]), rel=0.1)
    assert "One like it, as it was stopped, continued or had several β/α:" in command
    page.get_by_role("radio", name="cat").check(force=True)
    expect(button(page, "Continue")).to_be_disabled()  # G is another picture's
    expect(page.get_by_text("Another photograph is chosen: Start paints it.")).to_be_visible()
    button(page, "Start").click()
    expect(page.locator(".nst-unpainted .nst-G:not([src])")).to_have_count(1)  # the last picture is gone
    expect(button(page, "PNG picture")).to_be_disabled()
    expect(page.locator(".nst-numbers")).to_be_visible(timeout=20_000)
    button(page, "Stop").click()
    expect(button(page, "PNG picture")).to_be_enabled(timeout=20_000)
    assert downloaded(page, "PNG picture")[0] == "cat_great_wave.png"
    assert page.problems == []


def test_two_browsers_do_not_see_each_others_pictures(chromium, classroom):
    with contextlib.ExitStack() as opened_browsers:
        pages = []
        for content in ("louvre", "macaw"):
            browser = chromium()
            opened_browsers.callback(browser.close)
            page = open_page(browser, classroom[1])
            page.get_by_role("radio", name=content).check(force=True)
            pages.append(page)
        louvre, macaw = pages
        set_steps(louvre, 10)
        start(louvre)
        expect(status(louvre)).to_contain_text("Done", timeout=READY)
        assert macaw.locator(".nst-unpainted").count() == 1
        assert not status(macaw).locator(".nst-numbers").count()
        set_steps(macaw, 10)
        start(macaw)
        expect(status(macaw)).to_contain_text("Done", timeout=READY)
        expect(button(macaw, "PNG picture")).to_be_enabled()
        sizes = [pixels(shown(page)).shape[:2] for page in pages]
        assert sizes == [
            load_image(ROOT / f"images/content/{name}.jpg", 200).shape[1:3] for name in ("louvre", "macaw")
        ]
        assert [page.problems for page in pages] == [[], []]


# ----------------------------------------------------------------------------------- light and dark


def colours_of_texts(page):
    """For each text that can be used: what it says, its colour and its ground's, as (r, g, b) from 0 to 1."""
    texts = page.evaluate(
        """() => {
            const ground = (element) => {
                const { backgroundColor } = getComputedStyle(element);
                return /, 0\\)$/.test(backgroundColor) ? ground(element.parentElement) : backgroundColor;
            };
            const isText = (node) => node.nodeType === Node.TEXT_NODE && node.data.trim();
            const isField = (element) => element.matches("select, .widget-text input");
            const says = (element) => isField(element) || [...element.childNodes].some(isText);
            const canBeUsed = (element) => element.checkVisibility() && !element.closest(":disabled, style");
            return [...document.querySelectorAll(".nst *")]
                .filter((element) => says(element) && canBeUsed(element))
                .map((element) => {
                    const { color, fill } = getComputedStyle(element);
                    const text = element.value ?? element.textContent;
                    return [text, element.closest("svg") ? fill : color, ground(element)];
                });
        }"""
    )
    return [
        (text, *([int(value) / 255 for value in re.findall(r"\d+", colour)[:3]] for colour in colours))
        for text, *colours in texts
    ]


@pytest.mark.parametrize(
    ("system", "theme", "colours"),
    [
        ("light", None, LIGHT),
        ("dark", None, DARK),
        ("light", "JupyterLab Dark", DARK),
        ("dark", "JupyterLab Light", LIGHT),
    ],
)
def test_every_text_stands_out_from_its_ground(page, system, theme, colours):
    set_steps(page, 3)
    start(page)
    expect(page.locator(".nst-curves")).to_contain_text("β J_style", timeout=READY)
    page.emulate_media(color_scheme=system)
    if theme:  # as JupyterLab marks its page
        page.evaluate(
            "light => { delete document.body.dataset.voila; document.body.dataset.jpThemeLight = light; }",
            theme == "JupyterLab Light",
        )
    texts = colours_of_texts(page)
    assert {"β J_style", "step", "Steps", "lbfgs"} <= {text.strip() for text, *_ in texts}
    assert {text: ratio for text, *pair in texts if (ratio := contrast(*pair)) < 4.5} == {}
    ground = page.locator(".nst-frame").evaluate("frame => getComputedStyle(frame).backgroundColor")
    assert "#{:02x}{:02x}{:02x}".format(*map(int, re.findall(r"\d+", ground))) == colours["ground"]


# ----------------------------------------------------------------------------------- uploads


def noise_file(path, megabytes):
    """A picture of about that size: noise can't be compressed."""
    side = int((megabytes * 1e6 / 3) ** 0.5)
    generator = np.random.default_rng(0)
    Image.fromarray(generator.integers(0, 256, (side, side, 3), np.uint8)).save(path, compress_level=0)
    assert abs(path.stat().st_size / 1e6 - megabytes) < 0.1
    return path


@pytest.fixture(scope="module")
def uploads(tmp_path_factory):
    """Good and bad files, by name."""
    folder = tmp_path_factory.mktemp("uploads")
    files = {f"{size}.png": noise_file(folder / f"{size}.png", size) for size in (3, 12)}
    for name in ("text.jpg", "truncated.jpg", "empty.png", "100.png", "20000.png", "narrow.png"):
        files[name] = folder / name
    files["text.jpg"].write_text("not a picture")
    files["truncated.jpg"].write_bytes((ROOT / "images/content/cat.jpg").read_bytes()[:50_000])
    files["empty.png"].touch()
    with files["100.png"].open("wb") as file:
        file.truncate(100_000_000)
    Image.new("1", (20_000, 20_000)).save(files["20000.png"])
    Image.new("RGB", (2000, 60), "red").save(files["narrow.png"])
    return files


def upload(page, kind, file):
    page.locator(f".nst-{kind} input[type=file]").set_input_files(file)


def test_uploads(page, uploads):
    said = page.locator(".nst-C .nst-message")
    page.get_by_role("radio", name="horses").check(force=True)
    for name, sentence in {
        "text.jpg": "text.jpg is not a picture in one of the formats read here (JPEG, PNG, WEBP,",
        "truncated.jpg": "truncated.jpg is truncated or damaged",
        "empty.png": "empty.png is empty (0 bytes): download or copy it again.",
        "20000.png": "20000.png has more than 178,956,970 pixels: make a smaller copy of it first.",
        "100.png": "100.png has 100 MB, and 50 MB is the limit here: use a smaller copy.",
    }.items():
        upload(page, "C", uploads[name])
        expect(said).to_contain_text(sentence, timeout=20_000)
        expect(page.get_by_role("radio", name="horses")).to_be_checked()
        assert page.locator(".nst-C [type=radio]").count() == 6
    for name in ("3.png", "12.png"):
        upload(page, "C", uploads[name])
        expect(page.get_by_role("radio", name=name)).to_be_checked(timeout=20_000)
        expect(said).to_be_hidden()

    upload(page, "C", uploads["narrow.png"])
    expect(page.get_by_role("radio", name="narrow.png")).to_be_checked(timeout=20_000)
    choose_size(page, 200)
    button(page, "Start").click()  # what can't be painted is told in a sentence, and the page goes on
    expect(status(page)).to_contain_text(
        "becomes 200×6 pixels: these layers of VGG-19 need at least 16", timeout=READY
    )
    expect(page.locator(".nst-unpainted")).to_have_count(1)
    upload(page, "S", uploads["3.png"])
    expect(page.locator(".nst-S").get_by_role("radio", name="3.png")).to_be_checked(timeout=20_000)
    page.get_by_role("radio", name="12.png").check(force=True)
    set_steps(page, 3)
    start(page)
    expect(status(page)).to_contain_text("Done", timeout=READY)
    assert downloaded(page, "PNG picture")[0] == "12_3.png"
    assert page.problems == []


# ----------------------------------------------------------------------------------- leaving


def kernels(server):
    return [child for child in psutil.Process(server.pid).children(recursive=True) if is_kernel(child)]


def is_kernel(process):
    try:
        return "ipykernel_launcher" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return False


def busy(processes, seconds=3):
    """The processor seconds that the processes take in that time; those that have ended take none."""

    def taken():
        total = 0
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                total += sum(process.cpu_times()[:2])
        return total

    before = taken()
    time.sleep(seconds)
    return taken() - before


def until(condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.5)


def test_pages_that_are_gone_stop_their_runs_and_free_their_kernels_and_one_that_stays_does_not(
    chromium, classroom
):
    server, address = classroom
    of_tests_before = kernels(server)  # on their way out
    others = set(psutil.Process().children(recursive=True))
    killed = chromium()
    killed_processes = set(psutil.Process().children(recursive=True)) - others
    browser = chromium()
    pages = [open_page(which, address) for which in (killed, browser, browser)]
    for page in pages:
        set_steps(page, 2000)
        start(page)
    left = [kernel for kernel in kernels(server) if kernel not in of_tests_before]
    assert len(left) == 3
    assert busy(left) > 1
    page_that_stays = open_page(browser, address)
    (stays,) = [kernel for kernel in kernels(server) if kernel not in of_tests_before + left]

    gone = time.monotonic()
    for process in killed_processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.name().startswith("chrom"):
                process.kill()
    pages[1].goto("about:blank")
    pages[2].close()
    until(lambda: busy(left) < 0.5, 120)
    assert set(left) & set(kernels(server))  # their runs stopped before they were freed
    until(lambda: kernels(server) == [stays], 120)
    assert time.monotonic() - gone > DESERTED["cull_idle_timeout"]  # the one that stays was in danger too
    assert page_that_stays.locator(".nst-pulse p").is_hidden()

    stays.kill()
    expect(page_that_stays.locator(".nst-pulse p")).to_have_text(
        "This page has lost its program: reload the page, or run the notebook's cell again.", timeout=60_000
    )
    browser.close()


# ----------------------------------------------------------------------------------- in JupyterLab


def test_in_jupyterlab(browser, tmp_path, uploads):
    shutil.copy(ROOT / "notebooks/demo.ipynb", tmp_path)
    command = [
        "jupyterlab",
        "--no-browser",
        "--port=8899",
        "--IdentityProvider.token=",
        "--allow-root",
        f"{tmp_path}",
    ]
    with serving(*command, pattern=r"http://localhost:\d+/lab", JUPYTERLAB_SETTINGS_DIR=str(tmp_path)) as (
        server,
        address,
    ):
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(f"{address}/tree/demo.ipynb")
        page.locator(".jp-Notebook .jp-CodeCell").click(timeout=READY)
        expect(page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]")).to_be_attached(
            timeout=READY
        )
        page.keyboard.press("Shift+Enter")
        expect(page.get_by_role("radio", name="chambord")).to_be_attached(timeout=READY)
        for size in (12, 100):
            upload(page, "C", uploads[f"{size}.png"])
            expect(page.locator(".nst-C .nst-message")).to_have_text(
                f"{size}.png has {size} MB, and 10 MB is the limit here: use a smaller copy."
            )
        upload(page, "C", uploads["3.png"])
        expect(page.get_by_role("radio", name="3.png")).to_be_checked(timeout=20_000)
        set_steps(page, 2000)
        start(page)
        (kernel,) = kernels(server)
        assert busy([kernel]) > 1
        page.close()
        time.sleep(15)
        assert busy([kernel]) < 0.5
        assert kernel.is_running()
