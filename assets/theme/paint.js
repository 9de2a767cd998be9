// A picture changed by hand: a mask painted on it, borders by which it goes on, what is to be seen there, and how it is made.
(() => {
  "use strict";

  const { el, t, call, quiet, dialog, notice, fault_line, clear_faults, prompt_field, setting_fields, model_note } = window.Maquette;
  const SIDES = ["top", "left", "right", "bottom"];
  const BORDER_MAX = 1024;

  class Painter {
    // options: of the Pictures page (models, able). done(started): a take was started.
    constructor(base, project, asset, options, done) {
      Object.assign(this, { base, project, asset, options, done });
      this.says = notice();
      this.stage = el("div", { class: "mq-easel" }, el("p", { class: "mq-note" }, "…"));
      this.form = el("form", { class: "mq-form", novalidate: true });
      this.node = dialog(t("paint.title", { title: asset.title }), "mq-look mq-paint");
      this.node.append(el("header", { class: "mq-desk-head" }, el("h2", {}, t("paint.title", { title: asset.title })), quiet("✕", () => this.node.close(), { "aria-label": t("card.close"), class: "mq-link mq-x" })),
        this.says.node, el("div", { class: "mq-look-body mq-library" }, this.stage, el("aside", {}, this.form)));
      const picture = el("img", { alt: asset.title });
      picture.addEventListener("load", () => this.open(picture));
      picture.addEventListener("error", () => this.says.say(t("paint.unreadable")));
      picture.src = `${base}/${asset.files[0].url}`;
    }

    open(picture) {
      this.mask = new window.Maquette.Mask(picture, () => this.changed());
      const zoom = el("input", { type: "range", min: 1, max: 6, step: 0.25, value: 1, name: "zoom" });
      this.borders = el("div", { class: "mq-borders" }, this.mask.node);
      this.room = el("div", { class: "mq-room" }, this.borders);
      zoom.addEventListener("input", () => { this.zoom = Number(zoom.value); this.lay_out(); });
      this.zoom = 1;
      this.stage.replaceChildren(this.mask.tools, this.room, this.mask.status, el("label", { class: "mq-inline" }, t("paint.zoom"), zoom), el("p", { class: "mq-note", id: "mq-mask-help" }, t("mask.help")));
      this.draw_form();
      this.lay_out();
      this.changed();
    }

    // What is to be made

    get task() {
      if (this.what.value !== "paint") return this.what.value;
      return SIDES.some((side) => this.border(side) > 0) ? "outpaint" : "inpaint";
    }

    border(side) {
      return Math.min(BORDER_MAX, Math.max(0, Math.round(Number(this.sides[side].value) || 0)));
    }

    draw_form() {
      this.what = el("select", { name: "task" }, ["paint", "image", "edit"].map((one) => el("option", { value: one }, t(`paint.task.${one}`))));
      this.what.addEventListener("change", () => this.changed());
      this.about = el("textarea", { name: "about", rows: 3, maxlength: 2000, placeholder: t("paint.about_hint") });
      this.negative = el("input", { type: "text", name: "negative", maxlength: 1000 });
      this.seed = el("input", { type: "number", name: "seed", min: 0, max: 2 ** 31 - 1, step: 1, placeholder: t("option.automatic") });
      this.sides = Object.fromEntries(SIDES.map((side) => [side, el("input", { type: "number", name: `expand.${side}`, min: 0, max: BORDER_MAX, step: 8, value: 0 })]));
      for (const side of SIDES) this.sides[side].addEventListener("input", () => this.changed());
      this.settings = setting_fields(this.options.shortcuts);
      this.note = el("div", { role: "status" });
      const field = (name, label, input) => el("label", { "data-field": name }, label, input, fault_line());
      this.prompt = prompt_field("", () => call(this.base, "POST", `projects/${this.project}/pictures/prompt`, { values: { about: this.about.value } }));
      this.expand = el("fieldset", { class: "mq-slots", "data-field": "expand" }, el("legend", {}, t("paint.expand")), el("div", { class: "mq-two" }, SIDES.map((side) => el("label", {}, t(`paint.${side}`), this.sides[side]))), fault_line());
      this.negative_field = field("negative", t("field.negative"), this.negative);
      this.whole = fault_line();
      this.make = el("button", { class: "mq-button mq-primary", type: "submit", id: "mq-paint-make" }, t("paint.make"));
      this.form.replaceChildren(field("task", t("paint.what"), this.what), this.note, field("about", t("paint.about"), this.about), this.expand,
        el("details", {}, el("summary", {}, t("paint.more")), el("div", { class: "mq-form" }, this.prompt.node, this.negative_field, this.settings.node, field("seed", t("pictures.seed"), this.seed))),
        el("div", { "data-field": "mask" }, fault_line()), this.whole, el("div", { class: "mq-form-row" }, this.make));
      this.form.onsubmit = (event) => { event.preventDefault(); this.start(); };
    }

    changed() {
      if (!this.what) return;
      const paints = this.what.value === "paint";
      const { model, node } = model_note(this.base, this.options, this.task);
      this.expand.hidden = !paints;
      this.mask.tools.inert = !paints;
      this.note.replaceChildren(node);
      this.settings.show(model, this.task);
      this.negative_field.hidden = Boolean(model && !model.negative);
      this.make.disabled = !model;
      this.lay_out();
    }

    // The picture in its place among the new borders, as large as there is room for.
    lay_out() {
      const paints = this.what && this.what.value === "paint";
      const borders = Object.fromEntries(SIDES.map((side) => [side, paints ? this.border(side) : 0]));
      const { width, height } = this.mask;
      const whole = { width: width + borders.left + borders.right, height: height + borders.top + borders.bottom };
      const share = (part, of) => `${(100 * part) / of}%`;
      Object.assign(this.borders.style, { aspectRatio: `${whole.width} / ${whole.height}`, width: `min(${100 * this.zoom}%, calc(${62 * this.zoom}vh * ${whole.width / whole.height}))` });
      Object.assign(this.mask.node.style, { left: share(borders.left, whole.width), top: share(borders.top, whole.height), width: share(width, whole.width), height: share(height, whole.height) });
      this.mask.canvas.hidden = !paints;
      this.mask.ring.hidden = !paints;
    }

    values() {
      const values = { about: this.about.value.trim(), prompt: this.prompt.read().trim(), negative: this.negative_field.hidden ? "" : this.negative.value, ...this.settings.read() };
      if (this.seed.value !== "") values.seed = Number(this.seed.value);
      return values;
    }

    async start() {
      clear_faults(this.form);
      this.says.say("");
      const paints = this.what.value === "paint";
      const expand = paints ? Object.fromEntries(SIDES.map((side) => [side, this.border(side)])) : {};
      this.make.disabled = true;
      try {
        let mask = "";
        if (paints && this.mask.share > 0) mask = (await call(this.base, "POST", `assets/${this.asset.id}/mask`, await this.mask.blob())).asset;
        const started = await call(this.base, "POST", `assets/${this.asset.id}/paint`, { mask, expand, task: paints ? null : this.what.value, values: this.values() });
        this.node.close();
        this.done(started);
      } catch (error) {
        this.told(error);
      } finally {
        this.make.disabled = false;
      }
    }

    told(error) {
      const path = String((error.data && error.data.field) || "").replace(/^picture-\d+\./, "").replace(/^brief$/, "about").split(".")[0];
      const place = path && this.form.querySelector(`[data-field="${CSS.escape(path)}"]`);
      if (!place) { this.whole.textContent = error.message; return; }
      const closed = place.closest("details");
      if (closed) closed.open = true;
      place.querySelector(".mq-field-error").textContent = error.message;
      const input = place.querySelector("input, textarea, select");
      if (input) { input.setAttribute("aria-invalid", "true"); input.focus(); }
    }
  }

  Object.assign(window.Maquette, { paint_editor: (base, project, asset, options, done) => new Painter(base, project, asset, options, done) });
})();
