// What a file will say of its origin when it is downloaded: a small button beside downloads opens it. The studio labels a copy to tell.
(() => {
  "use strict";

  const { el, t, bytes, button, quiet, dialog } = window.Maquette;

  async function told(base, file) {
    const response = await fetch(`${base}/${file.url}?label=told`, { headers: { "accept-language": t("locale") } });
    const found = await response.json().catch(() => ({}));
    if (!response.ok) throw new Error([found.message || t("error.http", { status: response.status }), found.hint].filter(Boolean).join(" "));
    return found;
  }

  function part_of(base, file) {
    const holder = el("section", { "aria-busy": "true" }, el("h4", {}, file.name), el("p", { class: "mq-note" }, t("labels.looking")));
    told(base, file)
      .then((found) => holder.replaceChildren(
        el("h4", {}, found.name, " ", el("small", { class: "mq-note" }, bytes(found.size))),
        el("ul", {}, found.said.map((line) => el("li", {}, line))),
        found.beside ? el("p", {}, el("a", { href: `${base}/${file.url}?label=1`, download: `${found.name}.label.json` }, t("labels.beside"))) : "",
      ))
      .catch((error) => holder.replaceChildren(el("h4", {}, file.name), el("p", { class: "mq-field-error", role: "alert" }, error.message)))
      .finally(() => holder.removeAttribute("aria-busy"));
    return holder;
  }

  // files: of an asset, as its routes name them.
  function label_link(base, files) {
    const names = files.map((file) => file.name).join(t("list.comma"));
    return quiet(t("labels.link"), () => {
      const shown = dialog(t("labels.title"), "mq-labels-told", el("h3", {}, t("labels.title")), el("div", { class: "mq-inspected", "aria-live": "polite" }, files.map((file) => part_of(base, file))), button(t("card.close"), () => shown.close()));
    }, { class: "mq-link mq-label-link", "aria-label": t("labels.of", { names }) });
  }

  Object.assign(window.Maquette, { label_link });
})();
