// Settings > Check: a file is dropped or chosen, and the page says what it carries of its origin. Nothing of it is kept.
(() => {
  "use strict";

  const { el, t, bytes, call, button, chip, notice } = window.Maquette;

  class Inspect {
    constructor(root, options) {
      this.base = options.base;
      this.says = notice();
      this.report = el("div", { class: "mq-report mq-inspected", role: "status", "aria-live": "polite" });
      const file = el("input", { type: "file", class: "mq-hidden", tabindex: "-1", id: "mq-inspect-file", "aria-label": t("inspect.choose") });
      file.addEventListener("change", () => { this.look(file.files[0]); file.value = ""; });
      const zone = el("div", { class: "mq-inspect" }, button(t("inspect.choose"), () => file.click(), { class: "mq-button mq-primary", id: "mq-inspect" }), file, el("span", { class: "mq-note" }, t("inspect.drop")));
      zone.addEventListener("dragover", (event) => { event.preventDefault(); zone.classList.add("mq-over"); });
      zone.addEventListener("dragleave", () => zone.classList.remove("mq-over"));
      zone.addEventListener("drop", (event) => { event.preventDefault(); zone.classList.remove("mq-over"); this.look(event.dataTransfer.files[0]); });
      root.replaceChildren(el("section", { class: "mq-panel" }, el("h3", {}, t("inspect.title")), el("p", { class: "mq-note" }, t("inspect.text")), zone, this.says.node, this.report));
    }

    stop() {}

    async look(file) {
      if (!file) return;
      this.says.say("");
      this.report.replaceChildren(el("p", { class: "mq-note" }, t("inspect.looking", { name: file.name })));
      try {
        this.show(await call(this.base, "POST", `inspect?name=${encodeURIComponent(file.name.slice(0, 200))}`, file));
      } catch (error) {
        this.report.replaceChildren();
        this.says.say(error.message);
      }
    }

    show(found) {
      const signed = found.credentials;
      const state = signed ? signed.state : "unsigned";
      const rows = (pairs) => el("dl", { }, pairs.flatMap(([name, text]) => [el("dt", {}, name), el("dd", {}, text)]));
      const part = (title, node) => el("details", {}, el("summary", {}, title), node);
      const table = Object.entries(found.aigc);
      const files = found.files.filter((one) => one.state !== "as_said");
      this.report.replaceChildren(...[
        el("p", {}, el("b", {}, found.name), " ", el("span", { class: "mq-note" }, [found.media_type, bytes(found.size)].filter(Boolean).join(" · "))),
        el("p", { class: "mq-inspect-chips" }, chip("plain", t(`inspect.ai.${found.ai}`)), chip(state === "altered" || state === "broken" ? "failed" : "plain", t(`inspect.state.${state}`))),
        el("ul", { class: state === "altered" ? "mq-error" : "" }, found.said.map((line) => el("li", {}, line))),
        found.marked.length ? el("p", {}, t("inspect.marked", { names: found.marked.map((one) => `${one.title} (${one.id})`).join(t("list.comma")) })) : null,
        files.length ? el("ul", {}, files.map((one) => el("li", {}, `${one.name}: ${t(`inspect.file.${one.state}`)}`))) : null,
        found.settings.length ? part(t("inspect.settings"), rows(found.settings)) : null,
        table.length ? part(t("inspect.label"), rows(table)) : null,
        signed ? part(t("inspect.signature"), rows([
          [t("inspect.signer"), signed.signer || "–"], [t("inspect.issuer"), signed.issuer || "–"], [t("inspect.generator"), signed.generator || "–"],
          [t("inspect.when"), signed.when || "–"], [t("inspect.actions"), signed.actions.join(t("list.comma")) || "–"],
        ])) : null,
      ].filter(Boolean));
    }
  }

  window.Maquette.part("inspect", (root, options) => new Inspect(root, options));
})();
