// The page of a share link: opens it with what stands after the # of the address, and shows its results, with comments and verdicts.
(() => {
  "use strict";
  const { el, t, has, named, button, quiet, notice, preview, is_picture, chip, comments_panel } = window.Maquette;

  const root = JSON.parse(document.querySelector('meta[name="maquette-base"]').content);
  const place = document.querySelector("#mq-shared");
  const says = notice();
  const [id, secret] = window.location.hash.slice(1).split(".");
  const base = `${root}/shared/${encodeURIComponent(id || "")}`;
  const when = (text) => new Date(text).toLocaleString(t("locale"));

  async function ask(method, path, body) {
    const response = await fetch(`${base}/${path}`, { method, headers: body ? { "content-type": "application/json" } : {}, body: body ? JSON.stringify(body) : undefined });
    const data = await response.json().catch(() => ({}));
    if (!response.ok) throw Object.assign(new Error([data.message, data.hint].filter(Boolean).join(" ") || t("error.http", { status: response.status })), { data, status: response.status });
    return data;
  }

  const language = () => {
    const other = document.documentElement.lang === "zh" ? "en" : "zh";
    return el("a", { href: `?language=${other}${window.location.hash}`, lang: other }, other === "zh" ? "中文" : "English");
  };
  const top = (title, text) => el("header", { class: "mq-visit-top" }, el("span", { class: "mq-mark", "aria-hidden": "true" }), el("h1", {}, title), el("span", { class: "mq-note" }, text), language(),
    el("button", { type: "button", class: "mq-dark", "aria-pressed": "false", "aria-label": t("dark") }, "◐"));

  // A link that lets people write asks for a name; one with a password asks for that, too.
  function door(with_password, fault) {
    const name = el("input", { type: "text", name: "name", maxlength: 40, autocomplete: "name" });
    const password = el("input", { type: "password", name: "password", maxlength: 200, autocomplete: "current-password", required: true });
    const enter = (event) => {
      event.preventDefault();
      open(with_password ? password.value : "", name.value);
    };
    says.say(fault);
    place.replaceChildren(el("main", { class: "mq-visit-open" },
      el("form", { class: "mq-form mq-panel", onsubmit: enter }, el("h3", {}, "Maquette"), says.node, with_password ? el("p", { class: "mq-note" }, t("visit.password")) : null,
        with_password ? el("label", {}, t("people.password"), password) : null, el("label", {}, t("visit.name"), name), el("p", { class: "mq-note" }, t("visit.name_text")),
        el("div", { class: "mq-form-row" }, el("button", { class: "mq-button mq-primary", type: "submit" }, t("visit.enter")), language()))));
    (with_password ? password : name).focus();
  }

  function refusal(text) {
    says.say(text);
    place.replaceChildren(el("main", { class: "mq-visit-open" }, el("div", { class: "mq-panel" }, el("h3", {}, "Maquette"), says.node, language())));
  }

  async function open(password, name) {
    try {
      const opened = await ask("POST", "open", { secret, password, name });
      if (opened.role !== "view" && !name) return door(Boolean(password), "");
      return show(await ask("GET", "content"));
    } catch (error) {
      if (error.data && error.data.field === "password") return door(true, password ? error.message : "");
      return refusal(error.message);
    }
  }

  function said(review) {
    return el("p", { class: "mq-remark" }, el("b", {}, review.person || "–"), ` ${named("verdict", review.verdict)} `, el("time", { datetime: review.created }, when(review.created)), review.note ? el("span", {}, el("br"), review.note) : null);
  }

  // Verdicts on one result, and for those who may give one the form to do so.
  function decisions(asset, content) {
    const list = el("div", { "aria-live": "polite" });
    const told = notice();
    const again = async () => {
      const reviews = (await ask("GET", `assets/${asset.id}/reviews`)).map(said);
      list.replaceChildren(...reviews);
    };
    const failed = (error) => told.say(error.message);
    again().catch(failed);
    if (content.role !== "review") return list;
    const note = el("textarea", { rows: 2, maxlength: 2000, "aria-label": `${t("review.note")}: ${asset.title}`, placeholder: t("review.note") });
    const send = (verdict) => async () => {
      try {
        await ask("POST", `assets/${asset.id}/reviews`, { verdict, note: note.value });
        note.value = "";
        told.say(t("visit.sent"), true);
        await again();
      } catch (error) { failed(error); }
    };
    const verdicts = [["approve", "visit.approve"], ["request_changes", "visit.changes"], ["reject", "visit.reject"]];
    return el("div", { class: "mq-form" }, list, note, told.node, el("div", { class: "mq-form-row" }, verdicts.map(([verdict, word]) => button(t(word), send(verdict)))));
  }

  // What is said of one result, with the places it is said of.
  function talk(asset, content, shown) {
    const part = el("details", {}, el("summary", {}, t("visit.said", { title: asset.title })));
    part.addEventListener("toggle", () => {
      // A picture stands there once: with its pins while the comments are open.
      shown.hidden = part.open && is_picture(asset);
      if (part.children.length > 1) return;
      const of = (method, path, body) => ask(method, `assets/${asset.id}/comments${path}`, body);
      part.append(comments_panel(base, asset, of, { say: content.role !== "view", resolve: false }, shown).node, decisions(asset, content));
    });
    return part;
  }

  function card(asset, content) {
    const files = content.download ? el("span", { class: "mq-files" }, asset.files.map((f) => el("a", { href: `${base}/${f.url}?download=1`, download: f.name, "aria-label": t("card.download", { name: f.name }) }, f.name.split(".").pop().toUpperCase())), window.Maquette.label_link(base, asset.files)) : null;
    const shown = preview(base, asset);
    return el("article", { class: "mq-panel", "data-asset": asset.id },
      shown,
      el("div", { class: "mq-form-row" }, el("div", { class: "mq-titles mq-grow" }, el("h3", {}, asset.title), el("p", {}, [named("kind", asset.kind), `${t("card.version")} ${asset.version}`].join(" · "))),
        asset.verdict && has(`verdict.${asset.verdict}`) ? chip(`verdict-${asset.verdict}`, t(`verdict.${asset.verdict}`)) : null, files),
      talk(asset, content, shown));
  }

  function show(content) {
    document.title = `${content.title} · Maquette`;
    place.replaceChildren(top(content.title, t("visit.until", { date: when(content.until) })),
      el("main", {}, content.assets.length ? el("div", { class: "mq-visit-list" }, content.assets.map((asset) => card({ ...asset, maker: "", seed: "" }, content))) : el("p", { class: "mq-note" }, t("visit.empty"))));
  }

  if (!id || !secret) refusal(t("visit.no_secret"));
  else {
    place.replaceChildren(el("p", { class: "mq-note", role: "status" }, t("visit.opening")));
    // Whoever opened it here before is still known, until the visit ends.
    ask("GET", "content").then((content) => (content.role === "view" || content.named ? show(content) : open("", "")), () => open("", ""));
  }
  window.addEventListener("hashchange", () => window.location.reload());
})();
