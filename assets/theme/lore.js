// The lore view: the world sheet, who lives in it, items, places and people, barks by situation and the stages of a quest, each to
// edit with what the checks of the world say of it. Checks come from the server; ids of texts stay.
(() => {
  "use strict";

  const { el, t, call, quiet, chip, Editing, text_field, labelled, pick, row_tools, cast_fields, world_fields, finding_row } = window.Maquette;
  const KINDS = ["item", "place", "person"];

  class Lore extends Editing {
    constructor(base, asset, saved) {
      super(base, asset, saved, { load: "lore", save: "writing/lore" });
      this.holder_ = el("div", { class: "mq-lore" });
      this.open();
    }

    begin({ document: found }) {
      this.document = found;
    }

    outgoing() {
      return this.document;
    }

    frame() {
      return this.holder_;
    }

    holder(row) {
      const node = el("div", { class: "mq-found" });
      this.holders.set(row, node);
      return node;
    }

    draw() {
      const document_ = this.document;
      this.holders = new Map();
      this.whole = el("div", { class: "mq-remarks" });
      const found = (row, node) => this.holders.set(row, node);
      const renamed = () => {};
      this.holder_.replaceChildren(this.whole,
        this.fold("world", t("lore.world"), true, world_fields(document_.world, "world", this.edit)),
        this.fold("cast", `${t("lore.cast")} (${document_.cast.length})`, document_.cast.length > 0, cast_fields(document_.cast, "cast", this.edit, { renamed, found })),
        ...KINDS.map((kind) => this.entries(kind)),
        ...(document_.barks.length || document_.form === "barks" ? [this.barks()] : []),
        ...(document_.quest ? [this.quest(document_.quest)] : []));
    }

    // Items, places or people

    entries(kind) {
      const { entries } = this.document;
      const mine = entries.filter((entry) => entry.kind === kind);
      const add = () => this.edit("entries", () => entries.push({ id: "", kind, name: "", text: "" }), true, `entries/${entries.length}/name`);
      return this.fold(`entries-${kind}`, `${t(`lore.entries.${kind}`)} (${mine.length})`, mine.length > 0,
        mine.map((entry) => this.entry(entry, `entries/${entries.indexOf(entry)}`)),
        quiet(`+ ${t(`lore.new.${kind}`)}`, add, { "data-at": `entries/new-${kind}`, class: "mq-link mq-new-row" }));
    }

    entry(entry, where) {
      return el("div", { class: "mq-row-edit", "data-entry": entry.id || "new" },
        el("div", { class: "mq-node-head" }, text_field(entry, "name", `${where}/name`, t("lore.name"), this.edit, { most: 120, class: "mq-field mq-node-name mq-entry-name" }),
          row_tools(this.document.entries, entry, where, this.edit, entry.name || t("lore.entry"))),
        text_field(entry, "text", `${where}/text`, `${t("lore.text")}: ${entry.name}`, this.edit, { rows: 2 }),
        this.holder(entry));
    }

    // Barks by who says them when

    barks() {
      const { barks } = this.document;
      const add = () => this.edit("barks", () => barks.push({ character: barks.length ? barks[barks.length - 1].character : "", situation: "", barks: [{ id: "", text: "" }] }), true, `barks/${barks.length}/situation`);
      return this.fold("barks", t("lore.barks"), true, barks.map((set, at) => this.bark_set(set, `barks/${at}`)),
        quiet(`+ ${t("lore.set")}`, add, { "data-at": "barks/new", class: "mq-link mq-new-row" }));
    }

    bark_set(set, where) {
      const add = () => this.edit(where, () => set.barks.push({ id: "", text: "" }), true, `${where}/barks/${set.barks.length}/text`);
      const row = (bark, n) => el("div", { class: "mq-bark" },
        text_field(bark, "text", `${where}/barks/${n}/text`, `${t("lore.bark")} ${bark.id}`, this.edit, { rows: 1, "data-line": bark.id || "new" }),
        row_tools(set.barks, bark, `${where}/barks/${n}`, this.edit, t("lore.bark")), this.holder(bark));
      return el("section", { class: "mq-node" },
        el("div", { class: "mq-node-head" },
          labelled(t("lore.character"), text_field(set, "character", `${where}/character`, t("lore.character"), this.edit, { most: 60 })),
          labelled(t("lore.set"), text_field(set, "situation", `${where}/situation`, t("lore.set"), this.edit, { most: 80 })),
          row_tools(this.document.barks, set, where, this.edit, set.situation)),
        set.barks.map(row), quiet(`+ ${t("lore.bark")}`, add, { "data-at": `${where}/barks/new`, class: "mq-link mq-new-row" }));
    }

    // A quest: stages, the ways between them, and outcomes

    quest(quest) {
      const fresh = () => {
        let number = quest.stages.length + 1;
        while (quest.stages.some((stage) => stage.id === `s${number}`)) number += 1;
        return { id: `s${number}`, title: "", objective: "", text: "", ways: [], outcome: "" };
      };
      const add = () => this.edit("quest/stages", () => quest.stages.push(fresh()), true, `quest/stages/${quest.stages.length}/id`);
      return this.fold("quest", t("lore.quest"), true,
        el("div", { class: "mq-world" },
          labelled(t("lore.quest_title"), text_field(quest, "title", "quest/title", t("lore.quest_title"), this.edit, { most: 120 })),
          labelled(t("lore.giver"), text_field(quest, "giver", "quest/giver", t("lore.giver"), this.edit, { most: 60 }))),
        quest.stages.map((stage, at) => this.stage(quest, stage, `quest/stages/${at}`)),
        quiet(`+ ${t("lore.stage")}`, add, { "data-at": "quest/stages/new", class: "mq-link mq-new-row" }));
    }

    rename(quest, old, name) {
      for (const stage of quest.stages) {
        if (stage.id === old) stage.id = name;
        for (const way of stage.ways) if (way.goto === old) way.goto = name;
      }
    }

    stage(quest, stage, where) {
      const fault = el("span", { class: "mq-field-error", role: "alert" });
      const take = (value, field) => {
        const name = value.trim();
        const wrong = !name ? t("lore.no_name") : quest.stages.some((one) => one !== stage && one.id === name) ? t("lore.taken") : "";
        fault.textContent = wrong;
        field.setAttribute("aria-invalid", String(Boolean(wrong)));
        if (!wrong && name !== stage.id) this.edit(`${where}/id`, () => this.rename(quest, stage.id, name), "later");
      };
      const field = (name, rows) => labelled(t(`lore.${name === "title" ? "stage_title" : name}`), text_field(stage, name, `${where}/${name}`, t(`lore.${name === "title" ? "stage_title" : name}`), this.edit, { rows }), name === "text" ? "mq-wide" : "");
      const add = () => this.edit(where, () => stage.ways.push({ text: "", goto: "" }), true, `${where}/ways/${stage.ways.length}/text`);
      return el("section", { class: "mq-node", "data-stage": stage.id },
        el("div", { class: "mq-node-head" },
          text_field(stage, "id", `${where}/id`, t("lore.stage_id"), this.edit, { most: 40, lazy: true, taken: take, class: "mq-field mq-node-name" }),
          row_tools(quest.stages, stage, where, this.edit, `${t("lore.stage")} ${stage.id}`), fault),
        el("div", { class: "mq-world" }, field("title"), field("objective"), field("text", 2), field("outcome")),
        stage.ways.map((way, n) => this.way(quest, stage, way, `${where}/ways/${n}`)),
        quiet(`+ ${t("lore.way")}`, add, { "data-at": `${where}/ways/new`, class: "mq-link mq-new-row" }), this.holder(stage));
    }

    way(quest, stage, way, where) {
      const options = [...(way.goto ? [] : [["", t("dialogue.nowhere")]]), ...quest.stages.map((one) => [one.id, `→ ${one.id}`])];
      return el("div", { class: "mq-row-edit mq-node-choice" }, el("div", { class: "mq-node-row" }, el("span", { "aria-hidden": "true" }, "▸"),
        text_field(way, "text", `${where}/text`, t("lore.way"), this.edit, { rows: 1 }),
        pick(way, "goto", options, `${where}/goto`, t("dialogue.goto"), this.edit, { class: "mq-field mq-goto" }),
        row_tools(stage.ways, way, where, this.edit, t("lore.way"))));
    }

    // Checks

    async check(current) {
      const { document: whole, findings } = await call(this.base, "POST", `assets/${this.asset.id}/lore/check`, this.document);
      if (!current()) return;
      this.adopt(whole);
      const { entries, barks, cast, quest } = this.document;
      const rows = [...cast.map((one) => [one.name, one]), ...entries.map((one) => [one.id, one]), ...barks.flatMap((set) => set.barks).map((one) => [one.id, one]), ...(quest ? quest.stages : []).map((one) => [one.id, one])];
      const by_id = new Map(rows.map(([id, row]) => [id, this.holders.get(row)]));
      for (const holder of [this.whole, ...this.holders.values()]) holder.replaceChildren();
      for (const finding of findings) (by_id.get(finding.field) || this.whole).append(finding_row(finding));
      for (const fold of this.holder_.querySelectorAll("details:has(.mq-finding)")) fold.open = true;
      this.desk.head.replaceChildren(findings.length ? chip("failed", `✕ ${t("lore.found", { n: findings.length })}`) : chip("done", `✓ ${t("lore.sound")}`));
    }

    // A new text keeps the id that it got at the first check.
    adopt(whole) {
      whole.entries.forEach((given, at) => { this.document.entries[at].id = given.id; });
      whole.barks.forEach((set, at) => set.barks.forEach((given, n) => { this.document.barks[at].barks[n].id = given.id; }));
    }
  }

  window.Maquette.open_lore = (base, asset, saved) => new Lore(base, asset, saved);
})();
