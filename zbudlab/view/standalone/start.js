// Makes the views of a page live without a kernel. Scripts of views register with `zbudlab.kind`, the
// data that Python recorded comes with `zbudlab.page`.

const zbudlab = {
  widgets: {}, // modules of views by class
  kinds: {}, // what makes an element live, by the name in data-live
  given: {}, // data of views that a page has once, by name
  models: {}, // models of a page by the number of their element
  begun: {}, // promises that are fulfilled once elements have started, by number
  modules: {}, // of WebAssembly, packed, each with its description, by name
  engines: {}, // promises of engines that were started, by the name of their module
  later: {}, // data that is loaded only when it is needed: promises and what fulfils them, by number

  /** Register the module of a class of views. */
  widget(name, module) {
    this.widgets[name] = module;
  },

  /** Show a view in an element. Its module is the notebook's. */
  show(name, model, box) {
    const module = this.widgets[name], made = typeof module === "function" ? module() : module;
    made.initialize?.({ model });
    return made.render({ model, el: box });
  },

  /** Register a kind of view: act(element, data, number) makes an element live. */
  kind(name, act) {
    this.kinds[name] = act;
  },

  /** Make the numbered elements of the page live: those in sight, then the nearest one whenever there
   * is nothing else to do. given: packed data by number. */
  async page(given) {
    this.base = document.currentScript?.src.replace(/\.js$/, "");
    this.packed = given;
    const waiting = new Set(document.querySelectorAll("[data-live-id]"));
    while (waiting.size) {
      const box = [...waiting].reduce((first, other) => (away(other) < away(first) ? other : first));
      if (away(box)) await pause();
      await this.start(box.dataset.liveId);
      waiting.delete(box);
    }
  },

  /** Make the element with a number live, if it is not yet. */
  start(number) {
    const box = document.querySelector(`[data-live-id="${number}"]`);
    const act = async () => this.kinds[box.dataset.live](box, JSON.parse(await this.text(this.packed[number])), number);
    return (this.begun[number] ??= this.one(box, act));
  },

  /** Make the elements with data-live=NAME live: act(element, data). */
  view(name, act) {
    for (const box of document.querySelectorAll(`[data-live="${name}"]`)) this.one(box, () => act(box, this.given[name]));
  },

  async one(box, act) {
    try {
      await act();
      box.dataset.liveState ||= "ready";
    } catch (error) {
      box.dataset.liveState = "failed"; // the recorded view or the picture stays
      console.error(error);
    }
  },

  /** Return the rest of a view's data, from the page or from the file next to its script. */
  more(number) {
    this.expect(number);
    if (!this.later[number].asked && !this.later[number].given) {
      this.later[number].asked = true;
      document.head.append(Object.assign(document.createElement("script"), { src: `${this.base}-${number}.js` }));
    }
    return this.later[number].promise;
  },

  /** Take the rest of a view's data, packed. */
  rest(number, packed) {
    this.expect(number);
    this.later[number].given = true;
    this.text(packed).then((text) => this.later[number].fulfil(JSON.parse(text)));
  },

  expect(number) {
    if (this.later[number]) return;
    const one = (this.later[number] = {});
    one.promise = new Promise((fulfil) => (one.fulfil = fulfil));
  },

  /** Return the engine with a module. It is loaded and starts when it is first needed. */
  engine(name = "page") {
    const start = async () => {
      if (typeof Engine === "undefined") await this.load("engine.js");
      if (!this.modules[name]) await this.load(`module-${name}.js`);
      const { module, description } = this.modules[name];
      return Engine.start(await this.bytes(module), description);
    };
    return (this.engines[name] ??= start());
  },

  /** Run a script of the page's folder. */
  load(file) {
    const src = `${this.base.slice(0, this.base.lastIndexOf("/"))}/${file}`;
    return new Promise((onload, onerror) => document.head.append(element("script", { src, onload, onerror })));
  },

  /** Return bytes that were packed with gzip and base64. */
  async bytes(packed) {
    const zipped = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
    const stream = new Blob([zipped]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  },

  async text(packed) {
    return new TextDecoder().decode(await this.bytes(packed));
  },
};

/** Return how many pixels an element is away from what is in sight, 0 if it is in sight. */
function away(box) {
  const { top, bottom } = box.getBoundingClientRect();
  return Math.max(top - innerHeight, -bottom, 0);
}

/** Wait until the page has nothing else to do, or a moment. */
const pause = () => new Promise((go) => (window.requestIdleCallback ? requestIdleCallback(go, { timeout: 100 }) : setTimeout(go)));

/** What a view takes for anywidget's model. Subclasses answer requests. */
class Model {
  constructor(values = {}) {
    Object.assign(this, { values, heard: {} });
  }

  get(name) {
    return this.values[name];
  }

  set(name, value) {
    if (this.values[name] !== value) this.update({ [name]: value });
  }

  /** Change values. Listeners hear of it when all have changed. */
  update(values) {
    Object.assign(this.values, values);
    for (const name of Object.keys(values)) this.fire(`change:${name}`);
  }

  save_changes() {}

  on(events, act) {
    for (const event of events.split(" ")) (this.heard[event] ??= new Set()).add(act);
  }

  off(events, act) {
    for (const event of events.split(" ")) this.heard[event]?.delete(act);
  }

  fire(event, ...given) {
    for (const act of [...(this.heard[event] ?? [])]) act(...given);
  }

  /** Take a request of the view. As from a kernel, the answer comes afterwards. */
  send(message) {
    queueMicrotask(() => this.answer(message));
  }

  hear(message, buffers = []) {
    this.fire("msg:custom", message, buffers);
  }
}

/** Make an element. */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** Return bytes of base64 text. */
const plainBytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
