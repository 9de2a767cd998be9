// The mixes of a project: a script with speakers becomes one, and each is opened as a timeline.
(() => {
  "use strict";

  const { el, t, named, call, bar, notice, clear_faults, button, Watching, sound_field, refused, once, Timeline } = window.Maquette;
  const live = (row) => ["queued", "running"].includes(row.state);

  class Mixes extends Watching {
    constructor(root, options) {
      super(root, options);
      this.chosen = "";
      this.version = "";
      this.says = notice();
      this.list = el("div", { class: "mq-mix-list" });
      this.place = el("div", {});
      this.live = el("p", { class: "mq-hidden", role: "status" });
      this.formed = el("div", { class: "mq-panel" });
      root.replaceChildren(el("section", { class: "mq-library mq-sounds mq-mixes-page" }, this.says.node, this.formed,
        el("section", { class: "mq-part-list", "aria-label": t("sound.mixes") }, this.live, this.list, this.place)));
      this.form();
      this.start();
    }

    form() {
      const script = el("textarea", { name: "script", rows: 8, placeholder: t("mixes.script_hint") });
      const title = el("input", { type: "text", name: "title", maxlength: 120 });
      const music = el("select", { name: "music" }, el("option", { value: "" }, t("mixes.no_music")));
      once(this.base, "sound/options").then(({ styles }) => music.append(...styles.map((one) => el("option", { value: one.mood }, t(`mood.${one.mood}`))))).catch((error) => this.says.say(error.message));
      const seconds = el("input", { type: "number", name: "seconds", min: 0, max: 600, step: 1, value: 0 });
      const target = el("select", { name: "target" }, ["podcast", "streaming", "broadcast"].map((one) => el("option", { value: one }, t(`mixes.target.${one}`))));
      const language = el("select", { name: "language" }, ["en", "zh"].map((code) => el("option", { value: code, selected: t("locale").startsWith(code) }, named("language", code))));
      const form = el("form", { class: "mq-form", novalidate: true }, sound_field("script", t("mixes.script"), script), sound_field("title", t("field.title"), title),
        el("div", { class: "mq-two" }, sound_field("music", t("mixes.music"), music), sound_field("language", t("field.language"), language)),
        el("div", { class: "mq-two" }, sound_field("seconds", t("mixes.seconds"), seconds), sound_field("target", t("field.target"), target)),
        el("div", { class: "mq-form-row" }, el("button", { class: "mq-button mq-primary", type: "submit", id: "mq-mix-make" }, t("mixes.make"))));
      form.addEventListener("submit", async (event) => {
        event.preventDefault();
        clear_faults(form);
        this.says.say("");
        try {
          const wish = { script: script.value, title: title.value, music: music.value, language: language.value, seconds: Number(seconds.value), target: target.value };
          const made = await call(this.base, "POST", `projects/${this.project}/mixes`, wish);
          await call(this.base, "POST", `plans/${made.plan}/approve`);
          this.chosen = `${made.plan}/${made.step}`;
          this.version = "";
          await this.refresh();
        } catch (error) {
          refused(form, this.says, error);
        }
      });
      this.formed.replaceChildren(el("h3", {}, t("mixes.new")), el("p", { class: "mq-note" }, t("mixes.hint")), form);
    }

    async refresh() {
      const rows = await call(this.base, "GET", `projects/${this.project}/mixes`);
      if (this.stopped) return;
      const key = (row) => `${row.plan_id}/${row.step_id}`;
      if (!rows.some((row) => key(row) === this.chosen)) this.chosen = rows.length ? key(rows[0]) : "";
      const row = rows.find((one) => key(one) === this.chosen);
      this.busy = rows.some(live);
      const board = row && live(row) ? await call(this.base, "GET", `projects/${this.project}/board?plan=${row.plan_id}`) : null;
      const failed = board ? [] : await this.failures(row);
      if (this.changed("list", [rows.map((one) => [key(one), one.title]), this.chosen, row && [row.state, row.why, row.shortens], board && board.steps.map((step) => [step.job && step.job.state, step.job && step.job.progress]), failed])) this.draw(rows, row, key, board, failed);
      if (row && row.asset_id && !live(row) && this.changed("open", [this.chosen, row.asset_id, this.version])) await this.open(row);
      else if (!row || !row.asset_id) { this.place.replaceChildren(); this.changed("open", []); }
    }

    // A mix that was never made because something it takes failed says what.
    async failures(row) {
      if (!row || row.asset_id || !["failed", "cancelled", ""].includes(row.state)) return [];
      const board = await call(this.base, "GET", `projects/${this.project}/board?plan=${row.plan_id}`);
      return board.steps.filter((step) => step.job && step.job.state === "failed").map((step) => `${step.title}: ${step.job.error}`);
    }

    draw(rows, row, key, board, failed) {
      if (!rows.length) { this.list.replaceChildren(el("p", { class: "mq-note" }, t("mixes.none"))); return; }
      const pick = el("select", { name: "mix", "aria-label": t("mixes.all") }, rows.map((one) => el("option", { value: key(one), selected: one === row }, one.title)));
      pick.addEventListener("change", () => { this.chosen = pick.value; this.version = ""; this.refresh().catch((error) => this.says.say(error.message)); });
      const steps = board ? board.steps : [];
      const done = steps.reduce((sum, step) => sum + (step.job && live(step.job) ? step.job.progress : step.asset ? 1 : 0), 0);
      this.live.textContent = board ? t("mixes.making") : "";
      const make = row.state === "" ? button(t("mixes.approve"), () => this.act(`plans/${row.plan_id}/approve`), { class: "mq-button mq-primary" }) : null;
      const shorten = row.shortens ? button(t("mixes.shorten"), () => this.act(`plans/${row.plan_id}/steps/${row.step_id}/shorten`), { name: "shorten" }) : null;
      const whys = [...new Set([row.why, ...failed].filter(Boolean))];
      this.list.replaceChildren(el("div", { class: "mq-form-row mq-pickers" }, pick, make, shorten), board ? el("p", { class: "mq-note" }, t("mixes.making")) : "", board ? bar(Math.max(0.03, done / steps.length), t("mixes.making")) : "",
        ...whys.map((why) => el("p", { class: "mq-error", role: "alert", lang: "en" }, why)));
    }

    async open(row) {
      const found = await call(this.base, "GET", `plans/${row.plan_id}/steps/${row.step_id}/timeline?asset=${this.version}`);
      const asset = await call(this.base, "GET", `assets/${found.asset_id}`);
      const again = async (values, form) => {
        clear_faults(form);
        try {
          await call(this.base, "POST", `plans/${row.plan_id}/steps/${row.step_id}/redo`, { values });
          this.version = "";
          await this.refresh();
        } catch (error) { refused(form, this.says, error); }
      };
      const choose = (version) => { this.version = version; this.signatures.open = ""; this.refresh().catch((error) => this.says.say(error.message)); };
      this.place.replaceChildren(new Timeline(this.base, found, asset, again, choose).node);
    }

    async act(path) {
      try {
        await call(this.base, "POST", path);
        await this.refresh();
      } catch (error) { this.says.say(error.message); }
    }
  }

  window.Maquette.part("mixes", (root, options) => new Mixes(root, options));
})();
