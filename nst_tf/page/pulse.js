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

// ipywidgets' sliders have no name for a screen reader: give them that of their label.
function nameSliders(page) {
  page?.querySelectorAll("[role=slider]:not([aria-label])").forEach((handle) => {
    const label = handle.closest(".jupyter-widgets")?.querySelector(".widget-label");
    if (label) handle.setAttribute("aria-label", label.textContent);
  });
}

function render({ model, el }) {
  el.classList.add("nst-pulse");
  const gone = document.createElement("p");
  gone.textContent = "This page has lost its program: reload the page to go on.";
  gone.setAttribute("role", "alert");
  gone.hidden = true;
  el.append(gone);

  let sent = 0; // the time of the beat that is not answered yet
  let answered = performance.now();
  const beat = () => {
    const now = performance.now();
    gone.hidden = now - answered < GIVE_UP;
    nameSliders(el.closest(".nst"));
    if (sent && now - sent < PATIENCE) return;
    sent = now;
    model.send({ kind: "beat" });
  };
  model.on("msg:custom", (message, buffers) => {
    if (message.kind === "beat") [sent, answered] = [0, performance.now()];
    if (message.kind === "download") download(message, buffers[0]);
  });

  // A worker's timer goes on at its pace while the page is in a hidden tab; a page's own is slowed down there.
  const source = new Blob([`setInterval(() => postMessage(0), ${BEAT})`], { type: "text/javascript" });
  const url = URL.createObjectURL(source);
  const timer = new Worker(url);
  timer.onmessage = beat;
  return () => {
    timer.terminate();
    URL.revokeObjectURL(url);
  };
}

export default { render };
