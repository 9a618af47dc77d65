// The page's pulse: a beat twice a second, which the program answers with what is new. Without beats the program stops a run.

const BEAT = 500; // milliseconds
const PATIENCE = 5000; // then a beat counts as lost, and the next one is sent
const GIVE_UP = 20000; // then the program counts as gone

function download({ name, type }, data) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([data], { type }));
  link.download = name;
  document.body.append(link); // some browsers follow a link only where it is in the page
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// What ipywidgets leaves out: sliders get the name of their label, and no label a tooltip that says "null"; a readout
// that chooses nothing can't be typed into; and focus goes on from a button that has become disabled to the next.
function mend(page, focused) {
  if (!page) return;
  for (const handle of page.querySelectorAll("[role=slider]:not([aria-label])")) {
    const label = handle.closest(".jupyter-widgets")?.querySelector(".widget-label");
    if (label) handle.setAttribute("aria-label", label.textContent);
  }
  page.querySelectorAll("[title=null]").forEach((label) => label.removeAttribute("title"));
  page.querySelectorAll(".nst-middle .widget-readout").forEach((readout) => (readout.contentEditable = false));
  const lost = [document.body, focused].includes(document.activeElement);
  if (lost && focused?.disabled && focused.matches(".nst-start, .nst-stop, .nst-continue")) {
    page.querySelector(".nst-stop:enabled, .nst-continue:enabled, .nst-start:enabled")?.focus();
  }
}

const saved = new Set(); // downloads that a view of this page has saved: a notebook can show several

function render({ model, el }) {
  el.classList.add("nst-pulse");
  const gone = document.createElement("p");
  gone.textContent = "This page has lost its program: reload the page, or run the notebook's cell again.";
  gone.setAttribute("role", "alert");
  gone.hidden = true;
  el.append(gone);

  let focused = null; // the element that had the focus last
  const remember = ({ target }) => (focused = target);
  document.addEventListener("focusin", remember);

  let sent = 0; // the time of the beat that is not answered yet
  let answered = performance.now();
  const beat = () => {
    const now = performance.now();
    gone.hidden = now - answered < GIVE_UP;
    mend(el.closest(".nst"), focused);
    if (sent && now - sent < PATIENCE) return;
    sent = now;
    model.send({ kind: "beat" });
  };
  model.on("msg:custom", (message, buffers) => {
    if (message.kind === "beat") [sent, answered] = [0, performance.now()];
    if (message.kind === "download" && !saved.has(message.id)) {
      saved.add(message.id);
      download(message, buffers[0]);
    }
  });

  // A worker's timer goes on at its pace while the page is in a hidden tab; a page's own is slowed down there.
  const source = new Blob([`setInterval(() => postMessage(0), ${BEAT})`], { type: "text/javascript" });
  const url = URL.createObjectURL(source);
  const timer = new Worker(url);
  timer.onmessage = beat;
  return () => {
    timer.terminate();
    document.removeEventListener("focusin", remember);
    URL.revokeObjectURL(url);
  };
}

export default { render };
