// The hero without a kernel: its story is recorded. See hero/__init__.py.

zbudlab.kind("hero", (box, { story }) => {
  box.replaceChildren();
  zbudlab.show("Hero", new Model({ story }), box);
});
