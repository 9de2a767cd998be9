// Lines to be spoken: a string table or a dialogue in, a row per line with its verdict, one line fixed alone, all of them as WAVs with a report.
(() => {
  "use strict";

  const { el, t, named, call, button, quiet, chip, bar, notice, clear_faults, hand_over, Watching, clock, wave, play_button, sound_field, refused, voices_of, verdict, longest, open_line } = window.Maquette;
  const MAKING = ["waiting", "running"];
  // Which rows a choice shows.
  const FILTERS = {
    all: () => true,
    failing: (row) => row.state === "failed" || row.state === "refused" || Boolean(row.hearing && row.hearing.state === "failed"),
    unheard: (row) => Boolean(row.hearing && row.hearing.state === "unheard"),
    changed: (row) => row.changed,
    making: (row) => MAKING.includes(row.state),
    newer: (row) => row.newer,
  };

  class Lines extends Watching {
    constructor(root, options) {
      super(root, options);
      this.table = "";
      this.filter = "all";
      this.open = null;
      this.drawn = new Map();
      this.says = notice();
      this.head = el("div", { class: "mq-lines-head" });
      this.list = el("div", { class: "mq-line-list" });
      this.live = el("p", { class: "mq-hidden", role: "status" });
      root.replaceChildren(el("section", { class: "mq-library mq-sounds mq-lines-page" }, this.says.node, el("div", { class: "mq-panel" }, el("h3", {}, t("lines.new")), this.form()),
        el("section", { class: "mq-part-list", "aria-label": t("sound.lines") }, this.live, this.head, this.list)));
      this.start();
    }

    // A table to be spoken

    form() {
      const csv = el("textarea", { name: "table", rows: 5, placeholder: "id,character,text\nl_1,Mira,Good evening.", spellcheck: "false", class: "mq-code" });
      const file = el("input", { type: "file", accept: ".csv,text/csv", class: "mq-hidden", "aria-label": t("lines.file") });
      const title = el("input", { type: "text", name: "title", maxlength: 120 });
      file.addEventListener("change", async () => {
        const [given] = file.files;
        file.value = "";
        if (!given) return;
        csv.value = await given.text();
        title.value = title.value || given.name.replace(/\.csv$/i, "");
      });
      this.dialogue = el("select", { name: "asset" }, el("option", { value: "" }, t("lines.this_table")));
      const language = el("select", { name: "language" }, ["en", "zh"].map((code) => el("option", { value: code, selected: t("locale").startsWith(code) }, named("language", code))));
      const choices = el("input", { type: "checkbox", name: "choices" });
      const bad = el("ul", { class: "mq-bad-rows" });
      const form = el("form", { class: "mq-form", novalidate: true }, el("p", { class: "mq-note" }, t("lines.hint")), sound_field("table", t("lines.table"), csv), el("label", { class: "mq-file" }, file, el("span", {}, t("lines.file"))),
        sound_field("asset", t("lines.dialogue"), this.dialogue), el("div", { class: "mq-two" }, sound_field("title", t("field.title"), title), sound_field("language", t("field.language"), language)),
        el("label", { class: "mq-check" }, choices, t("lines.choices")), el("div", { class: "mq-form-row" }, el("button", { class: "mq-button mq-primary", type: "submit", id: "mq-lines-speak" }, t("lines.speak"))), bad);
      form.addEventListener("submit", async (event) => {
        event.preventDefault();
        clear_faults(form);
        this.says.say("");
        bad.replaceChildren();
        try {
          const body = this.dialogue.value ? { asset: this.dialogue.value, choices: choices.checked } : { csv: csv.value, language: language.value, title: title.value.trim() || t("lines.untitled"), choices: choices.checked };
          const begun = await call(this.base, "POST", `projects/${this.project}/lines`, body);
          bad.replaceChildren(...begun.refused.map((row) => el("li", { lang: "en" }, t("lines.bad_row", { row: row.row, id: row.id, why: row.why }))));
          this.says.say(t("lines.begun", { n: begun.lines, bad: begun.refused.length }), true);
          this.table = begun.brief_id;
          await this.refresh();
        } catch (error) {
          refused(form, this.says, { message: error.message, data: { field: (error.data && error.data.field) === "csv" ? "table" : error.data && error.data.field } });
        }
      });
      return form;
    }

    async refresh() {
      if (!this.voices) {
        this.voices = await voices_of(this.base);
        const { assets } = await call(this.base, "GET", `projects/${this.project}/assets?kind=dialogue&newest=true&limit=50`);
        this.dialogue.append(...assets.map((one) => el("option", { value: one.id }, one.title)));
      }
      const tables = await call(this.base, "GET", `projects/${this.project}/lines`);
      if (!tables.some((one) => one.brief_id === this.table)) this.table = tables.length ? tables[0].brief_id : "";
      const rows = this.table ? await call(this.base, "GET", `lines/${this.table}`) : [];
      if (this.stopped) return;
      this.rows = rows;
      this.busy = rows.some((row) => MAKING.includes(row.state));
      this.draw_head(tables, rows);
      this.draw_rows(rows);
    }

    draw_head(tables, rows) {
      const counts = Object.fromEntries(Object.entries(FILTERS).map(([name, shows]) => [name, rows.filter(shows).length]));
      if (!this.changed("head", [tables, this.table, counts, this.filter, rows.length])) return;
      const done = rows.length - counts.making;
      this.live.textContent = this.busy ? t("lines.progress", { done, n: rows.length }) : "";
      if (!tables.length) { this.head.replaceChildren(el("p", { class: "mq-note" }, t("lines.none"))); return; }
      const pick = el("select", { name: "lines-table", "aria-label": t("lines.tables") }, tables.map((one) => el("option", { value: one.brief_id, selected: one.brief_id === this.table }, `${one.title} (${one.lines})`)));
      pick.addEventListener("change", () => { this.table = pick.value; this.open = null; this.drawn.clear(); this.list.replaceChildren(); this.refresh().catch((error) => this.says.say(error.message)); });
      const filter = el("select", { name: "filter", "aria-label": t("lines.filter") }, Object.keys(FILTERS).filter((name) => name === "all" || counts[name] || name === this.filter)
        .map((name) => el("option", { value: name, selected: name === this.filter }, `${t(`lines.filter.${name}`)} (${counts[name]})`)));
      filter.addEventListener("change", () => { this.filter = filter.value; this.draw_head(tables, rows); this.draw_rows(rows); });
      const take = (form) => button(form === "zip" ? t("lines.pack") : form.toUpperCase(), () => hand_over(`${this.base}/api/lines/${this.table}/report.${form}`, `lines.${form}`), { "aria-label": t("card.download", { name: `lines.${form}` }) });
      const recast = counts.changed ? button(t("lines.recast", { n: counts.changed }), () => this.act(() => call(this.base, "POST", `lines/${this.table}/recast`)), { name: "recast" }) : null;
      this.head.replaceChildren(el("div", { class: "mq-form-row mq-pickers" }, pick, filter), el("div", { class: "mq-form-row" }, take("zip"), take("csv"), take("json"), recast), this.busy ? bar(done / rows.length, t("lines.progress", { done, n: rows.length })) : "");
    }

    // Rows keep their element while they are the same: what plays or is being written stays.
    draw_rows(rows) {
      const shown = rows.filter((row) => FILTERS[this.filter](row) || row.line === this.open);
      const nodes = shown.map((row) => this.row(row));
      const wanted = new Set(nodes);
      for (const node of [...this.list.children]) if (!wanted.has(node)) node.remove();
      nodes.forEach((node, at) => { if (this.list.children[at] !== node) this.list.insertBefore(node, this.list.children[at] || null); });
    }

    row(row) {
      const signature = JSON.stringify(row);
      const known = this.drawn.get(row.line);
      if (known && known.signature === signature) return known.node;
      const node = known ? known.node : el("article", { class: "mq-spoken-line", "data-line": row.line, "aria-label": row.line });
      const face = this.face(row);
      if (known) known.face.replaceWith(face); else node.append(face);
      node.dataset.state = row.state;
      const next = { signature, node, face, panel: known ? known.panel : null };
      this.drawn.set(row.line, next);
      if (next.panel && row.asset_id) next.panel.show();
      if (known && known.state && MAKING.includes(known.state) && row.newer) this.toggle(row, true);
      next.state = row.state;
      return node;
    }

    face(row) {
      const making = MAKING.includes(row.state);
      const marks = [
        making ? chip("running", t(`lines.state.${row.state}`)) : null,
        row.state === "failed" || row.state === "refused" || row.state === "cancelled" ? chip("failed", t(`lines.state.${row.state}`)) : null,
        verdict(row.hearing), row.changed && !making ? chip("changed", t("lines.changed")) : null, row.newer ? chip("changed", t("lines.newer")) : null,
      ];
      const play = row.asset_id ? play_button(t("lines.play", { line: row.line }), () => `${this.base}/files/${row.asset_id}/0`, (error) => this.says.say(error.message)) : el("span", { class: "mq-no-play", "aria-hidden": "true" });
      const facts = [row.voice, row.seconds ? clock(row.seconds) : "", row.takes > 1 ? t("lines.version", { version: row.version, n: row.takes }) : ""].filter(Boolean).join(" · ");
      const edit = row.step_id ? quiet(`✎ ${t("lines.edit")}`, () => this.toggle(row), { "aria-label": `${t("lines.edit")}: ${row.line}`, "aria-expanded": this.open === row.line ? "true" : "false", name: "edit" }) : null;
      const again = row.step_id && !making ? quiet(`↻ ${t("lines.take")}`, () => this.act(() => this.fix(row, {})), { "aria-label": `${t("lines.take")}: ${row.line}`, name: "again" }) : null;
      return el("div", { class: "mq-line-face" }, play, row.asset_id ? wave(this.base, row.asset_id, 0, 160) : el("span", { class: "mq-wave" }),
        el("div", { class: "mq-line-words" }, el("p", { class: "mq-note" }, [row.line, row.character, facts].filter(Boolean).join(" · ")), row.text ? el("p", {}, row.text) : null,
          row.why ? el("p", { class: "mq-error", lang: "en" }, row.why) : null, longest(row.hearing)),
        el("div", { class: "mq-line-marks" }, marks, el("div", { class: "mq-form-row" }, edit, again)));
    }

    toggle(row, open = this.open !== row.line) {
      for (const [line, known] of this.drawn) {
        const mine = line === row.line && open;
        if (known.panel && !mine) { known.panel.node.remove(); known.panel = null; }
        if (mine && !known.panel) { known.panel = open_line(this, this.rows.find((one) => one.line === line), this.voices); known.node.append(known.panel.node); known.panel.text.focus(); }
        const button_ = known.node.querySelector('[name="edit"]');
        if (button_) button_.setAttribute("aria-expanded", String(mine));
      }
      this.open = open ? row.line : null;
    }

    // Speak one line again. Throws what is refused.
    async fix(row, values) {
      await call(this.base, "POST", `lines/${this.table}/${encodeURIComponent(row.line)}/takes`, values);
      this.says.say("");
      const known = this.drawn.get(row.line);
      if (known && known.panel) this.toggle(row, false);
      this.busy = true;
      await this.refresh();
    }

    // A take counts from now on: it is the approved one.
    async use(take) {
      await this.act(() => call(this.base, "POST", `assets/${take.asset_id}/review`, { verdict: "approve" }));
      const known = this.drawn.get(this.open);
      if (known && known.panel) await known.panel.show();
    }

    async act(does) {
      this.says.say("");
      try {
        await does();
        this.busy = true;
        await this.refresh();
      } catch (error) {
        this.says.say(error.message);
      }
    }
  }

  window.Maquette.part("lines", (root, options) => new Lines(root, options));
})();
