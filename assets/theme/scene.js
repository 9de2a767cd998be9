// The scene of a picture in plain fields: things one per line, how they stand, where, when, how seen. Part of the form of a step
// (board.js). It knows the JSON of domain/scene.py and changes only what a person changed: fields it does not show come back as they were.
(() => {
  "use strict";

  const { el, t, has, named, quiet, fault_line, palette_field } = window.Maquette;
  const CHOICES = ["setting", "time", "weather", "form", "composition", "arrangement", "frame", "texture", "margin", "family"];
  const RELATIONS = ["in", "on", "under", "behind", "beside", "holding", "facing"];
  const EMPTY = { what: "", count: 1, colour: "", size: "medium", material: "", pose: "" };
  const label_of = (name) => t(`scene.${name}`);
  // A value may mean another thing in one field than in others: "top" of a camera is no margin.
  const word_of = (name, value) => {
    if (name === "family") return value || t("option.automatic");
    return has(`scene.option.${name}.${value}`) ? t(`scene.option.${name}.${value}`) : named("scene.option", value);
  };

  function choice(name, value, options) {
    const shown = options.includes(value) ? options : [value, ...options];
    return el("select", { name: `scene.${name}`, "aria-label": label_of(name) }, shown.map((option) => el("option", { value: option, selected: option === value }, word_of(name, option))));
  }

  const labelled = (name, input) => el("label", { class: `mq-thing-${name}`, "data-of": name }, el("span", {}, label_of(name)), input);

  // One thing. `thing` keeps what the fields do not show.
  function line(thing, options, remove) {
    const text = (name) => el("input", { type: "text", name: `thing.${name}`, value: thing[name] || "" });
    const inputs = { count: el("input", { type: "number", name: "thing.count", min: 1, max: 60, value: thing.count }), what: text("what"), colour: text("colour"), material: text("material"), pose: text("pose") };
    inputs.size = choice("size", thing.size, options.size);
    inputs.what.setAttribute("placeholder", t("scene.what_hint"));
    const fault = fault_line();
    const node = el("div", { class: "mq-thing" }, Object.entries(inputs).map(([name, input]) => labelled(name, input)),
      quiet("✕", remove, { "aria-label": t("scene.remove"), class: "mq-link mq-thing-remove" }), fault);
    const read = () => ({ ...thing, ...Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, name === "count" ? Number(input.value) : input.value.trim()])) });
    return { node, read, inputs, fault, name: () => inputs.what.value.trim() };
  }

  // Lines of one role, and a way to add one.
  function lines(role, things, options, changed) {
    const holder = el("div", { class: "mq-things" });
    const fault = fault_line();
    const rows = [];
    const add = (thing, origin) => {
      const row = { origin, ...line(thing, options, () => { rows.splice(rows.indexOf(row), 1); row.node.remove(); changed(); }) };
      row.inputs.what.addEventListener("change", () => changed());
      rows.push(row);
      holder.append(row.node);
      return row;
    };
    things.forEach((thing, index) => add(thing, index));
    const more = quiet(`+ ${t("scene.add")}`, () => { add(EMPTY, -1).inputs.what.focus(); }, { class: "mq-link mq-add-row" });
    const node = el("fieldset", { class: "mq-slots", "data-role": role }, el("legend", {}, label_of(role)), holder, more, fault);
    const named_rows = () => rows.filter((row) => row.name());
    return { node, fault, rows: named_rows };
  }

  // How things stand to one another. A row keeps the things themselves, not their numbers: these change as lines come and go.
  function relations(scene, things) {
    const holder = el("div", { class: "mq-things" });
    const rows = [];
    const first = things();
    const show = (row) => {
      const pick = (end) => {
        const input = el("select", { name: `relation.${end}`, "aria-label": end === "of" ? t("scene.relation_of") : t("scene.relation_to") }, things().map((thing, index) => el("option", { value: index, selected: thing === row[end] }, thing.name())));
        input.addEventListener("change", () => { row[end] = things()[Number(input.value)]; });
        return input;
      };
      const kind = el("select", { name: "relation.kind", "aria-label": label_of("relations") }, RELATIONS.map((name) => el("option", { value: name, selected: name === row.kind }, t(`scene.relation.${name}`))));
      kind.addEventListener("change", () => { row.kind = kind.value; });
      return el("div", { class: "mq-relation" }, pick("of"), kind, pick("to"),
        quiet("✕", () => { rows.splice(rows.indexOf(row), 1); draw(); }, { "aria-label": t("scene.remove") }));
    };
    const add = () => {
      const [of, to] = things();
      rows.push({ of, kind: "beside", to });
      draw();
    };
    const more = quiet(`+ ${t("scene.add_relation")}`, add, { class: "mq-link mq-add-row" });
    const node = el("fieldset", { class: "mq-slots", "data-role": "relations" }, el("legend", {}, label_of("relations")), holder, more);
    // Things that went take their relations with them.
    const draw = () => {
      const there = things();
      rows.splice(0, rows.length, ...rows.filter((row) => there.includes(row.of) && there.includes(row.to)));
      holder.replaceChildren(...rows.map(show));
      node.hidden = there.length < 2;
    };
    for (const { of, kind, to } of scene.relations) rows.push({ of: first[of], kind, to: first[to] });
    draw();
    const read = () => {
      const there = things();
      return rows.filter((row) => there.includes(row.of) && there.includes(row.to)).map((row) => ({ of: there.indexOf(row.of), kind: row.kind, to: there.indexOf(row.to) }));
    };
    return { node, draw, read };
  }

  // scene: as stored. options: the values each choice has. edited: whether the step keeps a scene of a person.
  // tools: { palette(file) gives the colours of a picture; copy(scene) makes a new step of it, where that can be }.
  // Gives node, to put into a form; read(): undefined when nothing was changed, null to go back to the words, else the scene;
  // fault(path, message): says it at the field of this path, and whether there is one.
  function scene_editor(scene, options, edited, tools) {
    let between = null;
    const changed = () => between.draw();
    const subjects = lines("subjects", scene.subjects, options, changed);
    const props = lines("props", scene.props, options, changed);
    const front = lines("foreground", scene.foreground, options, changed);
    between = relations(scene, () => [...subjects.rows(), ...props.rows()]);
    const picks = CHOICES.map((name) => ({ name, input: choice(name, scene[name], options[name]) }));
    const angle = choice("angle", scene.camera.angle, options.angle);
    const distance = choice("distance", scene.camera.distance, options.distance);
    const palette = palette_field("scene.palette", scene.palette, label_of("palette"), tools.palette);
    const character = el("input", { type: "text", name: "scene.character", value: scene.character });
    const words = el("input", { type: "checkbox", name: "scene.words" });
    const fault_of = {};
    const field = (name, input, hint) => el("label", { "data-field": name }, label_of(name), input, hint ? el("span", { class: "mq-note" }, hint) : null, fault_of[name] = fault_line());
    const grid = el("div", { class: "mq-scene-grid" }, picks.map((pick) => field(pick.name, pick.input)), field("angle", angle), field("distance", distance));
    const whole = fault_line();
    const now = () => {
      const [main, side] = [subjects.rows(), props.rows()];
      return {
        ...scene,
        ...Object.fromEntries(picks.map((pick) => [pick.name, pick.input.value])),
        subjects: main.map((row) => row.read()),
        props: side.map((row) => row.read()),
        foreground: front.rows().map((row) => row.read()),
        relations: between.read(),
        camera: { ...scene.camera, angle: angle.value, distance: distance.value },
        palette: palette.read(),
        character: character.value.trim(),
      };
    };
    const again = tools.copy ? el("p", { class: "mq-copy-scene" }, quiet(t("scene.copy"), () => tools.copy(now()), { class: "mq-link mq-add-row" }), el("span", { class: "mq-note" }, t("scene.copy_about"))) : null;
    const node = el("details", { class: "mq-scene", open: edited }, el("summary", {}, t(edited ? "scene.title_edited" : "scene.title")),
      el("p", { class: "mq-note" }, t("scene.about")), subjects.node, props.node, between.node, front.node, grid, palette.node,
      field("character", character, t("scene.character_hint")), again,
      edited ? el("label", { class: "mq-words-again" }, words, el("span", {}, t("scene.words"))) : null, whole);
    const before = JSON.stringify(now());
    const read = () => {
      if (words.checked) return null;
      const after = now();
      return JSON.stringify(after) === before ? undefined : after;
    };
    const fault = (path, message) => {
      const [name, index, part] = path.split(".");
      const role = { subjects, props, foreground: front }[name];
      const row = role && index !== undefined ? role.rows()[Number(index)] : null;
      const place = row ? row.fault : role ? role.fault : name === "palette" ? palette.fault : fault_of[name] || fault_of[index] || whole;
      place.textContent = message;
      node.open = true;
      const input = row && row.inputs[part] ? row.inputs[part] : place.parentElement.querySelector("input, select");
      if (input) { input.setAttribute("aria-invalid", "true"); input.focus(); }
      return true;
    };
    return { node, read, fault };
  }

  Object.assign(window.Maquette, { scene_editor });
})();
