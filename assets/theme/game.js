// Fields for what a game's texts are made of: variables and their values, conditions and effects, who speaks, the world sheet.
// Every function draws part of a document and changes it only through edit(where, mutate, redraw, focus), so that the view that
// owns the document decides how changes are undone, and a form of the board may use the same fields. redraw is "later" where a field
// that was just left has changed more than itself.
(() => {
  "use strict";

  const { el, t, quiet } = window.Maquette;
  const COMPARISONS = ["==", "!=", "<", "<=", ">", ">="];
  const SIGNS = { "==": "=", "!=": "≠", "<": "<", "<=": "≤", ">": ">", ">=": "≥" };
  const STARTS = { bool: false, int: 0, string: "" };
  const TYPES = ["bool", "int", "string"];
  const NAME = /^[a-z][a-z0-9_]{0,39}$/;

  // What a field that is left changes elsewhere is drawn only after the press that left it: else the button that was pressed would be
  // gone before it was let go.
  let pressed = false;
  const owed = [];
  const pay = () => { pressed = false; for (const act of owed.splice(0)) act(); };
  document.addEventListener("pointerdown", () => { pressed = true; }, true);
  for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, () => window.setTimeout(pay), true);
  function settled(act) {
    if (!pressed) { window.setTimeout(act); return; }
    owed.push(act);
    window.setTimeout(pay, 500); // some presses (on a list that opens) are never let go on the page
  }

  const type_of = (value) => (typeof value === "boolean" ? "bool" : typeof value === "number" ? "int" : "string");

  // A text field bound to owner[name]. lazy: taken when the field is left, for names that others refer to.
  function text_field(owner, name, where, label, edit, extra = {}) {
    const { rows, most, lazy, taken, ...rest } = extra;
    const field = el(rows ? "textarea" : "input", { class: "mq-field", type: rows ? null : "text", rows, maxlength: most, "aria-label": label, "data-at": where, ...rest });
    field.value = owner[name];
    field.addEventListener(lazy ? "change" : "input", () => (taken ? taken(field.value, field) : edit(where, () => { owner[name] = field.value; })));
    return field;
  }

  // A list of texts, one a line.
  function lines_field(owner, name, where, label, edit, hint = "") {
    const field = el("textarea", { class: "mq-field", rows: 2, "aria-label": label, placeholder: hint || t("edit.one_a_line"), "data-at": where });
    field.value = owner[name].join("\n");
    field.addEventListener("input", () => edit(where, () => { owner[name] = field.value.split("\n").map((row) => row.trim()).filter(Boolean); }));
    return field;
  }

  const labelled = (label, field, kind = "") => el("label", { class: `mq-labelled ${kind}` }, el("span", {}, label), field);

  function pick(owner, name, options, where, label, edit, extra = {}) {
    const { after = () => {}, redraw = false, ...rest } = extra;
    const shown = options.some(([value]) => value === owner[name]) ? options : [...options, [owner[name], String(owner[name])]];
    const field = el("select", { class: "mq-field", "aria-label": label, "data-at": where, ...rest }, shown.map(([value, text]) => el("option", { value, selected: value === owner[name] }, text)));
    field.addEventListener("change", () => edit(where, () => { owner[name] = field.value; after(field.value); }, redraw));
    return field;
  }

  // owner[name] as a value of a type: a choice, a whole number, or a text. What is of another type shows as it is until it is chosen anew.
  function value_field(type, owner, name, where, label, edit) {
    const value = owner[name];
    if (type === "bool") {
      const options = [["true", t("value.true")], ["false", t("value.false")], ...(type_of(value) === "bool" ? [] : [[String(value), String(value)]])];
      const field = el("select", { class: "mq-field mq-value", "aria-label": label, "data-at": where }, options.map(([key, text]) => el("option", { value: key, selected: key === String(value) }, text)));
      field.addEventListener("change", () => edit(where, () => { owner[name] = field.value === "true"; }));
      return field;
    }
    if (type === "int") {
      const field = el("input", { class: "mq-field mq-value", type: "number", step: 1, "aria-label": label, "data-at": where, value: type_of(value) === "int" ? value : "", placeholder: type_of(value) === "int" ? null : String(value) });
      field.addEventListener("input", () => { if (field.value !== "" && Number.isInteger(Number(field.value))) edit(where, () => { owner[name] = Number(field.value); }); });
      return field;
    }
    const field = el("input", { class: "mq-field mq-value", type: "text", maxlength: 200, "aria-label": label, "data-at": where, value: String(value) });
    field.addEventListener("input", () => edit(where, () => { owner[name] = field.value; }));
    return field;
  }

  const options_of = (variables) => variables.map((one) => [one.name, one.name]);
  const declared = (variables, name) => variables.find((one) => one.name === name);

  // A condition or effect about another variable takes a value of that one's type.
  function refit(row, variables, verb, plain) {
    const variable = declared(variables, row.variable);
    if (!variable) return;
    if (type_of(row.value) !== variable.type) row.value = variable.type === "bool" ? true : variable.type === "int" ? 1 : variable.start;
    if (variable.type !== "int" && !plain.includes(row[verb])) [row[verb]] = plain;
  }

  const without = (list, row, where, edit, label) => quiet("✕", () => edit(where, () => { list.splice(list.indexOf(row), 1); }, true, where.slice(0, where.lastIndexOf("/"))), { "aria-label": `${t("edit.remove")}: ${label}`, "data-at": `${where}/remove` });

  function condition(list, row, variables, where, edit) {
    const type = (declared(variables, row.variable) || { type: type_of(row.value) }).type;
    const refitted = () => refit(row, variables, "comparison", ["==", "!="]);
    const allowed = type === "int" ? COMPARISONS : COMPARISONS.slice(0, 2);
    return el("div", { class: "mq-rule-row", "data-part": "when" }, el("span", { class: "mq-rule-word" }, t("dialogue.only_if")),
      pick(row, "variable", options_of(variables), `${where}/variable`, t("dialogue.variable"), edit, { after: refitted, redraw: true }),
      pick(row, "comparison", allowed.map((sign) => [sign, SIGNS[sign]]), `${where}/comparison`, t("dialogue.comparison"), edit, { style: "flex: 0 0 4rem" }),
      value_field(type, row, "value", `${where}/value`, t("dialogue.value"), edit), without(list, row, where, edit, t("dialogue.condition")));
  }

  function effect(list, row, variables, where, edit) {
    const type = (declared(variables, row.variable) || { type: type_of(row.value) }).type;
    const refitted = () => refit(row, variables, "change", ["set"]);
    const verbs = [["set", t("dialogue.set")], ...(type === "int" ? [["add", t("dialogue.add")]] : [])];
    return el("div", { class: "mq-rule-row", "data-part": "effect" }, el("span", { class: "mq-rule-word" }, t("dialogue.then")),
      pick(row, "variable", options_of(variables), `${where}/variable`, t("dialogue.variable"), edit, { after: refitted, redraw: true }),
      pick(row, "change", verbs, `${where}/change`, t("dialogue.change"), edit, { style: "flex: 0 0 6.4rem" }),
      value_field(type, row, "value", `${where}/value`, t("dialogue.value"), edit), without(list, row, where, edit, t("dialogue.effect")));
  }

  // All conditions or effects of one thing. make: condition or effect.
  const rules = (list, make, variables, where, edit) => list.map((row, at) => make(list, row, variables, `${where}/${at}`, edit));

  function adder(label, list, blank, where, edit, extra = {}) {
    return quiet(`+ ${label}`, () => edit(where, () => list.push(blank()), true, extra.focus || `${where}/${list.length}/variable`), { "data-at": `${where}/new`, disabled: extra.off, title: extra.off ? t("dialogue.no_variables") : null, class: "mq-link mq-new-row" });
  }

  function rule_adders(owner, variables, where, edit, { when = true, effects = false } = {}) {
    const first = variables[0];
    const start = first && (first.type === "bool" ? true : first.type === "int" ? 1 : first.start);
    const extra = { off: !first };
    return [
      when ? adder(t("dialogue.condition"), owner.when, () => ({ variable: first.name, comparison: first.type === "int" ? ">=" : "==", value: start }), `${where}/when`, edit, extra) : null,
      effects ? adder(t("dialogue.effect"), owner.effects, () => ({ variable: first.name, change: first.type === "int" ? "add" : "set", value: start }), `${where}/effects`, edit, extra) : null,
    ];
  }

  // Variables with type, start value and meaning. renamed(old, new) is told inside the edit; found(row, holder) keeps a place for findings.
  function variable_fields(variables, where, edit, { renamed = () => {}, found = () => {}, most = 40 } = {}) {
    const rows = variables.map((row, at) => {
      const here = `${where}/${at}`;
      const fault = el("span", { class: "mq-field-error", role: "alert" });
      const take = (value, field) => {
        const name = value.trim();
        const wrong = !NAME.test(name) ? t("variable.bad_name") : variables.some((one) => one !== row && one.name === name) ? t("variable.taken") : "";
        fault.textContent = wrong;
        field.setAttribute("aria-invalid", String(Boolean(wrong)));
        if (!wrong && name !== row.name) edit(`${here}/name`, () => { renamed(row.name, name); row.name = name; }, "later");
      };
      const holder = el("div", { class: "mq-found" });
      found(row, holder);
      return el("div", { class: "mq-variable", "data-variable": row.name },
        labelled(t("variable.name"), text_field(row, "name", `${here}/name`, t("variable.name"), edit, { most: 40, lazy: true, taken: take, spellcheck: "false" })),
        labelled(t("variable.type"), pick(row, "type", TYPES.map((type) => [type, t(`type.${type}`)]), `${here}/type`, t("variable.type"), edit, { redraw: true, after: (type) => { row.start = STARTS[type]; } })),
        labelled(t("variable.start"), value_field(row.type, row, "start", `${here}/start`, t("variable.start"), edit)),
        labelled(t("variable.about"), text_field(row, "about", `${here}/about`, t("variable.about"), edit, { most: 200 }), "mq-wide"),
        without(variables, row, here, edit, row.name), fault, holder);
    });
    const fresh = () => {
      let number = variables.length + 1;
      while (variables.some((one) => one.name === `variable_${number}`)) number += 1;
      return { name: `variable_${number}`, type: "bool", start: false, about: "" };
    };
    return el("div", { class: "mq-variables-edit" }, rows, variables.length < most ? adder(t("variable.new"), variables, fresh, where, edit, { focus: `${where}/${variables.length}/name` }) : null);
  }

  // Who speaks: name, voice, goals, knowledge. renamed and found as above.
  function cast_fields(cast, where, edit, { renamed = () => {}, found = () => {}, most = 24 } = {}) {
    const rows = cast.map((row, at) => {
      const here = `${where}/${at}`;
      const fault = el("span", { class: "mq-field-error", role: "alert" });
      const take = (value, field) => {
        const name = value.trim();
        const wrong = !name ? t("character.no_name") : cast.some((one) => one !== row && one.name === name) ? t("character.taken") : "";
        fault.textContent = wrong;
        field.setAttribute("aria-invalid", String(Boolean(wrong)));
        if (!wrong && name !== row.name) edit(`${here}/name`, () => { renamed(row.name, name); row.name = name; }, "later");
      };
      const holder = el("div", { class: "mq-found" });
      found(row, holder);
      return el("div", { class: "mq-character", "data-character": row.name },
        labelled(t("character.name"), text_field(row, "name", `${here}/name`, t("character.name"), edit, { most: 60, lazy: true, taken: take })),
        labelled(t("character.voice"), text_field(row, "voice", `${here}/voice`, t("character.voice"), edit, { most: 200, placeholder: t("character.voice_hint") })),
        labelled(t("character.goals"), lines_field(row, "goals", `${here}/goals`, t("character.goals"), edit)),
        labelled(t("character.knowledge"), lines_field(row, "knowledge", `${here}/knowledge`, t("character.knowledge"), edit)),
        without(cast, row, here, edit, row.name), fault, holder);
    });
    const fresh = () => {
      let number = cast.length + 1;
      while (cast.some((one) => one.name === t("character.fresh", { n: number }))) number += 1;
      return { name: t("character.fresh", { n: number }), voice: "", goals: [], knowledge: [] };
    };
    return el("div", { class: "mq-cast" }, rows, cast.length < most ? adder(t("character.new"), cast, fresh, where, edit, { focus: `${where}/${cast.length}/name` }) : null);
  }

  // What all texts of a world must agree with.
  function world_fields(world, where, edit) {
    return el("div", { class: "mq-world" },
      labelled(t("world.name"), text_field(world, "name", `${where}/name`, t("world.name"), edit, { most: 80 })),
      labelled(t("world.about"), text_field(world, "about", `${where}/about`, t("world.about"), edit, { most: 400, rows: 2 }), "mq-wide"),
      labelled(t("world.facts"), lines_field(world, "facts", `${where}/facts`, t("world.facts"), edit), "mq-wide"),
      labelled(t("world.names"), lines_field(world, "names", `${where}/names`, t("world.names"), edit)),
      labelled(t("world.absent"), lines_field(world, "absent", `${where}/absent`, t("world.absent"), edit, t("world.absent_hint"))));
  }

  Object.assign(window.Maquette, { settled, text_field, labelled, pick, value_field, type_of, condition, effect, rules, rule_adders, variable_fields, cast_fields, world_fields });
})();
