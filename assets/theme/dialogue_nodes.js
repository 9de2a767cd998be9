// One node of a dialogue as fields: its name, what happens on arrival, lines, choices with conditions and effects, jumps, and where
// it goes on. Ids of lines are never touched: a name of a node, a text or a place may change, an id stays.
(() => {
  "use strict";

  const { el, t, quiet, text_field, pick, condition, effect, rules, rule_adders, row_tools } = window.Maquette;

  const fresh_id = (nodes) => {
    let number = nodes.length + 1;
    while (nodes.some((node) => node.id === `n${number}`)) number += 1;
    return `n${number}`;
  };

  // Whatever led to a node leads to it under its new name.
  function rename(document_, old, name) {
    for (const node of document_.nodes) {
      if (node.id === old) node.id = name;
      if (node.goto === old) node.goto = name;
      for (const way of [...node.choices, ...node.jumps]) if (way.goto === old) way.goto = name;
    }
    document_.endings = document_.endings.map((id) => (id === old ? name : id));
  }

  class NodeCard {
    // owner: { document, edit, names(), found(row, holder) }.
    constructor(owner, node, at) {
      Object.assign(this, { owner, node, at, edit: owner.edit, where: `nodes/${at}`, variables: owner.document.variables });
    }

    draw() {
      const { node, where, edit, variables } = this;
      const stops = !node.choices.length && !node.goto && !node.jumps.length;
      return el("section", { class: "mq-node", "data-node": node.id },
        this.head(),
        node.effects.length ? el("div", { class: "mq-sub" }, el("small", {}, t("dialogue.on_arrival")), rules(node.effects, effect, variables, `${where}/effects`, edit)) : null,
        node.lines.map((line, n) => this.line(line, `${where}/lines/${n}`)),
        node.choices.map((choice, n) => this.choice(choice, `${where}/choices/${n}`)),
        node.jumps.map((jump, n) => this.jump(jump, `${where}/jumps/${n}`)),
        node.choices.length && !node.goto ? null : el("label", { class: "mq-node-next" }, t(node.jumps.length ? "dialogue.else" : "dialogue.next"), this.target(node, `${where}/goto`, true)),
        stops ? this.ending() : null,
        this.adders(), this.holder(node));
    }

    holder(row) {
      const node = el("div", { class: "mq-found" });
      this.owner.found(row, node);
      return node;
    }

    head() {
      const { node, at, where, edit, owner } = this;
      const { nodes } = owner.document;
      const fault = el("span", { class: "mq-field-error", role: "alert" });
      const take = (value, field) => {
        const name = value.trim();
        const wrong = !name ? t("dialogue.no_name") : nodes.some((one) => one !== node && one.id === name) ? t("dialogue.taken") : "";
        fault.textContent = wrong;
        field.setAttribute("aria-invalid", String(Boolean(wrong)));
        if (!wrong && name !== node.id) edit(`${where}/id`, () => rename(owner.document, node.id, name), "later");
      };
      const start = () => edit(where, () => { nodes.splice(at, 1); nodes.unshift(node); }, true, "nodes/0/id");
      const gone = () => { owner.document.endings = owner.document.endings.filter((id) => id !== node.id); };
      return el("header", { class: "mq-node-head" },
        text_field(node, "id", `${where}/id`, t("dialogue.node_name"), edit, { most: 40, lazy: true, taken: take, class: "mq-field mq-node-name", spellcheck: "false" }),
        at === 0 ? el("small", { class: "mq-chip" }, t("dialogue.start")) : quiet(t("dialogue.make_start"), start, { "data-at": `${where}/start` }),
        row_tools(nodes, node, where, edit, `${t("dialogue.node")} ${node.id}`, gone), fault);
    }

    line(line, where) {
      const { edit, variables, node, owner } = this;
      const names = [...new Set([...owner.names(), line.speaker])].map((name) => [name, name]);
      return el("div", { class: "mq-row-edit", "data-line-id": line.id || "new" },
        el("div", { class: "mq-node-row" },
          pick(line, "speaker", names, `${where}/speaker`, t("dialogue.speaker"), edit),
          this.text(line, where, t("dialogue.line"))),
        el("div", { class: "mq-sub" }, rules(line.when, condition, variables, `${where}/when`, edit)),
        el("div", { class: "mq-row-foot" }, rule_adders(line, variables, where, edit), row_tools(node.lines, line, where, edit, t("dialogue.line"))),
        this.holder(line));
    }

    text(row, where, label) {
      return text_field(row, "text", `${where}/text`, `${label} ${row.id}`, this.edit, { rows: 1, "data-line": row.id || "new" });
    }

    choice(choice, where) {
      const { edit, variables, node } = this;
      // The last choice goes: the node goes on where it led.
      const after = () => { if (!node.choices.length && !node.goto && !node.jumps.length) node.goto = choice.goto; };
      return el("div", { class: "mq-row-edit mq-node-choice", "data-line-id": choice.id || "new" },
        el("div", { class: "mq-node-row" }, el("span", { "aria-hidden": "true" }, "▸"), this.text(choice, where, t("dialogue.choice")), this.target(choice, `${where}/goto`, false)),
        el("div", { class: "mq-sub" }, rules(choice.when, condition, variables, `${where}/when`, edit), rules(choice.effects, effect, variables, `${where}/effects`, edit)),
        el("div", { class: "mq-row-foot" }, rule_adders(choice, variables, where, edit, { effects: true }), row_tools(node.choices, choice, where, edit, t("dialogue.choice"), after)),
        this.holder(choice));
    }

    jump(jump, where) {
      const { edit, variables, node } = this;
      return el("div", { class: "mq-row-edit mq-node-jump" },
        el("div", { class: "mq-node-row" }, el("span", {}, t("dialogue.jump")), this.target(jump, `${where}/goto`, false)),
        el("div", { class: "mq-sub" }, rules(jump.when, condition, variables, `${where}/when`, edit)),
        el("div", { class: "mq-row-foot" }, rule_adders(jump, variables, where, edit), row_tools(node.jumps, jump, where, edit, t("dialogue.jump"))));
    }

    // Where a row leads. The way a node itself goes on also says whether it is meant as an ending.
    target(row, where, may_end) {
      const { document: document_ } = this.owner;
      const options = [...(may_end ? [["", t("dialogue.end")]] : []), ...document_.nodes.map((node) => [node.id, `→ ${node.id}`])];
      if (!may_end && !row.goto) options.unshift(["", t("dialogue.nowhere")]);
      return pick(row, "goto", options, where, t("dialogue.goto"), this.edit, { class: "mq-field mq-goto", redraw: true });
    }

    ending() {
      const { node, where, edit, owner } = this;
      const document_ = owner.document;
      const checked = !document_.endings.length || document_.endings.includes(node.id);
      const box = el("input", { type: "checkbox", checked, "data-at": `${where}/ending` });
      box.addEventListener("change", () => edit(`${where}/ending`, () => {
        const stops = document_.nodes.filter((one) => !one.choices.length && !one.goto && !one.jumps.length).map((one) => one.id);
        const ends = new Set(document_.endings.length ? document_.endings : stops);
        if (box.checked) ends.add(node.id);
        else ends.delete(node.id);
        document_.endings = [...ends];
      }, true));
      return el("label", { class: "mq-check" }, box, t("dialogue.ending"));
    }

    adders() {
      const { node, where, edit, owner, variables } = this;
      const add = (label, list, name, blank, focus) => quiet(`+ ${label}`, () => edit(where, () => list.push(blank()), true, `${where}/${name}/${list.length}/${focus}`), { "data-at": `${where}/${name}/new`, class: "mq-link mq-new-row" });
      const speaker = () => (node.lines.length ? node.lines[node.lines.length - 1].speaker : owner.names()[0] || "");
      // The first choice takes over where the node went on to: with choices it cannot also go on by itself.
      const choice = () => {
        const { goto } = node;
        node.goto = "";
        return { id: "", text: "", goto, when: [], effects: [] };
      };
      const others = owner.document.nodes.filter((one) => one !== node);
      return el("p", { class: "mq-row-foot" },
        add(t("dialogue.add_line"), node.lines, "lines", () => ({ id: "", speaker: speaker(), text: "", when: [] }), "text"),
        add(t("dialogue.add_choice"), node.choices, "choices", choice, "text"),
        node.choices.length || !others.length ? null : add(t("dialogue.add_jump"), node.jumps, "jumps", () => ({ goto: others[0].id, when: [] }), "goto"),
        rule_adders(node, variables, where, edit, { when: false, effects: true }));
    }
  }

  Object.assign(window.Maquette, { NodeCard, fresh_node_id: fresh_id });
})();
