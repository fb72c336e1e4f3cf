// Knobs above pictures that Python drew when the page was made. See choices.py.

zbudlab.kind("explorer", showChoices);
zbudlab.kind("comparison", showChoices);

function showChoices(box, { knobs, first, note }, number) {
  const models = knobs.map((knob) => new Model({ ...knob }));
  const row = element("div", { class: "zbl-knobs" }), picture = element("div"), status = element("div", { role: "status" });
  const start = models.map((model) => model.get("place")).join();
  const put = (shown) => {
    picture.innerHTML = shown.picture; // made in Python
    status.innerHTML = shown.status;
  };
  const follow = async () => {
    const place = models.map((model) => model.get("place")).join();
    const shown = place === start ? first : (await zbudlab.more(number))[place];
    if (place !== models.map((model) => model.get("place")).join()) return; // turned again meanwhile
    put(shown);
    box.dataset.place = place;
  };
  const root = element("div", { class: "zb zbl-alone zbl-choices" }, row, picture, status, element("p", { class: "note" }, note));
  box.replaceChildren(root);
  for (const model of models) {
    if (model.get("words").length === 1) continue; // recorded for one value only
    model.on("change:place", follow);
    zbudlab.show("Knob", model, row);
  }
  put(first);
  box.dataset.place = start;
}
