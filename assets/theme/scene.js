// The scene of a picture in plain fields: things one per line, where, when, how seen. Part of the form of a step (board.js).
// It knows the JSON of domain/scene.py and changes only what a person changed: fields it does not show come back as they were.
(() => {
  "use strict";

  const { el, t, named, quiet } = window.Maquette;
  const CHOICES = ["setting", "time", "weather", "margin", "form", "arrangement", "frame", "texture"];
  const EMPTY = { what: "", count: 1, colour: "", size: "medium", material: "", pose: "" };
  const label_of = (name) => t(`scene.${name}`);
  const list = (text) => text.split(/[,，\s]+/).filter(Boolean);

  function choice(name, value, options) {
    const shown = options.includes(value) ? options : [value, ...options];
    return el("select", { name: `scene.${name}`, "aria-label": label_of(name) }, shown.map((option) => el("option", { value: option, selected: option === value }, named("scene.option", option))));
  }

  // One thing on one line. `thing` keeps what the line does not show.
  function line(thing, options, remove) {
    const text = (name, most, extra = {}) => el("input", { type: "text", name: `thing.${name}`, maxlength: most, value: thing[name] || "", placeholder: label_of(name), "aria-label": label_of(name), ...extra });
    const count = el("input", { type: "number", name: "thing.count", min: 1, max: 60, value: thing.count, "aria-label": label_of("count") });
    const [colour, what, material, pose] = [text("colour", 24), text("what", 60, { class: "mq-thing-what" }), text("material", 24), text("pose", 24)];
    const size = choice("size", thing.size, options.size);
    const node = el("div", { class: "mq-thing" }, count, colour, what, quiet("✕", remove, { "aria-label": t("scene.remove") }), material, pose, size);
    const read = () => ({ ...thing, what: what.value.trim(), count: Number(count.value), colour: colour.value.trim(), material: material.value.trim(), pose: pose.value.trim(), size: size.value });
    return { node, read };
  }

  // Lines of one role, and a way to add one.
  function lines(role, things, options) {
    const holder = el("div", { class: "mq-things" });
    const rows = [];
    const add = (thing, origin) => {
      const row = { origin, ...line(thing, options, () => { rows.splice(rows.indexOf(row), 1); row.node.remove(); }) };
      rows.push(row);
      holder.append(row.node);
      return row;
    };
    things.forEach((thing, index) => add(thing, index));
    const more = quiet(`+ ${t("scene.add")}`, () => add(EMPTY, -1).node.querySelector(".mq-thing-what").focus());
    const node = el("fieldset", { class: "mq-slots", "data-role": role }, el("legend", {}, label_of(role)), holder, more);
    return { node, kept: () => rows.map((row) => ({ origin: row.origin, thing: row.read() })).filter((row) => row.thing.what) };
  }

  // How things stand to one another: said in words, each can be taken away.
  function relations(scene) {
    const names = [...scene.subjects, ...scene.props].map((thing) => thing.what);
    const left = [...scene.relations];
    const holder = el("div", { class: "mq-things" });
    for (const relation of scene.relations) {
      const row = el("div", { class: "mq-relation" }, el("span", {}, `${names[relation.of]} · ${named("scene.relation", relation.kind)} · ${names[relation.to]}`),
        quiet("✕", () => { left.splice(left.indexOf(relation), 1); row.remove(); }, { "aria-label": t("scene.remove") }));
      holder.append(row);
    }
    const node = scene.relations.length ? el("fieldset", { class: "mq-slots" }, el("legend", {}, label_of("relations")), holder) : null;
    return { node, left: () => left };
  }

  // scene: as stored. options: the values each choice has. edited: whether the step keeps a scene of a person.
  // node: to put into a form. read(): undefined when nothing was changed, null to go back to the words, else the scene.
  function scene_editor(scene, options, edited) {
    const subjects = lines("subjects", scene.subjects, options);
    const props = lines("props", scene.props, options);
    const between = relations(scene);
    const picks = CHOICES.map((name) => ({ name, input: choice(name, scene[name], options[name]) }));
    const angle = choice("angle", scene.camera.angle, options.angle);
    const distance = choice("distance", scene.camera.distance, options.distance);
    const palette = el("input", { type: "text", name: "scene.palette", value: scene.palette.join(", "), placeholder: "#1d3557, #e63946" });
    const words = el("input", { type: "checkbox", name: "scene.words" });
    const field = (name, input) => el("label", {}, label_of(name), input);
    const grid = el("div", { class: "mq-scene-grid" }, picks.map((pick) => field(pick.name, pick.input)), field("angle", angle), field("distance", distance));
    const node = el("details", { class: "mq-scene", open: edited }, el("summary", {}, t(edited ? "scene.title_edited" : "scene.title")),
      el("p", { class: "mq-note" }, t("scene.about")), subjects.node, props.node, between.node, grid, field("palette", palette),
      edited ? el("label", { class: "mq-words-again" }, words, el("span", {}, t("scene.words"))) : null);
    const now = () => {
      const [main, side] = [subjects.kept(), props.kept()];
      const moved = new Map();
      main.forEach((row, index) => { if (row.origin >= 0) moved.set(row.origin, index); });
      side.forEach((row, index) => { if (row.origin >= 0) moved.set(scene.subjects.length + row.origin, main.length + index); });
      const kept = between.left().filter((r) => moved.has(r.of) && moved.has(r.to)).map((r) => ({ ...r, of: moved.get(r.of), to: moved.get(r.to) }));
      return {
        ...scene,
        ...Object.fromEntries(picks.map((pick) => [pick.name, pick.input.value])),
        subjects: main.map((row) => row.thing),
        props: side.map((row) => row.thing),
        relations: kept,
        camera: { ...scene.camera, angle: angle.value, distance: distance.value },
        palette: list(palette.value),
      };
    };
    const before = JSON.stringify(now());
    const read = () => {
      if (words.checked) return null;
      const after = now();
      return JSON.stringify(after) === before ? undefined : after;
    };
    return { node, read };
  }

  Object.assign(window.Maquette, { scene_editor });
})();
