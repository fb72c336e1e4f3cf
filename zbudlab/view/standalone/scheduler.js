// Be the scheduler, on the graphs of states that Python explored. See scheduler.py.

const NO_STATE = -1, FIRST_FAULT = -2;

/** The game: who ran so far, and what the graph says about it. */
class RecordedGame extends Model {
  constructor(given, more) {
    super();
    Object.assign(this, { given, more, ...given.opens, path: [...given.opens.path], graphs: { [given.opens.level]: given.first } });
    this.show();
  }

  async answer(message) {
    const { act } = message;
    if (act === "run" && this.able(message.who)) this.path.push(message.who);
    else if (act === "undo") this.path.pop();
    else if (act === "restart") this.path = [];
    else if (act === "choose") await this.begin(message.level, false);
    else if (act === "mend") await this.begin(this.level, message.mended);
    this.show();
  }

  /** Begin a level. The graphs of others than the first come when they are needed. */
  async begin(level, mended) {
    if (!this.graphs[level]) Object.assign(this.graphs, await this.more());
    Object.assign(this, { level, mended, path: [] });
  }

  get graph() {
    return this.graphs[this.level][this.mended ? 1 : 0];
  }

  /** The number of the state, or FIRST_FAULT - n after fault number n. */
  get state() {
    return this.path.reduce((state, who) => this.graph.states[state].to[who], 0);
  }

  /** Return the moment of a state, or after a fault. */
  moment(state) {
    return state >= 0 ? this.graph.states[state] : this.graph.faults[FIRST_FAULT - state];
  }

  able(who) {
    return this.state >= 0 && (this.graph.states[this.state].to[who] ?? NO_STATE) !== NO_STATE;
  }

  get fault() {
    const at = this.moment(this.state);
    return at.fault ?? Math.max(at.end, 0);
  }

  /** Return how many schedules go on from a state, and how many of them end in a fault. */
  ahead(state) {
    if (state < 0) return [1, 1];
    const { graph } = this;
    graph.ahead ??= new Map();
    if (!graph.ahead.has(state)) {
      const { to, end } = graph.states[state];
      const parts = to.filter((at) => at !== NO_STATE).map((at) => this.ahead(at));
      if (end >= 0) parts.push([1, end ? 1 : 0]);
      graph.ahead.set(state, parts.reduce(([all, bad], [more, worse]) => [all + more, bad + worse], [0, 0]));
    }
    return graph.ahead.get(state);
  }

  /** The steps so far, with the one that broke something and the one that suffers. */
  get told() {
    const { graph, given, fault } = this, steps = [];
    let state = 0;
    for (const actor of this.path) {
      const name = graph.states[state].next[actor];
      state = graph.states[state].to[actor];
      const { references, holds } = this.moment(state);
      steps.push({ actor, name, references, holds });
    }
    const told = { actors: graph.actors, steps, broke: -1, suffers: -1, ahead: null, why: given.why[fault] ?? "" };
    return fault && !given.unblamed.includes(fault) ? this.blamed(told, this.moment(state)) : told;
  }

  blamed(told, { victim = -1, next }) {
    const last = told.steps.length - 1, { steps } = told;
    if (victim >= 0 && this.given.moved.includes(this.fault)) return { ...told, broke: last, suffers: last + 1, ahead: { actor: victim, name: next[victim], ahead: true } };
    const other = steps.findLastIndex((step) => step.actor !== steps[last].actor);
    return other < 0 ? told : { ...told, broke: other, suffers: last };
  }

  get news() {
    if (this.fault) return `You broke it. ${this.given.why[this.fault]}`;
    const [left, bad] = this.ahead(this.state);
    if (!this.graph.actors.some((_, who) => this.able(who))) return `All processors have finished, and nothing broke.${this.mended ? "" : " Undo, or start over."}`;
    const count = left > 1 ? `${left.toLocaleString("en")} schedules are left` : "One schedule is left";
    if (bad) return `${count}, and a bad one is still ahead.`;
    return `${count}, and ${left > 1 ? "none of them breaks anything" : "it breaks nothing"}.${this.mended ? "" : " Undo to find another way."}`;
  }

  processors() {
    const { next } = this.moment(this.state), { fault } = this;
    return this.graph.actors.map((name, who) => {
      const able = this.able(who), waits = next[who] && !able && !fault;
      return { name: `${letter(who)}: ${name}`, next: (next[who] || "has finished") + (waits ? " (waits for a lock)" : ""), able };
    });
  }

  show() {
    const { levels, drawing } = this.given, level = levels[this.level];
    this.update({
      shown: {
        levels: levels.map(({ title }) => title),
        level: this.level,
        mended: this.mended,
        task: this.mended ? `${level.mended} Try to break it now.` : level.task,
        news: this.news,
        broken: Boolean(this.fault),
        steps: this.path.length,
        processors: this.processors(),
        sheet: sheetOf(this.told, drawing),
      },
    });
  }
}

zbudlab.kind("scheduler", (box, given, number) => {
  box.replaceChildren();
  zbudlab.show("BeTheScheduler", new RecordedGame(given, () => zbudlab.more(number)), box);
});
