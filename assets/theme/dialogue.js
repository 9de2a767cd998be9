// The dialogue view: characters, variables and nodes to edit with findings where they belong, the graph as a picture, and the scene
// to click through, both of what is being edited. Checks, play and picture come from the server.
(() => {
  "use strict";

  const { el, t, call, button, quiet, Editing, NodeCard, fresh_node_id, cast_fields, variable_fields, value_field, type_of, finding_row } = window.Maquette;

  const WAIT = 350; // for the next letter of a value

  const rename_variable = (document_, old, name) => {
    for (const node of document_.nodes) {
      const conditions = [...node.lines, ...node.choices, ...node.jumps].flatMap((row) => row.when);
      const effects = [node, ...node.choices].flatMap((row) => row.effects);
      for (const use of [...conditions, ...effects]) if (use.variable === old) use.variable = name;
    }
  };

  const rename_speaker = (document_, old, name) => {
    for (const node of document_.nodes) for (const line of node.lines) if (line.speaker === old) line.speaker = name;
  };

  class Dialogue extends Editing {
    constructor(base, asset, saved) {
      super(base, asset, saved, { load: "dialogue", save: "writing/dialogue" });
      // start: values of the game that the play begins with; later: those set after so many answers.
      Object.assign(this, { taken: [], plays: 0, start: {}, later: {} });
      this.people = el("div", {});
      this.nodes = el("div", { class: "mq-nodes" });
      // The fields of the variables stay while the scene above them is drawn anew: somebody may be typing in one.
      [this.scene, this.held, this.foot] = [el("div", { class: "mq-scene-play" }), el("div", {}), el("p", { class: "mq-row-foot" })];
      this.play_ = el("section", { class: "mq-play", "aria-label": t("dialogue.play") }, this.scene, this.held, this.foot);
      this.picture = el("div", { class: "mq-graph" });
      // The picture's own style and ids stay in it.
      this.picture.attachShadow({ mode: "open" });
      this.picture.shadowRoot.addEventListener("click", (event) => this.go_to(event));
      this.picture.shadowRoot.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") this.go_to(event); });
      this.open();
    }

    path(rest = "") {
      return `assets/${this.asset.id}/dialogue${rest}`;
    }

    // Every speaker has an entry to write in; those left empty are not kept.
    begin({ document: found }) {
      const speaks = (name) => found.cast.find((one) => one.name === name) || { name, voice: "", goals: [], knowledge: [] };
      this.listed = new Set(found.cast.map((one) => one.name));
      this.document = { ...found, cast: found.characters.map(speaks), aside: found.cast.filter((one) => !found.characters.includes(one.name)) };
    }

    outgoing() {
      const { aside, cast, ...rest } = this.document;
      const kept = cast.filter((one) => one.voice || one.goals.length || one.knowledge.length || this.listed.has(one.name));
      return { ...rest, characters: this.names(), cast: [...kept, ...aside] };
    }

    names() {
      return this.document.cast.map((one) => one.name);
    }

    frame() {
      return el("div", { class: "mq-dialogue-desk" },
        el("div", { class: "mq-part" }, this.people, el("h3", {}, t("dialogue.lines")), this.nodes),
        el("div", { class: "mq-part mq-beside" }, el("h3", {}, t("dialogue.play")), this.play_, el("h3", {}, t("dialogue.graph")), this.picture));
    }

    found(row, holder) {
      this.holders.set(row, holder);
    }

    draw() {
      const document_ = this.document;
      const found = (row, holder) => this.found(row, holder);
      this.holders = new Map();
      this.whole = el("div", { class: "mq-remarks" });
      const cast = cast_fields(document_.cast, "cast", this.edit, { renamed: (old, name) => rename_speaker(this.document, old, name), most: 24 });
      const variables = variable_fields(document_.variables, "variables", this.edit, { renamed: (old, name) => rename_variable(this.document, old, name), found });
      this.people.replaceChildren(this.whole,
        this.fold("cast", `${t("dialogue.cast")} (${document_.cast.length})`, false, cast),
        this.fold("variables", `${t("dialogue.variables")} (${document_.variables.length})`, false, variables));
      this.nodes.replaceChildren(...document_.nodes.map((node, at) => new NodeCard(this, node, at).draw()),
        button(`+ ${t("dialogue.add_node")}`, () => this.add_node(), { "data-at": "nodes/new", class: "mq-button mq-add-node" }));
    }

    add_node() {
      const { nodes } = this.document;
      const speaker = this.names()[0] || "";
      const node = { id: fresh_node_id(nodes), lines: [{ id: "", speaker, text: "", when: [] }], choices: [], goto: "", effects: [], jumps: [] };
      this.edit("nodes", () => nodes.push(node), true, `nodes/${nodes.length}/id`);
    }

    async check(current) {
      const { document: whole, findings } = await call(this.base, "POST", this.path("/check"), this.outgoing());
      if (!current()) return;
      this.adopt(whole);
      const by_id = new Map(this.document.variables.map((one) => [one.name, this.holders.get(one)]));
      for (const node of this.document.nodes) {
        for (const row of [...node.lines, ...node.choices, node]) if (!by_id.has(row.id) || row === node) by_id.set(row.id, this.holders.get(row));
      }
      for (const holder of [this.whole, ...this.holders.values()]) holder.replaceChildren();
      for (const finding of findings) (by_id.get(finding.field) || this.whole).append(finding_row(finding));
      for (const fold of this.people.querySelectorAll("details:has(.mq-finding.mq-error)")) fold.open = true;
      await this.play();
    }

    // A new line keeps the id that it got at the first check, whatever is written in it later.
    adopt(whole) {
      whole.nodes.forEach((node, at) => {
        for (const part of ["lines", "choices"]) {
          node[part].forEach((given, n) => {
            const row = this.document.nodes[at][part][n];
            if (row.id) return;
            row.id = given.id;
            const field = this.nodes.querySelector(`[data-at="nodes/${at}/${part}/${n}/text"]`);
            if (field) { field.dataset.line = given.id; field.closest(".mq-row-edit").dataset.lineId = given.id; }
          });
        }
      });
    }

    // The scene as it stands in the view, clicked through

    async play() {
      const mine = (this.plays += 1);
      const states = [];
      let trouble = "";
      try {
        for (let many = 0; many <= this.taken.length; many += 1) {
          states.push(await call(this.base, "POST", this.path("/play"), { taken: this.taken.slice(0, many), document: this.outgoing(), ...this.set_by_hand() }));
          if (mine !== this.plays) return;
        }
      } catch (error) {
        // An answer that an edit took away ends the play before it.
        if (error.data && error.data.field === "choice") this.taken = this.taken.slice(0, Math.max(0, states.length - 1));
        else trouble = error.message;
      }
      if (mine !== this.plays) return;
      if (states.length) this.show(states, trouble);
      else this.scene.replaceChildren(el("p", { class: "mq-finding mq-error" }, trouble || t("error.offline")));
      const taken = trouble ? null : this.taken;
      const { svg } = await call(this.base, "POST", this.path("/graph"), { document: this.outgoing(), taken, language: t("locale"), ...this.set_by_hand() });
      if (mine === this.plays) this.show_graph(svg);
    }

    // Values of the game as they were set here, of variables that are still declared and of that type.
    set_by_hand() {
      const types = new Map(this.document.variables.map((one) => [one.name, type_of(one.start)]));
      const fit = (values) => Object.fromEntries(Object.entries(values).filter(([name, value]) => types.get(name) === type_of(value)));
      const later = Object.entries(this.later).filter(([number]) => Number(number) <= this.taken.length).map(([number, values]) => [number, fit(values)]);
      return { variables: fit(this.start), later: Object.fromEntries(later) };
    }

    // The graph as a part of the page: a node that is pressed leads to its fields.
    show_graph(svg) {
      const drawn = document.importNode(new DOMParser().parseFromString(svg, "image/svg+xml").documentElement, true);
      drawn.setAttribute("role", "group");
      drawn.setAttribute("aria-label", t("dialogue.graph"));
      drawn.style.cssText = "display:block;max-width:100%;height:auto;margin:0 auto";
      for (const node of drawn.querySelectorAll("[data-node]")) {
        node.setAttribute("role", "button");
        node.setAttribute("aria-label", t("dialogue.edit_node", { node: node.dataset.node }));
        node.style.cursor = "pointer";
      }
      const focus = this.picture.shadowRoot.activeElement;
      this.picture.shadowRoot.replaceChildren(drawn);
      const again = focus && [...drawn.querySelectorAll("[data-node]")].find((node) => node.dataset.node === focus.dataset.node);
      if (again) again.focus({ preventScroll: true });
    }

    go_to(event) {
      const pressed = event.target.closest("[data-node]");
      const card = pressed && [...this.nodes.children].find((one) => one.dataset.node === pressed.dataset.node);
      if (!card) return;
      event.preventDefault();
      const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
      card.scrollIntoView({ block: "start", behavior: still ? "auto" : "smooth" });
      card.querySelector(".mq-node-name").focus({ preventScroll: true });
      card.classList.remove("mq-reached");
      window.requestAnimationFrame(() => card.classList.add("mq-reached"));
    }

    again() {
      this.play().catch((error) => this.desk.says.say(error.message));
    }

    show(states, trouble) {
      const now = states[states.length - 1];
      const go = (id) => () => { this.taken.push(id); this.chosen = true; this.again(); };
      const said = states.flatMap((state, at) => {
        const chosen = at ? states[at - 1].choices.find((choice) => choice.id === this.taken[at - 1]) : null;
        return [...(chosen ? [el("p", { class: "mq-choice" }, `▸ ${chosen.text}`)] : []), ...state.lines.map((line) => el("p", {}, el("b", {}, line.speaker), ` ${line.text}`))];
      });
      this.scene.replaceChildren(
        el("div", { class: "mq-said", "aria-live": "polite" }, said),
        trouble ? el("p", { class: "mq-finding mq-error" }, trouble) : "",
        el("div", { class: "mq-offers" }, now.choices.map((choice) => button(choice.text || "…", go(choice.id), { class: "mq-button mq-offer" }))),
        now.ended ? el("p", { class: "mq-ended" }, `■ ${t("dialogue.ended")}`) : "");
      this.show_variables(now.variables);
      const from_start = (start) => () => { Object.assign(this, { taken: [], later: {}, start, chosen: true }); this.again(); };
      const by_hand = [this.start, ...Object.values(this.later)].some((values) => Object.keys(values).length);
      this.foot.replaceChildren(
        this.taken.length ? quiet(`↺ ${t("dialogue.again")}`, from_start(this.start)) : "",
        by_hand ? quiet(t("dialogue.as_declared"), from_start({})) : "");
      // The button that was pressed is gone: whoever goes by keyboard stands at the next answer.
      const next = this.chosen && this.play_.querySelector(".mq-offer, .mq-row-foot button");
      this.chosen = false;
      if (next) next.focus({ preventScroll: true });
    }

    // What the game holds, to read and to set: before the first answer it is what the scene begins with, later it holds from here on.
    show_variables(now) {
      const declared = this.document.variables.filter((one) => one.name in now);
      const shape = JSON.stringify(declared.map(({ name, start }) => [name, type_of(start)]));
      const set = (name, held) => (_, mutate) => {
        mutate();
        const many = this.taken.length;
        const values = many ? (this.later[many] = this.later[many] || {}) : this.start;
        values[name] = held.value;
        window.clearTimeout(this.setting);
        this.setting = window.setTimeout(() => this.again(), WAIT);
      };
      if (shape !== this.shape) {
        this.shape = shape;
        const rows = declared.map(({ name, start }) => {
          const held = { value: now[name] };
          return el("label", { class: "mq-variable-now", "data-variable": name }, el("span", {}, name), value_field(type_of(start), held, "value", `play/${name}`, name, set(name, held)));
        });
        this.held.replaceChildren(declared.length ? el("fieldset", { class: "mq-variables" }, el("legend", {}, t("dialogue.variables_now")), rows) : "");
      }
      for (const field of this.held.querySelectorAll("[data-at]")) {
        if (field !== document.activeElement) field.value = String(now[field.dataset.at.slice("play/".length)]);
      }
    }
  }

  window.Maquette.open_dialogue = (base, asset, saved) => new Dialogue(base, asset, saved);
})();
