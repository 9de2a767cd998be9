// Settings > Brand and Settings > Project: how a project speaks, looks and sounds; its name, language and whether it is open.
(() => {
  "use strict";

  const { el, t, named, finding_message, finding_advice, duration, call, button, quiet, notice } = window.Maquette;
  const COLOURS = 8;

  // Rows of a table that grows: draw(value) gives { node, read }; read() of the whole drops empty rows (null).
  function rows_of(name, label, hint, values, blank, draw, most) {
    const list = el("div", { class: "mq-rows" });
    const rows = [];
    const add = (value, focus) => {
      if (rows.length >= most) return;
      const drawn = draw(value);
      const node = el("div", { class: "mq-row" }, drawn.nodes, quiet("✕", () => { rows.splice(rows.indexOf(row), 1); node.remove(); }, { "aria-label": t("brand.remove_row") }));
      const row = { read: drawn.read };
      rows.push(row);
      list.append(node);
      if (focus) node.querySelector("input").focus();
    };
    values.forEach((value) => add(value, false));
    const node = el("fieldset", { class: "mq-fieldset", "data-field": name }, el("legend", {}, label), hint ? el("p", { class: "mq-note" }, hint) : null, list, quiet(`+ ${t("brand.add_row")}`, () => add(blank, true), { class: "mq-link mq-add-row" }), el("p", { class: "mq-field-error", role: "alert" }));
    return { node, read: () => rows.map((row) => row.read()).filter((value) => value !== null) };
  }

  class Brand {
    constructor(root, options) {
      this.base = options.base;
      this.project = options.project;
      this.says = notice();
      this.holder = el("div", {});
      root.replaceChildren(el("section", { class: "mq-brand-page" }, this.says.node, this.holder));
      this.load();
    }

    stop() {}

    async load() {
      try {
        const kit = await call(this.base, "GET", `projects/${this.project}/brand`);
        this.draw(kit);
        this.remark(kit.findings);
      } catch (error) {
        this.says.say(error.message);
      }
    }

    draw(kit) {
      const { brand, fonts, voices } = kit;
      this.fields = {};
      const text = (name, most, long) => {
        const input = el(long ? "textarea" : "input", { name, maxlength: most, rows: long ? 3 : null, type: long ? null : "text" });
        input.value = brand[name];
        this.fields[name] = () => input.value.trim();
        return el("label", { "data-field": name }, t(`brand.${name}`), input, el("span", { class: "mq-field-error", role: "alert" }));
      };
      const listing = (name) => {
        const input = el("textarea", { name, rows: 2, placeholder: t("brand.words_hint") });
        input.value = brand[name].join(", ");
        this.fields[name] = () => input.value.split(/[,，\n]/).map((word) => word.trim()).filter(Boolean);
        return el("label", { "data-field": name }, t(`brand.${name}`), input, el("span", { class: "mq-field-error", role: "alert" }));
      };
      const font = (name) => {
        const known = [...new Set(["", ...fonts, brand[name]])];
        const input = el("select", { name }, known.map((f) => el("option", { value: f, selected: f === brand[name] }, f || t("option.automatic"))));
        this.fields[name] = () => input.value;
        return el("label", { "data-field": name }, t(`brand.${name}`), input, el("span", { class: "mq-field-error", role: "alert" }));
      };
      const form = el("form", { class: "mq-form mq-brand-form", novalidate: true, onsubmit: (event) => { event.preventDefault(); this.save(); } },
        el("div", { class: "mq-panel" }, el("h3", {}, t("brand.speaks")), text("name", 80, false), text("voice", 400, true), listing("required_words"), listing("forbidden_words")),
        el("div", { class: "mq-panel" }, el("h3", {}, t("brand.looks")), this.palette(brand.palette), el("div", { class: "mq-two" }, font("heading_font"), font("body_font")), this.logo(brand.logo)),
        el("div", { class: "mq-panel" }, el("h3", {}, t("brand.terms")), this.pairs("glossary", brand.glossary), this.pairs("lexicon", brand.lexicon)),
        el("div", { class: "mq-panel" }, el("h3", {}, t("brand.sounds")), this.cast(brand.cast, voices)),
        el("div", { class: "mq-panel" }, el("h3", {}, t("brand.characters_title")), this.characters(brand.characters)),
        el("div", { class: "mq-form-row mq-sticky" },
          el("button", { class: "mq-button mq-primary", type: "submit", id: "mq-brand-save" }, t("brand.save")),
          el("a", { class: "mq-button", href: `${this.base}/api/projects/${this.project}/brand.toml`, download: "brand.toml" }, t("brand.export")),
          this.importer()));
      this.form = form;
      this.holder.replaceChildren(form);
    }

    palette(colours) {
      const draw = (value) => {
        const well = el("input", { type: "color", value: /^#[0-9a-fA-F]{6}$/.test(value) ? value : "#a8412a", "aria-label": t("brand.colour") });
        const code = el("input", { type: "text", maxlength: 7, value, class: "mq-code", "aria-label": t("brand.colour_code"), spellcheck: "false" });
        well.addEventListener("input", () => { code.value = well.value; });
        code.addEventListener("input", () => { if (/^#[0-9a-fA-F]{6}$/.test(code.value)) well.value = code.value; });
        return { nodes: [well, code], read: () => code.value.trim() || null };
      };
      const part = rows_of("palette", t("brand.palette"), t("brand.palette_hint"), colours, "#a8412a", draw, COLOURS);
      part.node.classList.add("mq-swatches");
      this.fields.palette = part.read;

      return part.node;
    }

    pairs(name, values) {
      const draw = ([key, value]) => {
        const left = el("input", { type: "text", maxlength: 120, value: key, "aria-label": t(`brand.${name}.key`), placeholder: t(`brand.${name}.key`) });
        const right = el("input", { type: "text", maxlength: 200, value, "aria-label": t(`brand.${name}.value`), placeholder: t(`brand.${name}.value`) });
        return { nodes: [left, right], read: () => (left.value.trim() ? [left.value.trim(), right.value.trim()] : null) };
      };
      const part = rows_of(name, t(`brand.${name}`), t(`brand.${name}_hint`), Object.entries(values), ["", ""], draw, 200);
      this.fields[name] = () => Object.fromEntries(part.read());
      return part.node;
    }

    cast(members, voices) {
      const draw = (member) => {
        const name = el("input", { type: "text", maxlength: 60, value: member.name, "aria-label": t("brand.cast.name"), placeholder: t("brand.cast.name") });
        const known = [...new Set([...voices, member.voice].filter(Boolean))];
        const voice = el("select", { "aria-label": t("brand.cast.voice") }, known.map((v) => el("option", { value: v, selected: v === member.voice }, v)));
        const speed = el("input", { type: "number", min: 0.5, max: 2, step: 0.05, value: member.speed, "aria-label": t("brand.cast.speed"), class: "mq-narrow" });
        const style = el("input", { type: "text", maxlength: 120, value: member.style || "", "aria-label": t("brand.cast.style"), placeholder: t("brand.cast.style") });
        const read = () => (name.value.trim() ? { name: name.value.trim(), voice: voice.value, speed: Number(speed.value), style: style.value.trim(), note: member.note } : null);
        return { nodes: [name, voice, speed, style], read };
      };
      const part = rows_of("cast", t("brand.cast"), t("brand.cast_hint"), members, { name: "", voice: voices[0] || "", speed: 1, style: "", note: "" }, draw, 40);
      this.fields.cast = part.read;

      return part.node;
    }

    characters(sheets) {
      const draw = (sheet) => {
        const name = el("input", { type: "text", maxlength: 60, value: sheet.name, "aria-label": t("brand.characters.name"), placeholder: t("brand.characters.name") });
        const look = el("input", { type: "text", maxlength: 400, value: sheet.look, "aria-label": t("brand.characters.look"), placeholder: t("brand.characters.look") });
        const face = window.Maquette.alike_face(this.base, sheet);
        return { nodes: [name, look, face.node], read: () => (name.value.trim() && look.value.trim() ? { name: name.value.trim(), look: look.value.trim(), picture: face.read() } : null) };
      };
      const part = rows_of("characters", t("brand.characters"), t("brand.characters_hint"), sheets, { name: "", look: "" }, draw, 40);
      this.fields.characters = part.read;
      return part.node;
    }

    logo(hash) {
      const show = (sha256) => (sha256 ? el("img", { src: `${this.base}/logos/${this.project}?v=${sha256.slice(0, 12)}`, alt: t("brand.logo") }) : el("span", { class: "mq-note" }, t("brand.no_logo")));
      const holder = el("div", { class: "mq-logo" }, show(hash));
      const file = el("input", { type: "file", accept: "image/png", "aria-label": t("brand.logo") });
      const fault = el("p", { class: "mq-field-error", role: "alert" });
      file.addEventListener("change", async () => {
        if (!file.files.length) return;
        fault.textContent = "";
        try {
          const done = await call(this.base, "POST", `projects/${this.project}/logo?name=${encodeURIComponent(file.files[0].name)}`, file.files[0]);
          holder.replaceChildren(show(done.logo));
        } catch (error) {
          fault.textContent = error.message;
        }
        file.value = "";
      });
      const remove = quiet(t("brand.remove_logo"), async () => {
        await call(this.base, "DELETE", `projects/${this.project}/logo`);
        holder.replaceChildren(show(""));
      });
      return el("fieldset", { class: "mq-fieldset", "data-field": "logo" }, el("legend", {}, t("brand.logo")), holder, el("div", { class: "mq-form-row" }, file, remove), fault);
    }

    importer() {
      const file = el("input", { type: "file", accept: ".toml", class: "mq-hidden", tabindex: "-1" });
      file.addEventListener("change", async () => {
        if (!file.files.length) return;
        try {
          await call(this.base, "PUT", `projects/${this.project}/brand.toml`, { text: await file.files[0].text() });
          await this.load();
          this.says.say(t("brand.imported"), true);
        } catch (error) {
          this.says.say(error.message);
        }
        file.value = "";
      });
      return el("span", {}, button(t("brand.import"), () => file.click()), file);
    }

    // What no text could obey: saved all the same, and said at its field.
    remark(findings) {
      for (const finding of findings) {
        const field = this.form.querySelector(`[data-field="${CSS.escape(finding.field)}"] .mq-field-error`);
        if (field) field.textContent = [field.textContent, finding_message(finding), finding_advice(finding)].filter(Boolean).join(" ");
      }
    }

    async save() {
      for (const fault of this.form.querySelectorAll(".mq-field-error")) fault.textContent = "";
      this.says.say("");
      const brand = Object.fromEntries(Object.entries(this.fields).map(([name, read]) => [name, read()]));
      try {
        const { findings } = await call(this.base, "PUT", `projects/${this.project}/brand`, brand);
        this.says.say(t("brand.saved"), true);
        this.remark(findings);
      } catch (error) {
        this.show_faults(error);
      }
    }

    show_faults(error) {
      const name = String(error.data.field || "").split(".")[0];
      const first = name ? this.form.querySelector(`[data-field="${CSS.escape(name)}"]`) : null;
      const place = first && first.querySelector(".mq-field-error");
      if (place) place.textContent = String(error.data.hint || error.message).replace(/^Value error, /, "");
      this.says.say(first ? t("brand.faults") : error.message);
      if (first) first.scrollIntoView({ block: "center" });
    }
  }

  class Project {
    constructor(root, options) {
      this.base = options.base;
      this.project = options.project;
      this.says = notice();
      this.holder = el("div", {});
      root.replaceChildren(el("section", {}, this.says.node, this.holder));
      this.load();
    }

    stop() {}

    async load() {
      try {
        const [project, all, budget] = await Promise.all([call(this.base, "GET", `projects/${this.project}`), call(this.base, "GET", "projects?archived=true"), call(this.base, "GET", "budget")]);
        this.draw(project, all.filter((one) => one.archived), budget);
      } catch (error) {
        this.says.say(error.message);
      }
    }

    async change(id, body, word) {
      try {
        await call(this.base, "PATCH", `projects/${id}`, body);
        this.says.say(t(word), true);
        window.setTimeout(() => window.location.reload(), 500);
      } catch (error) {
        this.says.say(error.message);
      }
    }

    // Minutes of making, for the whole studio: what is asked for beyond them is not started.
    budget(budget) {
      const minutes = (name) => {
        const input = el("input", { type: "number", name, min: 0, max: 144000, step: "any", value: budget[name] / 60 });
        return { node: el("label", { "data-field": name }, t(`budget.${name}`), input, el("span", { class: "mq-field-error", role: "alert" })), input };
      };
      const fields = [minutes("plan_seconds"), minutes("person_seconds")];
      const save = async (event) => {
        event.preventDefault();
        for (const fault of form.querySelectorAll(".mq-field-error")) fault.textContent = "";
        try {
          await call(this.base, "PUT", "budget", Object.fromEntries(fields.map(({ input }) => [input.name, Number(input.value) * 60])));
          this.says.say(t("budget.saved"), true);
        } catch (error) {
          const field = form.querySelector(`[data-field="${CSS.escape(String(error.data && error.data.field))}"] .mq-field-error`);
          if (field) field.textContent = error.message;
          else this.says.say(error.message);
        }
      };
      const form = el("form", { class: "mq-form mq-panel", id: "mq-budget", novalidate: true, onsubmit: save },
        el("h3", {}, t("budget.title")),
        el("p", { class: "mq-note" }, t("budget.text")),
        el("div", { class: "mq-two" }, fields.map((field) => field.node)),
        el("p", { class: "mq-note" }, t("budget.today", { time: duration(budget.today) })),
        el("div", { class: "mq-form-row" }, el("button", { class: "mq-button mq-primary", type: "submit" }, t("card.save"))));
      return form;
    }

    draw(project, archived, budget) {
      const name = el("input", { type: "text", name: "name", maxlength: 120, value: project.name });
      const language = el("select", { name: "language" }, [...new Set(["en", "zh", project.language])].map((code) => el("option", { value: code, selected: code === project.language }, named("language", code))));
      const commercial = el("input", { type: "checkbox", name: "commercial", checked: project.use.commercial });
      const regions = new Intl.DisplayNames([t("locale")], { type: "region" });
      const region = el("select", { name: "region" }, [...new Set(["", "CN", "EU", "GB", "JP", "KR", "US", project.use.region])].map((code) => el("option", { value: code, selected: code === project.use.region }, code ? regions.of(code) : t("project.region_none"))));
      const explicit = el("input", { type: "checkbox", name: "explicit_label", checked: project.explicit_label });
      const level = window.Maquette.level_field(project.moderation);
      const watermark = el("input", { type: "checkbox", name: "watermark", checked: project.watermark });
      const leaving = () => ({ moderation: level.select.value, explicit_label: explicit.checked, watermark: watermark.checked });
      const values = () => ({ name: name.value, language: language.value, use: { commercial: commercial.checked, region: region.value }, ...leaving() });
      const form = el("form", { class: "mq-form mq-panel", onsubmit: (event) => { event.preventDefault(); this.change(this.project, values(), "project.saved"); } },
        el("h3", {}, t("project.title")),
        el("label", {}, t("project.name"), name),
        el("label", {}, t("project.language"), language),
        el("label", {}, t("project.region"), region),
        el("label", { class: "mq-explicit" }, commercial, el("span", {}, t("project.commercial"))),
        el("p", { class: "mq-note" }, t("project.use_text")),
        el("label", { class: "mq-explicit" }, explicit, el("span", {}, t("project.explicit"))),
        el("label", { class: "mq-explicit" }, watermark, el("span", {}, t("project.watermark"))),
        ...level.node,
        el("p", { class: "mq-note" }, t("project.since", { date: new Date(project.created).toLocaleDateString(t("locale")) })),
        el("div", { class: "mq-form-row" }, el("button", { class: "mq-button mq-primary", type: "submit" }, t("card.save")), button(t("project.archive"), () => this.change(this.project, { archived: true }, "project.archived"))),
        el("p", { class: "mq-note" }, t("project.archive_text")));
      const closed = archived.length ? el("section", { class: "mq-panel" }, el("h3", {}, t("project.archived_title")), el("div", { class: "mq-rows" }, archived.map((one) => el("div", { class: "mq-row" }, el("span", { class: "mq-grow" }, one.name), button(t("project.restore"), () => this.change(one.id, { archived: false }, "project.restored")))))) : null;
      this.holder.replaceChildren(...[form, this.budget(budget), closed].filter(Boolean));
    }
  }

  window.Maquette.part("brand", (root, options) => new Brand(root, options));
  window.Maquette.part("project", (root, options) => new Project(root, options));
})();
