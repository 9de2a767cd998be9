// A picture as the look of a character of the project: kept in the character's sheet, and told of the pictures that keep them alike by it.
(() => {
  "use strict";

  const { el, t, call, quiet, fault_line, clear_faults } = window.Maquette;

  // Whose look this picture is: one of the project's characters, or a new one.
  function alike_form(base, project, asset, options) {
    const known = options.characters;
    const who = el("select", { name: "who" }, el("option", { value: "" }, t("alike.new")), known.map((one) => el("option", { value: one.name }, one.name)));
    const name = el("input", { type: "text", name: "name", maxlength: 60 });
    const look = el("textarea", { name: "look", rows: 2, maxlength: 400 });
    const said = el("p", { class: "mq-note", "aria-live": "polite" });
    const whole = fault_line();
    const naming = el("label", { "data-field": "name" }, t("brand.characters.name"), name, fault_line());
    const follow = () => {
      const one = known.find((sheet) => sheet.name === who.value);
      naming.hidden = Boolean(one);
      name.value = one ? one.name : "";
      look.value = one ? one.look : "";
    };
    who.addEventListener("change", follow);
    follow();
    const form = el("form", { class: "mq-form mq-alike", novalidate: true, onsubmit: async (event) => {
      event.preventDefault();
      clear_faults(form);
      said.textContent = "";
      try {
        const kept = await call(base, "POST", `projects/${project}/characters`, { name: name.value, look: look.value, asset: asset.id });
        known.splice(0, known.length, ...known.filter((one) => one.name !== kept.name), kept);
        said.textContent = t("alike.kept", { name: kept.name });
      } catch (error) {
        const place = form.querySelector(`[data-field="${CSS.escape(String((error.data && error.data.field) || ""))}"]`);
        (place ? place.querySelector(".mq-field-error") : whole).textContent = error.message;
        const input = place && place.querySelector("input, textarea");
        if (input) { input.setAttribute("aria-invalid", "true"); input.focus(); }
      }
    } }, el("h3", {}, t("alike.title")), el("p", { class: "mq-note" }, t("alike.text")), el("label", {}, t("alike.who"), who), naming,
      el("label", { "data-field": "look" }, t("brand.characters.look"), look, fault_line()), whole, el("button", { class: "mq-button", type: "submit" }, t("alike.keep")), said);
    return form;
  }

  // Who is kept alike in a picture, and by what; open(id) shows their picture.
  const alike_rows = (characters, open) => characters.map((one) => el("p", {}, t(`alike.by.${one.by}`, { name: one.name }), one.asset ? [" · ", quiet(one.title, () => open(one.asset))] : null));

  // The picture of a character on the brand kit's form; it can be taken off.
  function alike_face(base, sheet) {
    let picture = sheet.picture || "";
    const node = el("span", { class: "mq-face-of" });
    const draw = () => node.replaceChildren(...(picture ? [el("img", { src: `${base}/thumbnails/${picture}`, alt: t("alike.picture", { name: sheet.name }) }),
      quiet(t("alike.remove"), () => { picture = ""; draw(); }, { "aria-label": t("alike.remove_of", { name: sheet.name }) })] : []));
    draw();
    return { node, read: () => picture };
  }

  Object.assign(window.Maquette, { alike_form, alike_rows, alike_face });
})();
