// Fields of a picture step that need more than an input: the style preset, the prompt that can be written and then edited, and what the
// family of its model lets one set.
(() => {
  "use strict";

  const { el, t, named, shown, call, button, fault_line } = window.Maquette;
  let known = null; // asked once for all forms of the page

  function presets(base) {
    const language = t("locale");
    known = known || call(base, "GET", `presets?language=${encodeURIComponent(language)}`).catch((error) => { known = null; throw error; });
    return known;
  }

  // Who makes pictures, as a reader says it: a model by its name, the others in the language of the page. models: of the Pictures page.
  function maker_name(maker, models = []) {
    const [kind, id] = maker.split("/");
    const model = models.find((one) => one.id === id);
    return model ? model.name : id || named("maker", kind);
  }

  // A choice by group; what only a diffusion model can make is marked.
  function preset_field(base, value) {
    const input = el("select", { name: "preset" }, el("option", { value: "" }, t("preset.none")), value ? el("option", { value, selected: true }, value) : null);
    const fault = fault_line();
    const fill = (list) => {
      const groups = new Map();
      for (const one of list) groups.set(one.group, [...(groups.get(one.group) || []), one]);
      const chosen = input.value;
      input.replaceChildren(el("option", { value: "" }, t("preset.none")), ...[...groups].map(([group, all]) =>
        el("optgroup", { label: group }, all.map((one) => el("option", { value: one.id, title: one.prompt }, one.drawn ? one.name : `${one.name} *`)))));
      if (chosen && !list.some((one) => one.id === chosen)) input.append(el("option", { value: chosen }, chosen));
      input.value = chosen;
    };
    presets(base).then(fill).catch((error) => { fault.textContent = error.message; });
    return { node: el("label", { "data-field": "preset" }, t("field.preset"), input, el("span", { class: "mq-note" }, t("preset.hint")), fault), read: () => input.value };
  }

  // write(): the prompt as it would be written from the form as it stands.
  function prompt_field(value, write) {
    const input = el("textarea", { name: "prompt", rows: 4, placeholder: t("prompt.hint") });
    input.value = value;
    const fault = fault_line();
    const said = el("span", { class: "mq-note", role: "status" });
    const ask = button(t("prompt.write"), async () => {
      fault.textContent = said.textContent = "";
      ask.disabled = true;
      try {
        const made = await write();
        input.value = made.prompt;
        said.textContent = [made.read ? t("prompt.for", { model: maker_name(made.maker) }) : t("prompt.unread"), ...made.notes.map(shown)].join(" ");
        input.focus();
      } catch (error) {
        fault.textContent = error.message;
      } finally {
        ask.disabled = false;
      }
    });
    return { node: el("div", { class: "mq-prompt", "data-field": "prompt" }, el("label", {}, t("field.prompt"), input), el("div", { class: "mq-form-row" }, ask), said, fault), read: () => input.value };
  }

  // What a model lets one set, as its family's data say. show(model, task) draws it anew; what was set and still fits stays.
  // measured: what each shortcut was measured to change, by its name.
  function setting_fields(measured) {
    const set = {};
    const taken = new Set(); // shortcuts
    const body = el("div", { class: "mq-two" });
    const number = (name, hint, most, step) => {
      const input = el("input", { type: "number", name, min: 0, max: most, step, value: set[name] ?? "", placeholder: hint });
      input.addEventListener("input", () => { set[name] = input.value; });
      return el("label", { "data-field": name }, t(`field.${name}`), input, fault_line());
    };
    const own = (value) => (value > 0 ? t("setting.own", { n: value }) : t("option.automatic"));
    const sampler = (names) => {
      const input = el("select", { name: "scheduler", translate: "no" }, el("option", { value: "" }, t("option.automatic")), names.map((one) => el("option", { value: one, selected: one === set.scheduler }, one)));
      input.addEventListener("change", () => { set.scheduler = input.value; });
      return el("label", { "data-field": "scheduler" }, t("field.scheduler"), input, fault_line());
    };
    const box = (name, checked, changed) => {
      const input = el("input", { type: "checkbox", name, checked });
      input.addEventListener("change", () => changed(input.checked));
      return input;
    };
    const tiles = () => el("div", { class: "mq-whole", "data-field": "seamless" },
      el("label", { class: "mq-check" }, box("seamless", Boolean(set.seamless), (on) => { set.seamless = on; }), t("field.seamless")), fault_line());
    const faster = (names) => el("fieldset", { class: "mq-whole mq-shortcuts", "data-field": "shortcuts" }, el("legend", {}, t("field.shortcuts")), el("p", { class: "mq-note" }, t("shortcut.note")),
      names.map((name) => {
        const known = measured[name] || {};
        const says = known.faster ? t("shortcut.measured", { faster: known.faster.toFixed(2), psnr: known.psnr.toFixed(1), where: known.where }) : t("shortcut.unmeasured");
        const input = box(name, taken.has(name), (on) => { if (on) taken.add(name); else taken.delete(name); });
        return el("label", { class: "mq-check" }, input, el("span", {}, t(`shortcut.${name}`), el("span", { class: "mq-note" }, says)));
      }), fault_line());
    let shown = null;
    const show = (model, task) => {
      shown = model ? { model, task } : null;
      body.replaceChildren(...(model ? [
        task !== "text" && task !== "edit" ? number("strength", own(model.strengths[task]), 1, 0.05) : null, number("steps", own(model.steps), 150, 1),
        number("guidance", own(model.guidance), 30, 0.1), model.samplers.length ? sampler(model.samplers) : null,
        model.seamless.includes(task) ? tiles() : null, (model.shortcuts[task] || []).length ? faster(model.shortcuts[task]) : null,
      ].filter(Boolean) : []));
    };
    const read = () => {
      if (!shown) return {};
      const names = [...body.querySelectorAll("[data-field]")].map((node) => node.dataset.field);
      const kinds = { scheduler: (value) => value, seamless: Boolean };
      const filled = names.filter((name) => set[name] !== undefined && set[name] !== "");
      const values = Object.fromEntries(filled.map((name) => [name, (kinds[name] || Number)(set[name])]));
      const faster = (shown.model.shortcuts[shown.task] || []).filter((name) => taken.has(name));
      return names.includes("shortcuts") && faster.length ? { ...values, shortcuts: faster } : values;
    };
    return { node: body, read, show };
  }

  // Which model would make a task now, or which ones would if they were here, with the way there. options: of the Pictures page.
  function model_note(base, options, task) {
    const model = options.models.find((one) => one.id === options.able[task]);
    if (model) return { model, node: el("p", { class: "mq-note" }, t("paint.by", { model: model.name, family: model.family })) };
    const would = options.models.filter((one) => one.tasks.includes(task)).map((one) => one.name);
    const settings = `${base}${t("locale").startsWith("zh") ? "/zh" : ""}/settings`;
    return { model: null, node: el("p", { class: "mq-error" }, t("paint.none", { task: t(`paint.task.${task}`), models: would.join(t("list.comma")) }), " ", el("a", { href: settings }, t("paint.models"))) };
  }

  Object.assign(window.Maquette, { preset_field, prompt_field, setting_fields, model_note, maker_name });
})();
