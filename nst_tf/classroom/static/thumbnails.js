// Thumbnails to choose from, and an upload of one's own. Each choice is a radio button, so that the arrow keys work.

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;

function render({ model, el }) {
  el.classList.add("nst-thumbnails");
  const thumbs = document.createElement("div");
  thumbs.className = "nst-thumbs";
  const group = document.createElement("div");
  group.setAttribute("role", "radiogroup");
  group.setAttribute("aria-label", model.get("label"));
  const message = document.createElement("p");
  message.className = "nst-message";
  message.setAttribute("role", "alert");
  el.append(thumbs, message);
  const name = `nst-${Math.random().toString(36).slice(2)}`;

  const file = document.createElement("input");
  file.type = "file";
  file.accept = "image/*";
  file.setAttribute("aria-label", `${model.get("label")}: a picture of your own`);
  const upload = document.createElement("label");
  upload.className = "nst-upload";
  upload.title = "A picture of your own";
  upload.append(file, document.createTextNode("your own"));

  const choice = ({ title, thumbnail }, index) => {
    const input = document.createElement("input");
    Object.assign(input, { type: "radio", name, checked: index === model.get("chosen") });
    input.setAttribute("aria-label", title);
    input.addEventListener("change", () => {
      model.set("chosen", index);
      model.save_changes();
      say("");
    });
    const image = document.createElement("img");
    Object.assign(image, { src: thumbnail, alt: "" });
    const label = document.createElement("label");
    label.title = title;
    label.append(input, image);
    return label;
  };
  thumbs.append(group, upload);
  const draw = () => group.replaceChildren(...model.get("pictures").map(choice));
  const say = (text) => {
    message.textContent = text;
    message.hidden = !text;
  };

  file.addEventListener("change", async () => {
    const [picture] = file.files;
    if (!picture) return;
    const limit = model.get("limit");
    if (picture.size > limit) {
      say(`${picture.name} has ${megabytes(picture.size)}, and ${megabytes(limit)} is the limit here: use a smaller copy.`);
    } else {
      say(`Sending ${picture.name}…`);
      const data = await picture.arrayBuffer().catch(() => null);
      if (data) model.send({ name: picture.name }, undefined, [data]);
      else say(`${picture.name} could not be read: choose it again.`);
    }
    file.value = ""; // so that the same file can be chosen again
  });
  model.on("change:pictures", draw);
  model.on("change:chosen", () => {
    group.querySelectorAll("input[type=radio]").forEach((input, index) => (input.checked = index === model.get("chosen")));
  });
  model.on("msg:custom", ({ said }) => say(said));
  draw();
  say("");
}

export default { render };
