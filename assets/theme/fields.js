// Fields that more than one form needs: a line for what is wrong with a field, and a palette that can be read from a picture.
(() => {
  "use strict";

  const { el, t } = window.Maquette;
  const HEX = /^#[0-9a-f]{6}$/i;

  const fault_line = () => el("span", { class: "mq-field-error", role: "alert", lang: "en" });

  function clear_faults(form) {
    for (const line of form.querySelectorAll(".mq-field-error")) line.textContent = "";
    for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  }

  // Colours as text, shown as swatches; from_picture(file) gives those of a reference picture.
  function palette_field(name, colours, label, from_picture) {
    const input = el("input", { type: "text", name, value: colours.join(", "), placeholder: "#1d3557, #e63946", spellcheck: "false" });
    const swatches = el("span", { class: "mq-palette", "aria-hidden": "true" });
    const fault = fault_line();
    const read = () => input.value.split(/[,，、;；\s]+/).filter(Boolean);
    const show = () => swatches.replaceChildren(...read().filter((colour) => HEX.test(colour)).map((colour) => el("i", { style: `background:${colour}` })));
    input.addEventListener("input", show);
    show();
    const file = el("input", { type: "file", accept: "image/png,image/jpeg", class: "mq-hidden", "aria-label": t("palette.from_picture") });
    file.addEventListener("change", async () => {
      const [picture] = file.files;
      file.value = "";
      if (!picture) return;
      fault.textContent = "";
      try {
        input.value = (await from_picture(picture)).join(", ");
        show();
      } catch (error) {
        fault.textContent = error.message;
      }
    });
    const node = el("div", { class: "mq-palette-field", "data-field": name.split(".").pop() }, el("label", {}, label, input),
      el("div", { class: "mq-palette-row" }, swatches, el("label", { class: "mq-file" }, file, el("span", {}, t("palette.from_picture")))), fault);
    return { node, read, fault, input };
  }

  Object.assign(window.Maquette, { fault_line, clear_faults, palette_field });
})();
