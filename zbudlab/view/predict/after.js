// A result that is hidden until the predictions above it are locked in. The Python side is gate.py.

export default {
  initialize({ model }) {
    keepPictures(model.widget_manager);
  },
  render({ model, el }) {
    const gate = gateBox(model.get("words")), result = make("div", { class: "result", role: "status" });
    const root = make("div", { class: "zb zbl-after" }, gate, result);
    const show = () => {
      const html = model.get("result");
      gate.hidden = Boolean(html);
      result.innerHTML = html; // made in Python
    };
    model.on("change:result", show);
    el.append(root);
    show();
    return () => model.off("change:result", show);
  },
};
