// The picture of an exploration: lanes, one sentence, and the graph of states. See view/lanes.py.

class LanesView {
  constructor(model, el) {
    this.model = model;
    const set = (name, value) => {
      model.set(name, value);
      model.save_changes();
    };
    this.sheet = new Sheet((now) => set("now", now));
    this.why = make("p", { class: "say", role: "status" });
    this.list = make("select", { "aria-label": "bad ends", onchange: () => set("chosen", Number(this.list.value)) });
    this.chooser = make("label", {}, "Show ", this.list);
    this.words = make("p", { class: "quiet" });
    this.legend = make("p", { class: "quiet" });
    this.drawing = make("div", { class: "graph-place", onclick: (event) => {
      const end = event.target.closest("[data-bad]");
      if (end) set("chosen", Number(end.dataset.bad));
    } });
    const folded = make("details", { open: "" }, make("summary", {}, "All schedules as a graph of states"), this.words, this.chooser, this.drawing);
    this.root = make("div", { class: "zb zbl-lanes" }, this.why, this.sheet.root, this.legend, folded);
    keepKeys(this.root, model);
    el.append(this.root);
    model.on("change:sheet change:graph", () => this.show());
    model.on("change:now", () => this.sheet.mark(model.get("now")));
    model.on("change:chosen", () => (this.list.value = model.get("chosen")));
    this.show();
  }

  show() {
    const { model } = this, sheet = model.get("sheet"), graph = model.get("graph");
    this.sheet.show(sheet);
    this.sheet.mark(model.get("now"));
    say(this.why, sheet.why || "This schedule breaks nothing.");
    say(this.words, graph.words);
    say(this.legend, sheet.legend);
    this.drawing.innerHTML = graph.drawing;
    const options = graph.ends.map((words, number) => make("option", { value: number }, `${number + 1}: ${words}`));
    this.list.replaceChildren(make("option", { value: -1 }, "the shortest bad schedule"), ...options);
    this.list.value = model.get("chosen");
    this.chooser.hidden = !graph.ends.length;
  }

}

export default {
  initialize({ model }) {
    keepPictures(model.widget_manager);
  },
  render({ model, el }) {
    const view = new LanesView(model, el);
    return () => view.root.remove();
  },
};
