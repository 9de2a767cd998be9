// The dialogue view: nodes and lines to edit with findings at the node, the graph as a picture, and the scene to click through.
(() => {
  "use strict";

  const { el, t, call, button, quiet, desk, finding_row, comparison } = window.Maquette;
  const WAIT = 400;

  class Dialogue {
    constructor(base, asset, saved) {
      Object.assign(this, { base, asset, saved, asked: 0, taken: [] });
      this.desk = desk(asset, () => this.save());
      this.nodes = el("div", { class: "mq-nodes" });
      this.play_ = el("section", { class: "mq-play", "aria-label": t("dialogue.play") });
      this.stale = el("p", { class: "mq-note", hidden: true }, t("dialogue.stale"));
      this.picture = el("img", { class: "mq-graph", alt: t("dialogue.graph") });
      this.open();
    }

    path(rest = "") {
      return `assets/${this.asset.id}/dialogue${rest}`;
    }

    async open() {
      try {
        const { document: found } = await call(this.base, "GET", this.path());
        this.document = found;
        this.kept = JSON.stringify(found);
        this.desk.body.replaceChildren(el("div", { class: "mq-dialogue-desk" },
          el("div", { class: "mq-part" }, el("h3", {}, t("dialogue.lines")), this.nodes),
          el("div", { class: "mq-part" }, el("h3", {}, t("dialogue.play")), this.stale, this.play_, el("h3", {}, t("dialogue.graph")), this.picture)));
        this.draw();
        await Promise.all([this.check(), this.play()]);
        const compare = await comparison(this.base, this.asset.id);
        if (compare) this.desk.body.append(compare);
      } catch (error) {
        this.desk.says.say(error.message);
      }
    }

    // Lines

    draw() {
      this.found = new Map();
      this.whole = el("div", { class: "mq-remarks" });
      this.nodes.replaceChildren(this.whole, ...this.document.nodes.map((node, at) => this.node(node, at)));
    }

    node(node, at) {
      const faults = el("div", { class: "mq-found" });
      for (const id of [node.id, ...node.lines.map((line) => line.id), ...node.choices.map((choice) => choice.id)]) if (id) this.found.set(id, faults);
      const add = (list, row) => () => { list.push(row); this.draw(); this.changed(); };
      const speaker = node.lines.length ? node.lines[node.lines.length - 1].speaker : this.document.characters[0] || "";
      return el("section", { class: "mq-node", "data-node": node.id },
        el("h4", {}, node.id, at === 0 ? el("small", {}, ` ${t("dialogue.start")}`) : null),
        node.lines.map((line) => this.line(node.lines, line)),
        node.choices.map((choice) => this.choice(node.choices, choice)),
        node.choices.length ? null : el("label", { class: "mq-node-next" }, t("dialogue.next"), this.target(node, true)),
        el("p", {}, quiet(`+ ${t("dialogue.add_line")}`, add(node.lines, { id: "", speaker, text: "", when: [] })), quiet(`+ ${t("dialogue.add_choice")}`, add(node.choices, { id: "", text: "", goto: node.goto || node.id, when: [], effects: [] }))),
        faults);
    }

    text(row, label) {
      const field = el("textarea", { class: "mq-field", rows: 1, "aria-label": label, "data-line": row.id || "new" });
      field.value = row.text;
      field.addEventListener("input", () => { row.text = field.value; this.changed(); });
      return field;
    }

    remove(list, row) {
      return quiet("✕", () => { list.splice(list.indexOf(row), 1); this.draw(); this.changed(); }, { "aria-label": t("dialogue.remove") });
    }

    line(list, line) {
      const names = [...new Set([...this.document.characters, line.speaker])];
      const who = el("select", { class: "mq-field", "aria-label": t("dialogue.speaker") }, names.map((name) => el("option", { value: name, selected: name === line.speaker }, name)));
      who.addEventListener("change", () => { line.speaker = who.value; this.changed(); });
      return el("div", { class: "mq-node-row" }, who, this.text(line, `${t("dialogue.line")} ${line.id}`), this.remove(list, line));
    }

    choice(list, choice) {
      return el("div", { class: "mq-node-row mq-node-choice" }, el("span", { "aria-hidden": "true" }, "▸"), this.text(choice, `${t("dialogue.choice")} ${choice.id}`), this.target(choice, false), this.remove(list, choice));
    }

    target(row, may_end) {
      const ids = [...new Set([...(may_end ? [""] : []), ...this.document.nodes.map((node) => node.id), row.goto])];
      const to = el("select", { class: "mq-field mq-goto", "aria-label": t("dialogue.goto") }, ids.map((id) => el("option", { value: id, selected: id === row.goto }, id ? `→ ${id}` : t("dialogue.end"))));
      to.addEventListener("change", () => { row.goto = to.value; this.changed(); });
      return to;
    }

    changed() {
      this.desk.keep.disabled = JSON.stringify(this.document) === this.kept;
      this.stale.hidden = this.desk.keep.disabled;
      window.clearTimeout(this.typing);
      this.typing = window.setTimeout(() => this.check(), WAIT);
    }

    async check() {
      const mine = (this.asked += 1);
      try {
        const { findings } = await call(this.base, "POST", this.path("/check"), this.document);
        if (mine !== this.asked) return;
        for (const holder of [this.whole, ...this.found.values()]) holder.replaceChildren();
        for (const finding of findings) (this.found.get(finding.field) || this.whole).append(finding_row(finding));
        this.desk.says.say("");
      } catch (error) {
        this.desk.says.say(error.message);
      }
    }

    async save() {
      this.desk.keep.disabled = true;
      try {
        const made = await call(this.base, "POST", `assets/${this.asset.id}/writing/dialogue`, this.document);
        this.desk.node.close();
        this.saved(made.id);
      } catch (error) {
        this.desk.keep.disabled = false;
        this.desk.says.say(error.message);
      }
    }

    // The scene as it is stored, clicked through

    async play() {
      try {
        const states = [];
        for (let many = 0; many <= this.taken.length; many += 1) states.push(await call(this.base, "POST", this.path("/play"), { taken: this.taken.slice(0, many) }));
        this.show(states);
        const taken = this.taken.length ? this.taken.map((id) => `taken=${encodeURIComponent(id)}`).join("&") : "taken=";
        this.picture.src = `${this.base}/api/${this.path(`/graph?${taken}&language=${t("locale")}`)}`;
      } catch (error) {
        this.desk.says.say(error.message);
      }
    }

    show(states) {
      const now = states[states.length - 1];
      const go = (id) => () => { this.taken.push(id); this.play(); };
      const said = states.flatMap((state, at) => {
        const chosen = at ? states[at - 1].choices.find((choice) => choice.id === this.taken[at - 1]) : null;
        return [...(chosen ? [el("p", { class: "mq-choice" }, `▸ ${chosen.text}`)] : []), ...state.lines.map((line) => el("p", {}, el("b", {}, line.speaker), ` ${line.text}`))];
      });
      const variables = Object.entries(now.variables).map(([name, value]) => el("div", { class: "mq-spec" }, el("dt", {}, name), el("dd", {}, String(value))));
      this.play_.replaceChildren(
        el("div", { class: "mq-said", "aria-live": "polite" }, said),
        el("div", { class: "mq-offers" }, now.choices.map((choice) => button(choice.text, go(choice.id), { class: "mq-button mq-offer" }))),
        now.ended ? el("p", { class: "mq-ended" }, `■ ${t("dialogue.ended")}`) : "",
        el("dl", { class: "mq-variables" }, variables),
        this.taken.length ? quiet(`↺ ${t("dialogue.again")}`, () => { this.taken = []; this.play(); }) : "");
    }
  }

  window.Maquette.open_dialogue = (base, asset, saved) => new Dialogue(base, asset, saved);
})();
