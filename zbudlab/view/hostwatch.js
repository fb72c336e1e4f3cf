// Live view of the host's memory: requests a picture from Python, shows it, and repeats. See
// hostwatch.py.

const PATIENCE_MS = 15000; // wait for an answer; after that the kernel is busy or gone

export default () => ({
  initialize({ model }) {
    keepPictures(model.widget_manager);
  },

  render({ model, el }) {
    const image = make("img", { alt: "the host's memory" });
    const words = make("pre", { class: "zbl-host-words", tabindex: 0, role: "region", "aria-label": "figures" });
    const notice = make("span", { role: "status" });
    const button = make("button", { type: "button", onclick: () => run(!running) });
    el.append(make("div", { class: "zbl-host" }, make("div", {}, button, " ", notice), image, words));
    keepKeys(el, model);
    let running = false;
    let timer = null;

    const ask = () => {
      model.send({ kind: "look" });
      timer = setTimeout(() => say(notice, "no answer: the kernel is busy, or gone"), PATIENCE_MS);
    };
    const run = (wanted) => {
      running = wanted;
      button.textContent = running ? "pause" : "go on";
      clearTimeout(timer);
      if (running) ask();
    };
    const hear = (told, [picture]) => {
      clearTimeout(timer);
      say(notice, told.error);
      if (picture) {
        URL.revokeObjectURL(image.src);
        image.src = URL.createObjectURL(new Blob([picture], { type: "image/png" }));
        image.style.width = `${told.width}px`;
        image.dataset.pictures = Number(image.dataset.pictures ?? 0) + 1;
        say(words, told.words);
      }
      if (running) timer = setTimeout(ask, 1000 * model.get("seconds"));
    };
    model.on("msg:custom", hear);
    run(true);
    return () => {
      run(false);
      model.off("msg:custom", hear);
    };
  },
});
