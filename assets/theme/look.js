// One picture looked at closely: what its file says of how it was made, before and after, as a tile, variations of it, a new one from it.
(() => {
  "use strict";

  const { el, t, call, button, quiet, dialog, downloads, remarks, fault_line, maker_name, model_note, finish_form, alike_form, alike_rows } = window.Maquette;

  // What a file says, as text. Everything is set as text nodes: a field is never read as markup.
  function metadata_panel(found) {
    const row = (name, value) => [el("dt", {}, name), el("dd", {}, value)];
    if (!found.tool) return el("p", { class: "mq-note" }, t("metadata.none"));
    const rows = [...row(t("metadata.tool"), t(`metadata.tool.${found.tool}`)), ...(found.prompt ? row(t("field.prompt"), found.prompt) : []),
      ...(found.negative ? row(t("field.negative"), found.negative) : []), ...found.settings.flatMap((one) => row(one.name, one.text))];
    const raw = el("details", {}, el("summary", {}, t("metadata.raw", { n: found.raw.length })), found.raw.map((one) => el("section", {}, el("h4", {}, one.name), el("pre", {}, one.text))));
    return el("div", { class: "mq-metadata" }, el("dl", { class: "mq-specs" }, rows), found.raw.length ? raw : null, found.cut ? el("p", { class: "mq-note" }, t("metadata.cut")) : null);
  }

  // "illustrator v61" as a reader says it.
  const made_with = (maker) => maker.replace(/^[^ ]+/, (name) => maker_name(name));

  // How a stored picture was made: its models with their licences, seed, settings, what it was made of.
  function made_panel(base, made, open) {
    const row = (name, value) => (value === "" || value === null || value === undefined || value === 0 ? [] : [el("dt", {}, name), el("dd", {}, value)]);
    const licence = (model) => [model.licence, model.licence ? t(`commercial.${model.commercial}`) : "", model.terms].filter(Boolean).join(" · ");
    const models = made.models.map((model) => el("p", {}, el("b", { translate: "no" }, model.name || model.id), licence(model) ? el("span", { lang: "en" }, ` · ${licence(model)}`) : null));
    const setting = ([name, value]) => (name === "expand" ? row(t("paint.expand"), Object.entries(value).filter(([, n]) => n).map(([side, n]) => `${t(`paint.${side}`)} ${n}`).join(t("list.comma")))
      : name === "shortcuts" ? row(t("field.shortcuts"), value.map((one) => t(`shortcut.${one}`)).join(t("list.comma"))) : name === "seamless" ? row(t("field.seamless"), "✓")
      : name === "task" ? row(t("paint.what"), t(`paint.task.${value}`)) : name === "family" ? row(t("made.family"), String(value)) : row(t(`field.${name}`), String(value)));
    const inputs = made.inputs.map((one) => (one.asset ? quiet(`${t(`role.${one.role}`)}: ${one.title}`, () => open(one.asset)) : el("span", {}, t(`role.${one.role}`))));
    return el("dl", { class: "mq-specs mq-made" }, [...row(t("recipe.maker"), made_with(made.maker)), ...(models.length ? [el("dt", {}, t("recipe.models")), el("dd", {}, models)] : []), ...row(t("recipe.prompt"), made.prompt), ...row(t("field.negative"), made.negative),
      ...row(t("recipe.seed"), String(made.seed)), ...Object.entries(made.settings).flatMap(setting), ...(inputs.length ? [el("dt", {}, t("recipe.inputs")), el("dd", {}, inputs)] : []), ...(made.characters.length ? [el("dt", {}, t("brand.characters")), el("dd", {}, alike_rows(made.characters, open))] : []),
      ...row(t("recipe.device"), [made.device, made.seconds ? t("seconds", { n: made.seconds.toFixed(1) }) : ""].filter(Boolean).join(" · ")), ...row(t("made.notes"), made.notes.join(" ")), ...row(t("recipe.hash"), made.recipe)]);
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

  // New pictures that start from this one, as far from it as its strength says.
  function variations_form(base, path, options, close, told) {
    const { model, node } = model_note(base, options, "image");
    if (!model) return el("section", {}, el("h3", {}, t("vary.title")), node);
    const count = el("input", { type: "number", name: "count", min: 1, max: 12, value: 4 });
    const strength = el("input", { type: "range", name: "strength", min: 0.05, max: 1, step: 0.05, value: model.strengths.image });
    const said = el("output", {}, strength.value);
    strength.addEventListener("input", () => { said.textContent = strength.value; });
    return el("form", { class: "mq-form", novalidate: true, onsubmit: async (event) => {
      event.preventDefault();
      try {
        await call(base, "POST", `${path}/reference`, { values: { strength: Number(strength.value) }, count: Number(count.value) });
        await close();
      } catch (error) { told(error); }
    } }, el("h3", {}, t("vary.title")), node, el("label", {}, t("vary.strength"), el("span", { class: "mq-inline" }, strength, said)), el("label", {}, t("pictures.count"), count), el("button", { class: "mq-button", type: "submit" }, t("vary.add")));
  }

  // options: of the Pictures page. started(take): a take that was painted.
  function look_closely(base, { plan, step, others, options, project, changed, started, start }) {
    const { axes } = options;
    const asset = step.asset;
    const src = `${base}/${asset.files[0].url}`;
    const stage = el("div", { class: "mq-stage" });
    const fault = fault_line();
    const told = (error) => { fault.textContent = error.message; };
    const plain = () => stage.replaceChildren(el("img", { src, alt: step.title }));
    plain();

    // Before and after: another picture of the plan, or an older version of this one.
    const pick = el("select", { name: "before", "aria-label": t("look.compare") }, el("option", { value: "" }, t("look.compare")),
      step.versions.slice(1).map((one) => el("option", { value: one.id }, `${t("card.version")} ${one.take + 1}`)), others.map((one) => el("option", { value: one.asset.id }, one.title)));
    const beside = async (id) => {
      fault.textContent = "";
      if (!id) { plain(); return; }
      try {
        const other = await call(base, "GET", `assets/${id}`);
        stage.replaceChildren(slider({ src: `${base}/${other.files[0].url}`, title: other.title }, { src, title: step.title }));
      } catch (error) { told(error); }
    };
    pick.addEventListener("change", () => beside(pick.value));

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
    const close = async () => { node.close(); await changed(); };
    const reference = button(t("look.reference"), () => { node.close(); start(asset); });
    const paint = button(t("look.paint"), () => { node.close(); window.Maquette.paint_editor(base, project, asset, options, started); }, { id: "mq-look-paint" });
    const vary = step.kind === "picture" ? variations_form(base, `plans/${plan}/steps/${step.id}`, options, close, told) : null;

    const finish = finish_form(base, `plans/${plan}/steps/${step.id}`, options, close, told);

    const waiting = () => el("div", {}, el("p", { class: "mq-note" }, "…"));
    const [panel, recipe] = [waiting(), waiting()];
    const fill = (holder, path, draw) => call(base, "GET", `assets/${asset.id}/${path}`).then((found) => holder.replaceChildren(draw(found))).catch((error) => holder.replaceChildren(el("p", { class: "mq-error" }, error.message)));
    fill(recipe, "made", (made) => made_panel(base, made, beside));
    fill(panel, "metadata", metadata_panel);
    node.append(el("header", { class: "mq-desk-head" }, el("h2", {}, step.title), quiet("✕", () => node.close(), { "aria-label": t("card.close"), class: "mq-link mq-x" })),
      el("div", { class: "mq-look-body mq-library" }, el("div", {}, stage, el("div", { class: "mq-form-row" }, pick, tiles, button(t("look.plain"), plain), paint, reference), fault, ...remarks(asset), downloads(base, asset)),
        el("aside", {}, el("h3", {}, t("metadata.title")), recipe, el("details", {}, el("summary", {}, t("metadata.file")), panel), finish, vary, alike_form(base, project, asset, options), grid)));
  }

  Object.assign(window.Maquette, { metadata_panel, made_panel, look_closely, slider });
})();
