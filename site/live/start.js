// Starts the live views of a page. Scripts of views call `zbudlab.view`; the engine is started once.

const zbudlab = {
  /** Make the elements with data-live=NAME live: act(element, engine, what Python made for it). */
  view(name, act) {
    for (const box of document.querySelectorAll(`[data-live="${name}"]`)) {
      this.one(box, name, act).catch((error) => {
        box.dataset.liveState = "failed"; // the recorded view or the picture stays
        console.error(error);
      });
    }
  },

  async one(box, name, act) {
    this.started ??= unpacked(this.module).then((code) => Engine.start(code, this.description));
    await act(box, await this.started, this.given[name]);
  },
};
