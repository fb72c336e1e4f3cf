// A labelled native control of a picture. The Python side is knob.py.

export default {
  initialize({ model }) {
    keepPictures(model.widget_manager);
  },
  render({ model, el }) {
    const spec = { kind: model.get("kind"), label: model.get("label"), words: model.get("words") };
    spec.values = spec.words.map((_, place) => place);
    const { row, set } = control(spec, model.get("place"), (_, place) => {
      model.set("place", place);
      model.save_changes();
    });
    const root = make("div", { class: "zb zbl-panel zbl-knob" }, row);
    model.on("change:place", () => set(model.get("place")));
    keepKeys(root, model);
    el.append(root);
  },
};
