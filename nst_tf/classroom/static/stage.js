// The picture G, with the photograph C behind a wipe.

function render({ model, el }) {
  el.classList.add("nst-stage");
  const picture = document.createElement("div");
  picture.className = "nst-picture";
  const G = document.createElement("img");
  G.className = "nst-G";
  const C = document.createElement("img");
  C.className = "nst-C";
  C.alt = "The content C";
  const edge = document.createElement("div");
  edge.className = "nst-edge"; // with a C on its left and a G on its right
  const wipe = document.createElement("input");
  Object.assign(wipe, { type: "range", min: 0, max: 100, value: 0 });
  wipe.setAttribute("aria-label", "Wipe between C and G");
  picture.append(G, C, edge);
  const row = document.createElement("label");
  row.className = "nst-wipe";
  row.append("G", wipe, "C");
  el.append(picture, row);

  // A picture takes its place only once it is decoded: nothing flickers.
  const urls = new Map();
  const newest = new Map();
  const show = async (image, data) => {
    newest.set(image, data);
    if (!data?.byteLength) return image.removeAttribute("src");
    const url = URL.createObjectURL(new Blob([data]));
    const next = new Image();
    next.src = url;
    try {
      await next.decode();
    } catch {} // the next picture will do
    if (!next.naturalWidth || newest.get(image) !== data) return URL.revokeObjectURL(url);
    image.src = url;
    if (image === (model.get("painted") ? G : C)) {
      picture.style.setProperty("--ratio", next.naturalWidth / next.naturalHeight);
    }
    URL.revokeObjectURL(urls.get(image));
    urls.set(image, url);
  };
  const uncover = () => {
    C.style.clipPath = model.get("painted") ? `inset(0 ${100 - wipe.value}% 0 0)` : "";
    edge.style.left = `${wipe.value}%`;
    edge.hidden = !model.get("painted") || Number(wipe.value) === 0;
  };
  const drag = (event) => {
    if (event.buttons !== 1 || wipe.disabled) return;
    const { left, width } = picture.getBoundingClientRect();
    wipe.value = (100 * (event.clientX - left)) / width;
    uncover();
  };
  const refresh = () => {
    const before = !model.get("painted");
    el.classList.toggle("nst-unpainted", before);
    wipe.disabled = before;
    if (before) wipe.value = 0;
    G.alt = model.get("caption");
    uncover();
  };
  wipe.addEventListener("input", uncover);
  picture.addEventListener("pointerdown", drag);
  picture.addEventListener("pointermove", drag);
  picture.addEventListener("dragstart", (event) => event.preventDefault());
  model.on("change:picture", () => show(G, model.get("picture")));
  model.on("change:content", () => show(C, model.get("content")));
  model.on("change:painted change:caption", refresh);
  show(G, model.get("picture"));
  show(C, model.get("content"));
  refresh();
  return () => urls.forEach((url) => URL.revokeObjectURL(url));
}

export default { render };
