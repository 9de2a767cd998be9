// The Share dialog of a project or of chosen results: make a link, see those there are, revoke them.
(() => {
  "use strict";
  const { el, t, call, button, quiet, notice, dialog } = window.Maquette;

  const DAYS = [1, 7, 14, 30, 90, 365];
  const ROLES = ["view", "comment", "review"];
  const date = (text) => new Date(text).toLocaleDateString(t("locale"));
  const lone = () => ["localhost", "127.0.0.1", "[::1]"].includes(window.location.hostname);

  async function copy(text, says) {
    try {
      await navigator.clipboard.writeText(text);
      says.say(t("share.copied"), true);
    } catch {
      says.say(text);  // without a secure context a browser has no clipboard: the text can be marked
    }
  }

  const choice = (name, label, options, value) => {
    const select = el("select", { name }, options.map(([key, text]) => el("option", { value: key, selected: String(key) === String(value) }, text)));
    return { node: el("label", {}, label, select), select };
  };

  // What is told once: an address or a token, with a button that copies it.
  function told_once(text, label, why, says) {
    const box = el("input", { type: "text", readonly: true, value: text, "aria-label": label, onfocus: (event) => event.target.select() });
    return el("div", { class: "mq-once", role: "status" }, el("p", { class: "mq-note" }, why), box, el("div", { class: "mq-form-row" }, button(t("share.copy"), () => copy(text, says))));
  }

  function link_row(base, project, link, says, again) {
    const ended = link.revoked !== null || new Date(link.expires) <= new Date();
    const facts = [
      link.revoked !== null ? t("share.revoked") : ended ? t("share.expired") : t("share.until", { date: date(link.expires) }),
      t(`share.role.${link.role}`), link.assets.length ? t("share.selected", { n: link.assets.length }) : "",
      link.password ? t("share.has_password") : "", link.download ? t("share.has_download") : "",
      link.person && link.person !== "local" ? t("share.by", { name: link.person }) : "",
    ];
    const revoke = async () => {
      try {
        await call(base, "DELETE", `projects/${project}/links/${link.id}`);
        again();
      } catch (error) {
        says.say(error.message);
      }
    };
    return el("div", { class: `mq-person${ended ? " mq-link-ended" : ""}`, "data-link": link.id },
      el("span", { class: "mq-grow" }, link.label || date(link.created), el("small", {}, facts.filter(Boolean).join(" · "))),
      ended ? null : button(t("share.revoke"), revoke, { "aria-label": `${t("share.revoke")}: ${link.label || date(link.created)}` }));
  }

  // Everything about the links of a project, in any panel. Returns a node that draws itself.
  function links_of(base, project, says) {
    const holder = el("div", {});
    const again = async () => {
      try {
        const links = await call(base, "GET", `projects/${project}/links`);
        holder.replaceChildren(...(links.length ? links.map((link) => link_row(base, project, link, says, again)) : [el("p", { class: "mq-note" }, t("share.none"))]));
      } catch (error) {
        says.say(error.message);
      }
    };
    again();
    return { node: holder, again };
  }

  function share(base, project, name, assets = []) {
    const says = notice();
    const what = choice("what", t("share.what"), [...(assets.length ? [["chosen", t("share.selected", { n: assets.length })]] : []), ["whole", t("share.whole")]], assets.length ? "chosen" : "whole");
    const role = choice("role", t("share.role"), ROLES.map((one) => [one, t(`share.role.${one}`)]), "view");
    const days = choice("days", t("share.days"), DAYS.map((n) => [n, n === 1 ? t("share.days_1") : t("share.days_n", { n })]), 14);
    const label = el("input", { type: "text", name: "label", maxlength: 120 });
    const password = el("input", { type: "password", name: "password", maxlength: 200, autocomplete: "new-password" });
    const download = el("input", { type: "checkbox", name: "download" });
    const made = el("div", {});
    const links = links_of(base, project, says);
    const make = async (event) => {
      event.preventDefault();
      says.say("");
      try {
        const done = await call(base, "POST", `projects/${project}/links`, {
          assets: what.select.value === "chosen" ? assets : [], role: role.select.value, days: Number(days.select.value), label: label.value, password: password.value, download: download.checked,
        });
        const address = `${window.location.origin}${base}/${done.path}`;
        made.replaceChildren(told_once(address, t("share.address"), t("share.once"), says));
        made.querySelector("input").focus();
        links.again();
      } catch (error) {
        says.say(error.message);
      }
    };
    const form = el("form", { class: "mq-form mq-panel", onsubmit: make },
      what.node, el("div", { class: "mq-two-fields" }, role.node, days.node, el("label", {}, t("share.label"), label), el("label", {}, t("share.password"), password)),
      el("label", { class: "mq-check" }, download, t("share.download")),
      el("p", { class: "mq-note" }, t("share.honest")), lone() ? el("p", { class: "mq-note" }, t("share.local")) : null,
      el("div", { class: "mq-form-row" }, el("button", { class: "mq-button mq-primary", type: "submit" }, t("share.make"))));
    const shown = dialog(t("share.title", { name }), "mq-share-dialog",
      el("div", { class: "mq-share-in prose" },
        el("header", { class: "mq-drawer-head" }, el("h2", {}, t("share.title", { name })), quiet("✕", () => shown.close(), { "aria-label": t("card.close"), class: "mq-link mq-x" })),
        says.node, made, form, el("h3", {}, t("share.open_links")), links.node));
    role.select.focus();
    return shown;
  }

  Object.assign(window.Maquette, { share, links_of, told_once });
})();
