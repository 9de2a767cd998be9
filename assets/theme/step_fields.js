// Fields of a step's form that are more than a text or a number: channel and framework from the data, the texts a copy step writes,
// who speaks, variables, the world sheet. Part of the form of a card (board.js). Each gives { node, read }.
(() => {
  "use strict";

  const { el, t, named, call, quiet, fault_line, settled, cast_fields, variable_fields, world_fields } = window.Maquette;
  const SLOTS = 12;
  const GROUPS = ["ads", "social", "video", "mail", "store", "web", "press", "china"];

  // Asked for once per page: the data does not change while it is open.
  let asked = null;
  const options_of = (base) => {
    asked = asked || call(base, "GET", `writing/options?language=${t("locale")}`).catch((error) => { asked = null; throw error; });
    return asked;
  };

  // A list that is filled when it has come; what stands in the step is there from the start.
  function from_data(name, value, base, fill, chosen = () => {}) {
    const none = t(`none.${name}`);
    const select = el("select", { name }, el("option", { value: "" }, none), value ? el("option", { value, selected: true }, value.replaceAll("_", " ")) : null);
    const fault = fault_line();
    options_of(base).then((options) => {
      select.replaceChildren(el("option", { value: "" }, none), ...fill(options));
      select.value = value;
      select.addEventListener("change", () => chosen(options, select));
    }).catch((error) => { fault.textContent = error.message; });
    return { node: el("label", { "data-field": name }, t(`field.${name}`), select, fault), read: () => select.value };
  }

  function channel(value, step, base) {
    const language = step.spec.language.split("-")[0];
    const serves = (one) => !one.languages.length || one.languages.includes(language) || one.id === value;
    const fill = ({ channels }) => GROUPS.map((group) => el("optgroup", { label: t(`channel.${group}`) },
      channels.filter((one) => one.group === group && serves(one)).map((one) => el("option", { value: one.id }, one.name)))).filter((group) => group.children.length);
    // Another channel takes other texts: they are filled in, and can be changed.
    const chosen = ({ channels }, select) => {
      const found = channels.find((one) => one.id === select.value);
      const slots = select.closest("form").querySelector('[data-field="fields"]');
      if (found && slots) slots.dispatchEvent(new CustomEvent("refill", { detail: found.fields }));
    };
    return from_data("channel", value, base, fill, chosen);
  }

  const framework = (value, step, base) => from_data("framework", value, base, ({ frameworks }) => frameworks.map((one) => el("option", { value: one.id }, one.name)));

  // How many sets, each from another angle: A alone, A and B, and so on.
  function variants(value) {
    const letters = (n) => "ABCDEF".slice(0, n).split("").join(" / ");
    const select = el("select", { name: "variants" }, [1, 2, 3, 4, 5, 6].map((n) => el("option", { value: n, selected: n === value }, n === 1 ? t("variants.one") : t("variants.many", { n, sets: letters(n) }))));
    return { node: el("label", { "data-field": "variants" }, t("field.variants"), select, fault_line()), read: () => Number(select.value) };
  }

  // The texts of a copy step: name, how many alternatives, how many characters at most.
  function slots(value) {
    const rows = [];
    const list = el("div", { class: "mq-rows" });
    const draw = (slot) => {
      const row = {
        name: el("input", { type: "text", maxlength: 40, value: slot.name, "aria-label": t("slots.name") }),
        count: el("input", { type: "number", min: 1, max: 12, value: slot.count, "aria-label": t("slots.count") }),
        most: el("input", { type: "number", min: 2, max: 3000, value: slot.max_chars, "aria-label": t("slots.max") }),
      };
      const gone = () => { rows.splice(rows.indexOf(row), 1); row.node.remove(); count(); };
      row.node = el("div", { class: "mq-slot" }, row.name, row.count, row.most, quiet("✕", gone, { "aria-label": `${t("edit.remove")}: ${named("slot", slot.name)}` }));
      rows.push(row);
      list.append(row.node);
      return row;
    };
    const more = quiet(`+ ${t("slots.new")}`, () => { draw({ name: "", count: 1, max_chars: 60 }).name.focus(); count(); }, { class: "mq-link mq-add-row" });
    const count = () => { more.disabled = rows.length >= SLOTS; };
    value.forEach(draw);
    count();
    const head = el("div", { class: "mq-slot mq-slot-head", "aria-hidden": "true" }, el("span", {}, t("slots.name")), el("span", {}, t("slots.count")), el("span", {}, t("slots.max")), el("span", {}));
    const node = el("fieldset", { class: "mq-slots", "data-field": "fields" }, el("legend", {}, t("field.fields")), head, list, more, fault_line());
    node.addEventListener("refill", (event) => { rows.length = 0; list.replaceChildren(); event.detail.forEach(draw); count(); });
    const read = () => rows.filter((row) => row.name.value.trim()).map((row) => ({ name: row.name.value.trim(), max_chars: Number(row.most.value), count: Number(row.count.value) }));
    return { node, read };
  }

  // A structured field that draws itself anew when rows come and go.
  function structured(name, value, draw) {
    let kept = JSON.parse(JSON.stringify(value));
    const body = el("div", {});
    const redraw = (focus) => {
      body.replaceChildren(draw(kept, edit));
      const next = focus && (body.querySelector(`[data-at="${CSS.escape(focus)}"]`) || body.querySelector(`[data-at^="${CSS.escape(focus)}"]`));
      if (next) next.focus();
    };
    const here = () => (body.contains(document.activeElement) ? document.activeElement.dataset.at || "" : "");
    const edit = (where, mutate, again = false, focus = where) => {
      mutate();
      if (again === "later") settled(() => redraw(here()));
      else if (again) redraw(focus);
    };
    redraw("");
    return { node: el("fieldset", { class: "mq-slots mq-structured", "data-field": name }, el("legend", {}, t(`field.${name}`)), body, fault_line()), read: () => kept };
  }

  const FIELDS = {
    channel, framework, variants: (value) => variants(value), fields: (value) => slots(value),
    cast: (value) => structured("cast", value, (kept, edit) => cast_fields(kept, "cast", edit, { most: 8 })),
    variables: (value) => structured("variables", value, (kept, edit) => variable_fields(kept, "variables", edit, { most: 6 })),
    world: (value) => structured("world", value, (kept, edit) => world_fields(kept, "world", edit)),
  };

  // The field of a name that has one of its own here, else null.
  const step_field = (name, value, step, base) => (FIELDS[name] ? FIELDS[name](value, step, base) : null);

  // A world in one line: its name, else how many facts and names it has; "" for an empty one.
  const told_world = (world) => [world.name, world.about].filter(Boolean).join(": ") || [...world.facts, ...world.names].join(", ");

  Object.assign(window.Maquette, { step_field, told_world });
})();
