// Be the scheduler: a button for each processor, undo, levels, the mended code. See scheduler.py.

class GameView {
  constructor(model, el) {
    this.model = model;
    this.names = "";
    const send = (message) => () => model.send(message);
    this.levels = make("select", { onchange: () => model.send({ act: "choose", level: Number(this.levels.value) }) });
    this.mended = make("input", { type: "checkbox", role: "switch", onchange: () => model.send({ act: "mend", mended: this.mended.checked }) });
    this.undo = make("button", { type: "button", onclick: send({ act: "undo" }) }, "Undo");
    this.again = make("button", { type: "button", class: "bare", onclick: send({ act: "restart" }) }, "start over");
    this.task = make("p", { class: "task" });
    this.news = make("p", { class: "say news", role: "status" });
    this.hands = make("div", { class: "hands", role: "group", "aria-label": "which processor runs next" });
    this.sheet = new Sheet(null);
    const head = make("div", { class: "bar" }, make("label", {}, "Level ", this.levels), make("label", { class: "switch" }, this.mended, "mended code"), this.undo, this.again);
    this.root = make("div", { class: "zb zbl-lanes zbl-game" }, head, this.task, this.hands, this.news, this.sheet.root);
    this.root.addEventListener("keydown", (event) => this.pressed(event));
    keepKeys(this.root, model);
    el.append(this.root);
    model.on("change:shown", () => this.show());
    this.show();
  }

  /** The letters A, B, ... run a processor, Backspace undoes. */
  pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "SELECT") return;
    const who = event.key.length === 1 ? event.key.toLowerCase().charCodeAt(0) - 97 : -1;
    const { processors } = this.model.get("shown");
    if (event.key === "Backspace") this.undo.click();
    else if (processors[who]?.able) this.model.send({ act: "run", who });
    else return;
    event.preventDefault();
  }

  /** Make the buttons of a level anew, otherwise change their texts, so that the focus stays. */
  showHands(processors) {
    const names = processors.map((each) => each.name).join();
    if (names !== this.names) {
      this.names = names;
      this.hands.replaceChildren(...processors.map((each, who) => {
        const next = make("span", { class: "next" });
        return make("button", { type: "button", onclick: () => this.model.send({ act: "run", who }) }, make("b", {}, each.name), next);
      }));
    }
    processors.forEach((each, who) => {
      const button = this.hands.children[who];
      button.setAttribute("aria-disabled", String(!each.able));
      say(button.querySelector(".next"), each.next);
    });
  }

  show() {
    const shown = this.model.get("shown");
    if (this.levels.children.length !== shown.levels.length) {
      this.levels.replaceChildren(...shown.levels.map((title, number) => make("option", { value: number }, title)));
    }
    this.levels.value = shown.level;
    this.mended.checked = shown.mended;
    this.undo.disabled = !shown.steps;
    say(this.task, shown.task);
    say(this.news, shown.news);
    this.news.classList.toggle("broken", shown.broken);
    this.showHands(shown.processors);
    this.sheet.show(shown.sheet);
    this.sheet.mark(shown.steps - 1);
    Object.assign(this.root.dataset, { steps: shown.steps, broken: shown.broken ? 1 : 0 });
  }
}

export default {
  initialize({ model }) {
    keepPictures(model.widget_manager);
  },
  render({ model, el }) {
    const view = new GameView(model, el);
    return () => view.root.remove();
  },
};
