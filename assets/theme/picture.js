// Fields of a picture step that need more than an input: the style preset, and the prompt that can be written and then edited.
(() => {
  "use strict";

  const { el, t, shown, call, button, fault_line } = window.Maquette;
  let known = null; // asked once for all forms of the page

  function presets(base) {
    const language = t("locale");
    known = known || call(base, "GET", `presets?language=${encodeURIComponent(language)}`).catch((error) => { known = null; throw error; });
    return known;
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
        said.textContent = [made.read ? t("prompt.for", { model: made.maker }) : t("prompt.unread"), ...made.notes.map(shown)].join(" ");
        input.focus();
      } catch (error) {
        fault.textContent = error.message;
      } finally {
        ask.disabled = false;
      }
    });
    return { node: el("div", { class: "mq-prompt", "data-field": "prompt" }, el("label", {}, t("field.prompt"), input), el("div", { class: "mq-form-row" }, ask), said, fault), read: () => input.value };
  }

  Object.assign(window.Maquette, { preset_field, prompt_field });
})();
