export default {
  initialize({ model }) {
    keepPictures(model.widget_manager);
  },
  render({ model, el }) {
    const root = make("div", { class: "zb hero" });
    el.append(root);
    keepKeys(root, model);
    const hero = new Hero(root, model.get("story"));
    return () => hero.remove();
  },
};
