// What a drawn picture can be taken out as: SVG, PNG and WebP of a chosen size, a cut-out, layers apart, the credits.
// Each is made by the studio when it is asked for, and carries its credits and its label.
(() => {
  "use strict";

  const { el, t, bytes, follow, hand_over } = window.Maquette;
  const FORMATS = ["svg", "png", "webp", "cutout", "layers", "credits"];
  const SIZED = new Set(["png", "webp", "cutout", "layers"]);
  const LARGEST = 4096;

  // As it was made, twice that, and the largest there is.
  function sizes({ width, height }) {
    const own = Math.max(width, height);
    const sides = [...new Set([own, Math.min(2 * own, LARGEST), LARGEST])].filter((side) => side >= own);
    const scaled = (value, side) => Math.max(1, Math.round((value * side) / own));
    return sides.map((side, index) => el("option", { value: index ? side : "" }, `${scaled(width, side)} × ${scaled(height, side)}${index ? "" : ` (${t("drawing.as_made")})`}`));
  }

  function drawing_menu(base, asset) {
    const size = el("select", { name: "side", "aria-label": t("drawing.size") }, sizes(asset.drawing));
    const says = el("p", { class: "mq-note", role: "status" });
    const fault = el("p", { class: "mq-field-error", role: "alert" });
    const take = async (format, control) => {
      const all = [...rows.querySelectorAll("button")];
      for (const other of all) other.disabled = true;
      fault.textContent = "";
      says.textContent = t("drawing.making");
      try {
        const side = SIZED.has(format) && size.value ? Number(size.value) : 0;
        const made = await follow(base, `assets/${asset.id}/drawing`, { format, side }, (fraction) => { says.textContent = `${t("drawing.making")} ${Math.round(100 * fraction)}%`; });
        hand_over(`${base}/${made.url}`, made.name);
        says.textContent = t("drawing.done", { name: made.name, size: bytes(made.size) });
      } catch (error) {
        says.textContent = "";
        fault.textContent = error.message;
      } finally {
        for (const other of all) other.disabled = false;
        control.focus();
      }
    };
    const rows = el("div", { class: "mq-take-forms" }, FORMATS.map((format) => {
      const control = el("button", { class: "mq-button mq-take-form", type: "button", "data-format": format, onclick: () => take(format, control) }, el("b", {}, t(`drawing.${format}`)), el("small", {}, t(`drawing.about.${format}`)));
      return control;
    }));
    return el("details", { class: "mq-take" }, el("summary", {}, t("drawing.download")),
      el("label", { class: "mq-take-size" }, t("drawing.size"), size), rows, window.Maquette.label_link(base, asset.files), says, fault);
  }

  Object.assign(window.Maquette, { drawing_menu });
})();
