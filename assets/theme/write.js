// The write view of a text: every field with its live count, findings in place, one-click repairs, a new version, what changed.
// Counts, findings and repairs all come from the server, so that the page never disagrees with the checks.
(() => {
  "use strict";

  const { el, t, named, finding_message, finding_advice, call, button, quiet, chip, notice, dialog } = window.Maquette;
  const WAIT = 300;
  const SIGNS = { error: "✕", warning: "!", note: "i" };
  const LINES_MAX = 40; // of one slot, as studio/fields.py
  const slot_of = (key) => key.slice(0, Math.max(0, key.lastIndexOf(".")));
  const EDITED = new Set(["copy", "article", "dialogue", "lore"]);

  // A finding: a sign and a word beside its colour, and its repair where it carries one. accept(finding) applies it.
  function finding_row(finding, accept) {
    const mendable = accept && finding.repair !== null && finding.span !== null;
    return el("div", { class: `mq-finding mq-${finding.severity}`, "data-rule": finding.rule },
      el("b", {}, `${SIGNS[finding.severity]} ${t(`severity.${finding.severity}`)}: `),
      el("span", {}, finding_message(finding)), finding.suggestion ? el("span", { class: "mq-advice" }, ` ${finding_advice(finding)}`) : null,
      mendable ? button(finding.repair ? t("write.accept", { text: finding.repair }) : t("write.accept_out"), () => accept(finding), { class: "mq-button mq-accept" }) : null);
  }

  // The text with the spans of its findings marked. Spans count code points.
  function marked(text, findings) {
    const signs = [...text];
    const rank = { error: 3, warning: 2, note: 1 };
    const worst = signs.map((_, at) => findings.filter((f) => f.span && f.span[0] <= at && at < f.span[1]).sort((a, b) => rank[b.severity] - rank[a.severity])[0]);
    const pieces = [];
    for (let at = 0; at < signs.length;) {
      let end = at + 1;
      while (end < signs.length && (worst[end] || {}).severity === (worst[at] || {}).severity) end += 1;
      const part = signs.slice(at, end).join("");
      pieces.push(worst[at] ? el("mark", { class: `mq-mark-${worst[at].severity}`, title: worst[at].message }, part) : part);
      at = end;
    }
    return pieces;
  }

  // What changed between two versions, word by word.
  async function show_difference(base, id, before, holder) {
    const changes = await call(base, "GET", `assets/${id}/writing/difference?before=${encodeURIComponent(before)}`);
    const piece = (one) => (one.kind === "old" ? el("del", {}, one.text) : one.kind === "new" ? el("ins", {}, one.text) : one.text);
    holder.replaceChildren(...(changes.length
      ? changes.map((change) => el("section", {}, el("h4", {}, change.name), el("p", {}, change.pieces.map(piece))))
      : [el("p", { class: "mq-note" }, t("write.no_change"))]));
  }

  // A choice among the other versions, and what changed since the chosen one.
  async function comparison(base, id) {
    const all = await call(base, "GET", `assets/${id}/writing/versions`);
    const others = all.filter((one) => one.id !== id);
    if (!others.length) return null;
    const holder = el("div", { class: "mq-difference", "aria-live": "polite" });
    const label = (one) => `${t("card.version")} ${one.version}${one.maker === "person" ? ` · ${t("write.by_person")}` : ""}`;
    const pick = el("select", { class: "mq-field", name: "before", "aria-label": t("write.compare") }, el("option", { value: "" }, t("write.compare")), others.map((one) => el("option", { value: one.id }, label(one))));
    pick.addEventListener("change", () => (pick.value ? show_difference(base, id, pick.value, holder).catch((error) => holder.replaceChildren(error.message)) : holder.replaceChildren()));
    return el("section", { class: "mq-compare" }, pick, holder);
  }

  // The score: its number, and what took points off.
  function score_chips(score) {
    return [el("span", { class: `mq-chip mq-${score.errors ? "failed" : "done"}`, title: t("write.score_means") }, t("write.score", { n: score.value })),
      ...score.parts.map((part) => chip("part", `${named("group", part.name)} −${Math.round(part.lost)}`))];
  }

  // The frame both views share: a wide dialog with title, score, save and close.
  function desk(asset, save) {
    const says = notice();
    const head = el("span", { class: "mq-scores", role: "status" });
    const keep = button(t("write.save"), save, { class: "mq-button mq-primary", name: "save", disabled: true });
    const body = el("div", { class: "mq-desk-body" });
    const about = el("p", {}, `${t("card.version")} ${asset.version}`);
    const bar_ = el("header", { class: "mq-desk-head" }, el("div", { class: "mq-titles" }, el("h2", {}, asset.title), about), head, keep);
    const node = dialog(asset.title, "mq-desk", bar_, says.node, body);
    // Edits are not lost by one press beside the view: the first one says so, the second closes.
    let warned = false;
    const stay = (event) => {
      if (keep.disabled || warned) return false;
      warned = true;
      event.preventDefault();
      event.stopImmediatePropagation();
      says.say(t("write.unsaved"));
      return true;
    };
    node.addEventListener("click", (event) => { if (event.target === node) stay(event); }, true);
    node.addEventListener("cancel", stay);
    node.addEventListener("input", () => { warned = false; });
    bar_.append(quiet("✕", (event) => { if (!stay(event)) node.close(); }, { "aria-label": t("card.close"), class: "mq-link mq-x" }));
    return { node, says, head, about, keep, body };
  }

  class Write {
    constructor(base, asset, saved) {
      Object.assign(this, { base, asset, saved, texts: {}, lines: {}, slots: new Map(), fields: new Map(), asked: 0 });
      this.desk = desk(asset, () => this.save());
      this.open();
    }

    path(rest = "") {
      return `assets/${this.asset.id}/writing${rest}`;
    }

    async open() {
      try {
        const sheet = await call(this.base, "GET", this.path());
        this.stored = Object.fromEntries(sheet.fields.map((field) => [field.key, field.text]));
        for (const slot of sheet.slots) this.lines[slot.key] = sheet.fields.filter((field) => slot_of(field.key) === slot.key).map((field) => field.text);
        this.kept = structuredClone(this.lines);
        this.whole = el("div", { class: "mq-remarks" });
        const labels = [...new Set(sheet.fields.map((field) => field.set))];
        const sets = labels.map((label) => this.set(label, sheet, labels.length > 1));
        this.desk.body.replaceChildren(this.whole, el("div", { class: "mq-sets", "data-sets": labels.length }, sets));
        if (sheet.channel_name) this.desk.about.append(` · ${sheet.channel_name[t("locale").startsWith("zh") ? "zh" : "en"]}`);
        this.draw(sheet);
        const compare = await comparison(this.base, this.asset.id);
        if (compare) this.desk.body.append(compare);
      } catch (error) {
        this.desk.says.say(error.message);
      }
    }

    set(label, sheet, several) {
      const angle = sheet.angles[label];
      const slots = sheet.slots.filter((slot) => slot.set === label);
      return el("section", { class: "mq-set" }, several ? el("h3", {}, [label, angle].filter(Boolean).join(" · ")) : null,
        slots.length ? slots.map((slot) => this.slot(slot)) : sheet.fields.filter((field) => field.set === label).map((field) => this.field(field)));
    }

    // All alternatives of one field, to add to and take from.
    slot(slot) {
      const node = el("div", { class: "mq-alternatives", "data-slot": slot.key });
      this.slots.set(slot.key, { slot, node, gone: null, found: el("div", { class: "mq-found" }) });
      this.draw_slot(slot.key);
      return node;
    }

    draw_slot(key, focus = null) {
      const { slot, node, gone, found } = this.slots.get(key);
      const texts = this.lines[key];
      for (const known of [...this.fields.keys()]) if (slot_of(known) === key) this.fields.delete(known);
      const rows = texts.map((text, at) => this.field({ key: `${key}.${at}`, name: slot.name, set: slot.set, number: at + 1, text, alone: texts.length === 1 }));
      const name = named("slot", slot.name);
      const takes = slot.most ? t(slot.least > 1 ? "write.takes_between" : "write.takes_most", { least: slot.least, most: slot.most }) : slot.least > 1 ? t("write.takes_least", { least: slot.least }) : "";
      const add = quiet(`+ ${name}`, () => this.put(key, texts.length, ""), { class: "mq-link mq-new-row", name: "add", disabled: texts.length >= LINES_MAX });
      const back = gone ? quiet(`↶ ${t("write.put_back", { text: gone.text.length > 30 ? `${gone.text.slice(0, 29)}…` : gone.text })}`, () => this.put(key, gone.at, gone.text), { name: "back" }) : null;
      const many = takes ? el("span", { class: `mq-lines-count${texts.length > (slot.most || Infinity) ? " mq-error" : ""}` }, `${t("write.lines", { n: texts.length })} · ${takes}`) : null;
      node.replaceChildren(...rows, found, el("p", { class: "mq-row-foot" }, add, back, many));
      if (focus !== null) (focus < texts.length ? this.fields.get(`${key}.${focus}`).area : add).focus();
    }

    put(key, at, text) {
      this.lines[key].splice(at, 0, text);
      this.slots.get(key).gone = null;
      this.draw_slot(key, at);
      this.asking();
    }

    take_out(field) {
      const key = slot_of(field.key);
      const at = field.number - 1;
      const [text] = this.lines[key].splice(at, 1);
      this.slots.get(key).gone = text.trim() ? { at, text } : null;
      this.draw_slot(key, Math.min(at, this.lines[key].length - 1));
      this.asking();
    }

    field(field) {
      const paragraph = field.key.match(/^paragraph (\d+)$/);
      const name = paragraph ? t(field.text.startsWith("## ") ? "write.heading" : "write.paragraph", { n: paragraph[1] }) : field.key === "headline" ? named("slot", "headline") : `${named("slot", field.name)} ${field.number}`;
      const label = field.set ? `${field.set} ${name}` : name;
      const area = el("textarea", { name: field.key, rows: field.key.startsWith("paragraph") ? 4 : field.limit && field.limit > 60 ? 3 : 2, "aria-label": label, class: "mq-field" });
      area.value = field.text;
      const count = el("span", { class: "mq-count", role: "status" });
      const shown = el("p", { class: "mq-marked", hidden: true });
      const list = el("div", { class: "mq-found" });
      const out = "alone" in field ? quiet("✕", () => this.take_out(field), { name: "out", "aria-label": `${t("edit.remove")}: ${label}`, title: t("edit.remove"), disabled: field.alone }) : null;
      area.addEventListener("input", () => this.changed(field.key, area.value));
      const node = el("div", { class: "mq-write-field", "data-field": field.key }, el("div", { class: "mq-write-label" }, el("span", {}, name), el("span", { class: "mq-write-tools" }, count, out)), area, shown, list);
      this.fields.set(field.key, { area, count, shown, list, node });
      return node;
    }

    changed(key, text) {
      if (slot_of(key) in this.lines) this.lines[slot_of(key)][Number(key.slice(key.lastIndexOf(".") + 1))] = text;
      else if (text === this.stored[key]) delete this.texts[key];
      else this.texts[key] = text;
      this.fields.get(key).node.setAttribute("aria-busy", "true");
      this.asking();
    }

    asking() {
      const { texts, lines } = this.outgoing();
      this.desk.keep.disabled = !Object.keys(texts).length && !Object.keys(lines).length;
      window.clearTimeout(this.typing);
      this.typing = window.setTimeout(() => this.check(), WAIT);
    }

    // What was changed: texts of an article, all lines of a slot of copy.
    outgoing() {
      const changed = Object.entries(this.lines).filter(([key, texts]) => JSON.stringify(texts) !== JSON.stringify(this.kept[key]));
      return { texts: this.texts, lines: Object.fromEntries(changed) };
    }

    async check() {
      const mine = (this.asked += 1);
      try {
        const sheet = await call(this.base, "POST", this.path("/check"), this.outgoing());
        // An answer to what has been typed over since is of no use.
        if (mine === this.asked) this.draw(sheet);
        this.desk.says.say("");
      } catch (error) {
        this.desk.says.say(error.message);
      }
    }

    draw(sheet) {
      const failing = sheet.fields.filter((field) => field.findings.some((finding) => finding.severity === "error")).length;
      this.desk.head.replaceChildren(...score_chips(sheet.score), failing ? chip("failed", `✕ ${t("write.failing", { n: failing })}`) : "");
      // How many lines a field has is said where they stand.
      const counted = (finding) => finding.rule === "line_count";
      this.whole.replaceChildren(...sheet.findings.filter((finding) => !counted(finding)).map((finding) => finding_row(finding)));
      for (const [key, { slot, found }] of this.slots) {
        const own = (finding) => counted(finding) && finding.field === slot.name && finding.values.count === this.lines[key].length;
        found.replaceChildren(...sheet.findings.filter(own).map((finding) => finding_row(finding)));
      }
      for (const field of sheet.fields) {
        const drawn = this.fields.get(field.key);
        if (!drawn || drawn.area.value !== field.text) continue;
        drawn.node.removeAttribute("aria-busy");
        const over = field.limit !== null && field.count > field.limit;
        drawn.count.textContent = [
          field.limit === null ? field.count : `${field.count} / ${field.limit}`, named("unit", field.counting),
          field.limit === null ? "" : t(field.hard ? "write.hard" : "write.asked"),
          field.recommended && field.recommended !== field.limit ? t("write.advised", { n: field.recommended }) : "",
          field.truncation && field.truncation !== field.limit ? t("write.shown", { n: field.truncation }) : "",
          over ? t("write.over", { n: field.count - field.limit }) : "",
        ].filter((part) => part !== "").join(" · ");
        drawn.count.classList.toggle("mq-error", over);
        const spans = field.findings.some((finding) => finding.span);
        drawn.shown.hidden = !spans;
        drawn.shown.replaceChildren(...(spans ? marked(field.text, field.findings) : []));
        drawn.list.replaceChildren(...field.findings.map((finding) => finding_row(finding, () => this.accept(field, finding))));
        drawn.area.setAttribute("aria-invalid", field.findings.some((f) => f.severity === "error") ? "true" : "false");
      }
    }

    async accept(field, finding) {
      try {
        const { text } = await call(this.base, "POST", this.path("/repair"), { text: field.text, finding });
        const { area } = this.fields.get(field.key);
        area.focus();
        area.select();
        // As if it were typed, so that the browser's own undo takes it back.
        if (!document.execCommand("insertText", false, text)) area.value = text;
        this.changed(field.key, text);
      } catch (error) {
        this.desk.says.say(error.message);
      }
    }

    async save() {
      this.desk.keep.disabled = true;
      try {
        const made = await call(this.base, "POST", this.path(), this.outgoing());
        this.desk.node.close();
        this.saved(made.id);
      } catch (error) {
        this.desk.keep.disabled = false;
        this.desk.says.say(error.message);
      }
    }
  }

  // The button that opens the view of an asset, null for one without words to edit. saved(id) is told the new version.
  function edit_button(base, asset, saved) {
    const media = asset.files[0].media_type;
    if (!EDITED.has(asset.kind) || !media.endsWith(`.${asset.kind}+json`)) return null;
    const views = { dialogue: window.Maquette.open_dialogue, lore: window.Maquette.open_lore };
    const open = () => (views[asset.kind] ? views[asset.kind](base, asset, saved) : new Write(base, asset, saved));
    return quiet(`✎ ${t("write.open")}`, open, { class: "mq-link mq-edit" });
  }

  Object.assign(window.Maquette, { finding_row, comparison, score_chips, desk, edit_button });
})();
