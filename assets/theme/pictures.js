// The Pictures page: pictures from words without a chat, tables of prompts, and every picture of a plan to look at closely.
// What a picture says of itself, before and after, tiles and grids stand in look.js.
(() => {
  "use strict";

  const { el, t, call, button, bar, notice, preset_field, prompt_field, palette_field, setting_fields, finish_fields, maker_name, model_note, start_field, choose_picture, drop_zone, fault_line, clear_faults } = window.Maquette;
  const live = (job) => Boolean(job) && ["queued", "running"].includes(job.state);
  const field = (name, label, input) => el("label", { "data-field": name }, label, input, fault_line());
  const number = (name, value, least, most) => el("input", { type: "number", name, value, min: least, max: most, step: 1 });

  class Pictures {
    constructor(root, options) {
      this.base = options.base;
      this.project = options.project;
      this.plan = "";
      this.chosen = new Set();
      this.stopped = false;
      this.says = notice();
      this.form = el("form", { class: "mq-form mq-panel", novalidate: true });
      this.head = el("div", { class: "mq-form-row" });
      this.wall = el("div", { class: "mq-gallery mq-wall" });
      const right = el("section", { "aria-label": t("pictures.wall") }, this.says.node, this.head, this.wall);
      root.replaceChildren(el("section", { class: "mq-library mq-pictures" }, el("div", {}, this.form, this.tools()), right));
      this.open();
    }

    stop() {
      this.stopped = true;
    }

    async open() {
      try {
        this.options = await call(this.base, "GET", `projects/${this.project}/pictures/options?language=${t("locale")}`);
        this.draw_form();
        if (this.waiting) this.paint(this.waiting);
      } catch (error) {
        this.says.say(error.message);
      }
      this.tick();
    }

    async tick() {
      if (this.stopped) return;
      try {
        await this.refresh();
      } catch (error) {
        this.says.say(error.status ? error.message : t("error.offline"));
      }
      if (!this.stopped) window.setTimeout(() => this.tick(), this.busy ? 1000 : 4000);
    }

    // The form

    draw_form() {
      const drawn = this.options.maker === "illustrator";
      const about = el("textarea", { name: "about", rows: 3, maxlength: 2000, placeholder: t("pictures.about_hint") });
      const width = number("width", 1024, 64, 4096);
      const height = number("height", 1024, 64, 4096);
      const size = el("select", { name: "size" }, this.options.sizes.map((one) => el("option", { value: `${one.width}x${one.height}` }, `${one.name} · ${one.width} × ${one.height}`)));
      size.addEventListener("change", () => { [width.value, height.value] = size.value.split("x"); });
      const preset = preset_field(this.base, "");
      const seed = number("seed", "", 0, 2 ** 31 - 1);
      seed.placeholder = t("option.automatic");
      const count = number("count", 1, 1, 60);
      const palette = palette_field("palette", [], t("field.palette"), async (file) => (await call(this.base, "POST", `projects/${this.project}/palette?name=${encodeURIComponent(file.name)}`, file)).palette);
      const negative = el("input", { type: "text", name: "negative", maxlength: 1000 });
      const read = () => {
        const values = { about: about.value, width: Number(width.value), height: Number(height.value), preset: preset.read(), palette: palette.read(), negative: negative.value };
        if (seed.value !== "") values.seed = Number(seed.value);
        if (this.start.read()) Object.assign(values, { task: task.value, attached: [{ role: "reference", asset: this.start.read() }] });
        return { ...values, ...settings.read() };
      };
      // From words alone, or from a picture: what can then be set is the data of the model's family.
      const settings = setting_fields(this.options.shortcuts);
      const task = el("select", { name: "task" }, ["image", "edit"].map((one) => el("option", { value: one }, t(`paint.task.${one}`))));
      const task_field = field("task", t("paint.what"), task);
      const by = el("div", {});
      const follow = () => {
        const wanted = this.start.read() ? task.value : "text";
        task_field.hidden = wanted === "text";
        const { model, node } = wanted === "text" ? { model: drawn ? null : this.options.models.find((one) => one.id === this.options.able.text), node: null } : model_note(this.base, this.options, wanted);
        by.replaceChildren(...(node ? [node] : []));
        settings.show(model, wanted);
      };
      task.addEventListener("change", follow);
      this.start = start_field(this.base, this.project, (asset) => {
        if (asset) size_of(asset);
        follow();
      });
      // A picture made from another one is as large as it, on the grid that models make.
      const size_of = (asset) => {
        const picture = new Image();
        picture.onload = () => { [width.value, height.value] = [picture.naturalWidth, picture.naturalHeight].map((side) => Math.max(64, Math.min(2048, side - (side % 8)))); };
        picture.src = `${this.base}/${asset.files[0].url}`;
      };
      follow();
      const finish = finish_fields(this.base, this.options.finishes);
      const prompt = prompt_field("", () => call(this.base, "POST", `projects/${this.project}/pictures/prompt`, { values: read() }));
      const whole = fault_line();
      // What only a diffusion model reads is not offered where the illustrator draws.
      this.form.replaceChildren(el("h3", {}, t("pictures.new")), el("p", { class: "mq-note" }, t("pictures.maker", { maker: maker_name(this.options.maker, this.options.models) })),
        field("about", t("field.about"), about), this.start.node, task_field, by, preset.node, ...(drawn ? [] : [prompt.node, field("negative", t("field.negative"), negative)]),
        field("size", t("pictures.size"), size), el("div", { class: "mq-two" }, field("width", t("field.width"), width), field("height", t("field.height"), height)),
        palette.node, el("div", { class: "mq-two" }, field("seed", t("pictures.seed"), seed), field("count", t("pictures.count"), count)), settings.node, finish.node, whole,
        el("div", { class: "mq-form-row" }, el("button", { class: "mq-button mq-primary", type: "submit", id: "mq-pictures-make" }, t("pictures.make"))));
      this.form.onsubmit = async (event) => {
        event.preventDefault();
        clear_faults(this.form);
        const values = { ...read(), prompt: prompt.read() };
        try {
          const made = await call(this.base, "POST", `projects/${this.project}/pictures`, { values, count: Number(count.value), finish: finish.read() });
          this.plan = made.plan;
          await call(this.base, "POST", `plans/${made.plan}/approve`);
          await this.refresh();
        } catch (error) {
          this.told(error, whole);
        }
      };
    }

    told(error, whole) {
      const path = String((error.data && error.data.field) || "");
      const name = path.startsWith("attached") ? "reference" : path.split(".").pop().replace("brief", "about");
      const place = name && this.form.querySelector(`[data-field="${CSS.escape(name)}"]`);
      (place ? place.querySelector(".mq-field-error") : whole).textContent = error.message;
      const input = place && place.querySelector("input, textarea, select");
      if (input) { input.setAttribute("aria-invalid", "true"); input.focus(); }
    }

    // A table of prompts, and what a file says of itself

    tools() {
      const bad = el("ul", { class: "mq-bad-rows" });
      const table = el("input", { type: "file", accept: ".csv,.tsv,text/csv", class: "mq-hidden", "aria-label": t("pictures.table") });
      table.addEventListener("change", async () => {
        const [file] = table.files;
        table.value = "";
        if (!file) return;
        this.says.say("");
        bad.replaceChildren();
        try {
          const read = await call(this.base, "POST", `projects/${this.project}/pictures/table?name=${encodeURIComponent(file.name)}`, file);
          this.plan = read.plans[0];
          bad.replaceChildren(...read.bad.map((row) => el("li", {}, t("pictures.bad_row", { row: row.row, message: row.message }))));
          this.says.say(t("pictures.table_read", { n: read.steps, bad: read.bad.length }), true);
          await this.refresh();
        } catch (error) {
          this.says.say(error.message);
        }
      });
      const looked = el("div", {});
      const picture = el("input", { type: "file", accept: "image/png,image/jpeg,image/webp", class: "mq-hidden", "aria-label": t("pictures.inspect") });
      picture.addEventListener("change", async () => {
        const [file] = picture.files;
        picture.value = "";
        if (!file) return;
        try {
          looked.replaceChildren(window.Maquette.metadata_panel(await call(this.base, "POST", `metadata?name=${encodeURIComponent(file.name)}`, file)));
        } catch (error) {
          looked.replaceChildren(el("p", { class: "mq-error", role: "alert" }, error.message));
        }
      });
      const file = (input, label) => el("label", { class: "mq-file" }, input, el("span", {}, label));
      // A picture of the library or a file, to be painted on or extended.
      const paint = (asset) => this.paint(asset);
      const own = drop_zone(el("div", { class: "mq-panel" }, el("h3", {}, t("paint.open_title")), el("p", { class: "mq-note" }, t("paint.open_text")), button(t("paint.open"), () => choose_picture(this.base, this.project, paint), { id: "mq-pictures-open" })),
        this.base, this.project, paint, (error) => this.says.say(error.message));
      return el("div", {}, own, el("div", { class: "mq-panel" }, el("h3", {}, t("pictures.files")), el("p", { class: "mq-note" }, t("pictures.table_hint")), file(table, t("pictures.table")), bad,
        el("p", { class: "mq-note" }, t("pictures.inspect_hint")), file(picture, t("pictures.inspect")), looked));
    }

    paint(asset) {
      // What can be painted with is not known yet: the picture waits for it.
      if (!this.options) this.waiting = asset;
      else window.Maquette.paint_editor(this.base, this.project, asset, this.options, (started) => this.started(started));
    }

    async started({ plan, resized, width, height }) {
      this.plan = plan;
      this.says.say(resized ? t("paint.resized", { width, height }) : t("paint.started"), true);
      await this.refresh().catch((error) => this.says.say(error.message));
      this.says.node.scrollIntoView({ block: "nearest" });
    }

    // The wall

    async refresh() {
      const board = await call(this.base, "GET", `projects/${this.project}/board?plan=${encodeURIComponent(this.plan)}`);
      if (this.stopped) return;
      const pictures = board.steps.filter((step) => ["picture", "upscale", "cutout"].includes(step.kind));
      this.busy = pictures.some((step) => live(step.job));
      const signature = JSON.stringify([board.plan && [board.plan.id, board.plan.approved, board.plan.notes], board.plans, pictures.map((step) => [step.id, step.title, step.job, step.asset && step.asset.id])]);
      if (signature === this.drawn) return;
      this.drawn = signature;
      this.pictures = pictures;
      this.current = board.plan;
      this.draw_head(board);
      this.wall.replaceChildren(...(pictures.length ? pictures.map((step) => this.tile(step)) : [el("p", { class: "mq-note" }, t("pictures.none"))]));
    }

    draw_head(board) {
      const nodes = [];
      if (board.plans.length > 1) {
        const pick = el("select", { "aria-label": t("board.earlier"), name: "plan" }, board.plans.map((plan) => el("option", { value: plan.id, selected: plan.id === board.plan.id }, plan.title)));
        pick.addEventListener("change", () => { this.plan = pick.value; this.refresh().catch((error) => this.says.say(error.message)); });
        nodes.push(pick);
      }
      const left = this.pictures.filter((step) => !step.asset && !live(step.job)).length;
      if (left && !this.busy) nodes.push(button(t("pictures.make_planned", { n: left }), () => this.act(`plans/${board.plan.id}/approve`), { class: "mq-button mq-primary", id: "mq-pictures-approve" }));
      if (this.busy) nodes.push(button(t("board.stop"), () => this.act(`plans/${board.plan.id}/cancel`)));
      this.sheet = button(t("pictures.sheet"), () => this.make_sheet(), { disabled: !this.chosen.size, id: "mq-pictures-sheet" });
      if (this.pictures.some((step) => step.asset)) nodes.push(this.sheet);
      this.head.replaceChildren(...nodes);
    }

    async act(path, body) {
      this.says.say("");
      try {
        const answer = await call(this.base, "POST", path, body);
        await this.refresh();
        return answer;
      } catch (error) {
        this.says.say(error.message);
        return null;
      }
    }

    tile(step) {
      const asset = step.asset;
      const rows = [el("span", { class: "mq-titles" }, el("b", {}, step.title))];
      if (live(step.job)) rows.push(bar(Math.max(0.04, step.job.progress), step.title));
      else if (step.job && step.job.state === "failed") rows.push(el("p", { class: "mq-error" }, step.job.error));
      else if (!asset) rows.push(el("p", { class: "mq-note" }, t("state.planned")));
      const face = asset ? el("button", { class: "mq-media", type: "button", "aria-label": t("pictures.look", { title: step.title }), "data-mq-asset": asset.id, onclick: () => this.look(step) },
        el("img", { src: `${this.base}/${asset.files[0].url}`, alt: step.title, loading: "lazy" })) : el("div", { class: "mq-face" });
      const check = asset ? el("input", { type: "checkbox", checked: this.chosen.has(asset.id), "aria-label": t("pictures.choose", { title: step.title }) }) : null;
      if (check) check.addEventListener("change", () => {
        if (check.checked) this.chosen.add(asset.id); else this.chosen.delete(asset.id);
        this.sheet.disabled = !this.chosen.size;
      });
      return el("article", { class: "mq-tile", "data-step": step.id }, face, el("div", { class: "mq-tile-row" }, check, el("div", {}, rows)));
    }

    async make_sheet() {
      const assets = this.pictures.filter((step) => step.asset && this.chosen.has(step.asset.id)).map((step) => step.asset.id);
      const made = await this.act("pictures/sheet", { assets });
      if (!made) return;
      const sheet = await call(this.base, "GET", `assets/${made.asset}`);
      this.says.say(t("pictures.sheet_made", { title: sheet.title }), true);
      this.says.node.append(" ", window.Maquette.downloads(this.base, sheet));
    }

    look(step) {
      const start = (asset) => { this.start.set(asset); this.start.node.scrollIntoView({ block: "center" }); };
      window.Maquette.look_closely(this.base, { plan: this.current.id, step, others: this.pictures.filter((one) => one.asset && one.id !== step.id), options: this.options, project: this.project, changed: () => this.refresh(), started: (take) => this.started(take), start });
    }
  }

  window.Maquette.part("pictures", (root, options) => new Pictures(root, options));
})();
