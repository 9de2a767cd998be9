// One picture looked at closely: what its file says of how it was made, before and after, as a tile, variations of it, a new one from it.
(() => {
  "use strict";

  const { el, t, call, button, quiet, dialog, downloads, remarks, fault_line } = window.Maquette;

  // What a file says, as text. Everything is set as text nodes: a field is never read as markup.
  function metadata_panel(found) {
    const row = (name, value) => [el("dt", {}, name), el("dd", {}, value)];
    if (!found.tool) return el("p", { class: "mq-note" }, t("metadata.none"));
    const rows = [...row(t("metadata.tool"), t(`metadata.tool.${found.tool}`)), ...(found.prompt ? row(t("field.prompt"), found.prompt) : []),
      ...(found.negative ? row(t("field.negative"), found.negative) : []), ...found.settings.flatMap((one) => row(one.name, one.text))];
    const raw = el("details", {}, el("summary", {}, t("metadata.raw", { n: found.raw.length })), found.raw.map((one) => el("section", {}, el("h4", {}, one.name), el("pre", {}, one.text))));
    return el("div", { class: "mq-metadata" }, el("dl", { class: "mq-specs" }, rows), found.raw.length ? raw : null, found.cut ? el("p", { class: "mq-note" }, t("metadata.cut")) : null);
  }

  // Two pictures over each other; the range says how much of the second is seen.
  function slider(before, after) {
    const top = el("img", { src: after.src, alt: after.title });
    const range = el("input", { type: "range", min: 0, max: 100, value: 50, "aria-label": t("look.slide") });
    const show = () => { top.style.clipPath = `inset(0 0 0 ${range.value}%)`; };
    range.addEventListener("input", show);
    show();
    return el("div", { class: "mq-slider" }, el("div", {}, el("img", { src: before.src, alt: before.title }), top), range);
  }

  function look_closely(base, { plan, step, others, maker, axes, changed }) {
    const asset = step.asset;
    const src = `${base}/${asset.files[0].url}`;
    const stage = el("div", { class: "mq-stage" });
    const fault = fault_line();
    const told = (error) => { fault.textContent = error.message; };
    const plain = () => stage.replaceChildren(el("img", { src, alt: step.title }));
    plain();

    // Before and after: another picture of the plan, or an older version of this one.
    const pick = el("select", { name: "before", "aria-label": t("look.compare") }, el("option", { value: "" }, t("look.compare")),
      others.map((one) => el("option", { value: one.asset.id }, one.title)), step.versions.slice(1).map((one) => el("option", { value: one.id }, `${t("card.version")} ${one.take + 1}`)));
    pick.addEventListener("change", async () => {
      fault.textContent = "";
      if (!pick.value) { plain(); return; }
      try {
        const other = await call(base, "GET", `assets/${pick.value}`);
        stage.replaceChildren(slider({ src: `${base}/${other.files[0].url}`, title: other.title }, { src, title: step.title }));
      } catch (error) { told(error); }
    });

    // Repeated, with what the check of its edges says.
    const tiles = button(t("look.tile"), async () => {
      fault.textContent = "";
      try {
        const found = await call(base, "GET", `assets/${asset.id}/seams`);
        const says = t(found.seamless ? "look.seamless" : "look.seam", { across: found.across, down: found.down });
        stage.replaceChildren(el("div", { class: "mq-tiled", role: "img", "aria-label": says, style: `background-image:url("${src}")` }), el("p", { class: "mq-note", role: "status" }, says));
      } catch (error) { told(error); }
    });

    const values = (input) => input.value.split(/[,，;；\n]/).map((one) => one.trim()).filter(Boolean).map((one) => (/^-?\d+(\.\d+)?$/.test(one) ? Number(one) : one));
    const axis = (name, first) => {
      const field = el("select", { name: `${name}.field`, "aria-label": t(`look.${name}`) }, name === "y" ? el("option", { value: "" }, t("preset.none")) : null, axes.map((one) => el("option", { value: one, selected: one === first }, t(`field.${one}`))));
      const list = el("input", { type: "text", name: `${name}.values`, value: name === "x" ? "1, 2, 3, 4" : "", placeholder: t("look.values"), "aria-label": t("look.values") });
      return { node: el("label", {}, t(`look.${name}`), field, list), read: () => (field.value ? { field: field.value, values: values(list) } : null) };
    };
    const x = axis("x", "seed");
    const y = axis("y", "");
    const node = dialog(step.title, "mq-look");
    const grid = step.kind !== "picture" ? null : el("form", { class: "mq-form", novalidate: true, onsubmit: async (event) => {
      event.preventDefault();
      fault.textContent = "";
      try {
        await call(base, "POST", `plans/${plan}/steps/${step.id}/grid`, { x: x.read(), y: y.read() });
        node.close();
        await changed();
      } catch (error) { told(error); }
    } }, el("h3", {}, t("look.grid")), x.node, y.node, el("button", { class: "mq-button", type: "submit" }, t("look.grid_add")));
    const reference = step.kind === "picture" && maker !== "illustrator" ? button(t("look.reference"), async () => {
      fault.textContent = "";
      try {
        await call(base, "POST", `plans/${plan}/steps/${step.id}/reference`, {});
        node.close();
        await changed();
      } catch (error) { told(error); }
    }) : null;

    const panel = el("div", {}, el("p", { class: "mq-note" }, "…"));
    call(base, "GET", `assets/${asset.id}/metadata`).then((found) => panel.replaceChildren(metadata_panel(found))).catch((error) => panel.replaceChildren(el("p", { class: "mq-error" }, error.message)));
    node.append(el("header", { class: "mq-desk-head" }, el("h2", {}, step.title), quiet("✕", () => node.close(), { "aria-label": t("card.close"), class: "mq-link mq-x" })),
      el("div", { class: "mq-look-body mq-library" }, el("div", {}, stage, el("div", { class: "mq-form-row" }, pick, tiles, button(t("look.plain"), plain), reference), fault, ...remarks(asset), downloads(base, asset)),
        el("aside", {}, el("h3", {}, t("metadata.title")), panel, grid)));
  }

  Object.assign(window.Maquette, { metadata_panel, look_closely });
})();
