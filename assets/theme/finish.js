// What is made of a picture once it is there: enlarged by Real-ESRGAN or drawn again by a diffusion model, then without its background.
(() => {
  "use strict";

  const { el, t, call, fault_line } = window.Maquette;
  const NONE = "";

  // there: what can be done here ("finishes" of the Pictures page). read(): the wish; any: whether there is anything to choose.
  function finish_fields(base, there) {
    const ways = [["network", there.network], ["model", there.model]].filter(([, here]) => here).map(([name]) => name);
    const option = (way, scale) => el("option", { value: `${way}:${scale}` }, t(`finish.${way}`, { n: scale, model: there.model }));
    const enlarge = el("select", { name: "enlarge" }, el("option", { value: NONE }, t("preset.none")), ways.flatMap((way) => [option(way, 2), option(way, 4)]));
    const transparent = el("input", { type: "checkbox", name: "transparent" });
    const missing = [ways.length ? "" : t("finish.enlarge"), there.transparent ? "" : t("finish.transparent")].filter(Boolean);
    const settings = `${base}${t("locale").startsWith("zh") ? "/zh" : ""}/settings`;
    const node = el("div", { class: "mq-finish" },
      ways.length ? el("label", { "data-field": "enlarge" }, t("finish.enlarge"), enlarge, fault_line()) : null,
      there.transparent ? el("div", { "data-field": "transparent" }, el("label", { class: "mq-check" }, transparent, t("finish.transparent")), fault_line()) : null,
      missing.length ? el("p", { class: "mq-note" }, t("finish.missing", { what: missing.join(t("list.comma")) }), " ", el("a", { href: settings }, t("paint.models"))) : null);
    const read = () => {
      const [way, scale] = enlarge.value.split(":");
      return { enlarge: way || "", scale: Number(scale) || 2, transparent: transparent.checked };
    };
    return { node, read, any: Boolean(ways.length || there.transparent) };
  }

  // The same for a picture that is there: the steps are added to its plan. path: of its step. told(error), close(): after it.
  function finish_form(base, path, options, close, told) {
    const fields = finish_fields(base, options.finishes);
    return el("form", { class: "mq-form", novalidate: true, onsubmit: async (event) => {
      event.preventDefault();
      try {
        await call(base, "POST", `${path}/finish`, fields.read());
        await close();
      } catch (error) { told(error); }
    } }, el("h3", {}, t("finish.title")), fields.node, fields.any ? el("button", { class: "mq-button", type: "submit" }, t("finish.add")) : null);
  }

  Object.assign(window.Maquette, { finish_fields, finish_form });
})();
