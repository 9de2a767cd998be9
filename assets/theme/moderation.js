// Content review: what waits for a person's decision and why, deciding, appealing; how one result was judged.
(() => {
  "use strict";

  const { el, t, call, button, quiet, chip, notice } = window.Maquette;
  const chinese = () => t("locale").startsWith("zh");
  const held_chip = (state) => chip(`content-${state}`, t(`content.state.${state}`));
  const moment = (text) => new Date(text).toLocaleString(t("locale"));

  function finding_line(finding) {
    const score = finding.score === null ? "" : t("content.score", { n: finding.score.toFixed(2) });
    return el("li", {}, el("span", {}, chinese() ? finding.reason.zh : finding.reason.en), finding.words ? el("q", {}, finding.words) : null,
      el("span", { class: "mq-note" }, [finding.rule, t(`content.stage.${finding.stage}`), score].filter(Boolean).join(" · ")));
  }

  // One case with what whoever looks may do. open: shows the result, null where it stands in its own drawer. done(): after something was stored.
  function case_view(base, one, open, done) {
    const told = notice();
    const path = `projects/${one.project_id}/moderation/${one.id}`;
    const note = el("textarea", { rows: 2, maxlength: 2000, name: "note", "aria-label": t("content.note"), placeholder: t("content.note") });
    const send = (where, body) => async () => {
      try { told.say(""); await call(base, "POST", `${path}/${where}`, { ...body, note: note.value, seen: one.revision }); await done(); } catch (error) { told.say(error.message); }
    };
    const decide = (allow) => button(t(allow ? "content.allow" : "content.refuse"), send("decision", { allow }), { "data-decide": allow ? "allow" : "refuse" });
    const actions = one.may_decide ? [one.state === "allowed" ? null : decide(true), one.state === "refused" ? null : decide(false)] : [];
    if (one.may_appeal) actions.push(button(t("content.appeal"), send("appeal", {}), { "data-decide": "appeal" }));
    const facts = [t(`content.kind.${one.kind}`), one.person && one.person !== "local" ? one.person : "", moment(one.created)].filter(Boolean).join(" · ");
    const title = open && one.kind === "asset" ? quiet(one.title, () => open(one.subject), { class: "mq-link mq-name" }) : el("span", { class: "mq-name" }, one.title);
    return el("div", { class: "mq-content-case", "data-case": one.id }, ...[
      el("div", { class: "mq-form-row" }, title, held_chip(one.state)),
      el("span", { class: "mq-note" }, facts),
      el("ul", { class: "mq-content-found" }, one.findings.map(finding_line)),
      one.text && one.text !== one.title ? el("details", {}, el("summary", {}, t("content.words")), el("p", { class: "mq-as-written" }, one.text)) : null,
      one.appeal ? el("p", { class: "mq-as-written" }, el("b", {}, t("content.appealed_with")), ` ${one.appeal}`) : null,
      one.decided ? el("p", { class: "mq-as-written" }, el("b", {}, t("content.decided", { person: one.decided_by || "–", date: moment(one.decided) })), one.note ? ` ${one.note}` : "") : null,
      told.node,
      actions.some(Boolean) ? note : null,
      actions.some(Boolean) ? el("div", { class: "mq-form-row" }, actions.filter(Boolean)) : null,
    ].filter(Boolean));
  }

  // Asks that a refused brief be allowed.
  function wish_form(base, project, done) {
    const told = notice();
    const text = el("textarea", { rows: 3, maxlength: 20000, name: "text", required: true });
    const note = el("textarea", { rows: 2, maxlength: 2000, name: "note", required: true });
    const send = async (event) => {
      event.preventDefault();
      try { told.say(""); await call(base, "POST", `projects/${project}/moderation/appeals`, { text: text.value, note: note.value }); text.value = note.value = ""; await done(); } catch (error) { told.say(error.message); }
    };
    return el("details", { class: "mq-content-wish" }, el("summary", {}, t("content.wish")), el("form", { class: "mq-form", onsubmit: send }, el("p", { class: "mq-note" }, t("content.wish_text")),
      el("label", {}, t("content.wish_words"), text), el("label", {}, t("content.wish_note"), note), told.node, el("div", { class: "mq-form-row" }, el("button", { class: "mq-button", type: "submit" }, t("content.appeal")))));
  }

  // What waits in a project, and what was decided. open(id) shows a result; changed() is told after each decision.
  function content_list(base, project, open, changed) {
    const told = notice();
    const list = el("ul", { class: "mq-content-cases" });
    const old = el("input", { type: "checkbox", name: "decided" });
    const draw = async () => {
      try {
        const found = await call(base, "GET", `projects/${project}/moderation?waiting=${!old.checked}`);
        list.replaceChildren(...(found.length ? found.map((one) => el("li", {}, case_view(base, one, open, redraw))) : [el("li", { class: "mq-note" }, t(old.checked ? "content.none_decided" : "content.none"))]));
      } catch (error) { told.say(error.message); }
    };
    const redraw = async () => { await draw(); changed(); };
    old.addEventListener("change", draw);
    draw();
    return el("section", { class: "mq-panel mq-content", "aria-label": t("content.title") }, el("h3", {}, t("content.title")), el("p", { class: "mq-note" }, t("content.text")), told.node,
      el("label", { class: "mq-check" }, old, t("content.show_decided")), list, wish_form(base, project, redraw));
  }

  // How one result was judged, and its case. A picture nobody looked at is said to be that.
  function content_panel(base, asset, changed) {
    const told = notice();
    const body = el("div", { class: "mq-content" });
    const facts = (judged) => {
      if (!judged) return t("content.before");
      const picture = judged.picture === "checked" ? t("content.picture.checked", { n: judged.score.toFixed(2), model: judged.model }) : judged.picture === "none" ? "" : t("content.picture.not_checked");
      return [judged.text ? t("content.checked_text") : "", picture, t("content.at_level", { level: t(`content.level.${judged.level}`) })].filter(Boolean).join(" · ");
    };
    const draw = async () => {
      try {
        const found = await call(base, "GET", `assets/${asset.id}/moderation`);
        const unchecked = found.judged && found.judged.picture === "not_checked";
        body.replaceChildren(...[el("p", { class: unchecked ? "mq-content-unchecked" : "mq-note" }, facts(found.judged)),
          found.held && !found.case ? el("p", { class: "mq-content-unchecked" }, t("content.held_source")) : null,
          found.case ? case_view(base, found.case, null, async () => { await draw(); changed(); }) : null].filter(Boolean));
      } catch (error) { told.say(error.message); }
    };
    draw();
    return el("div", {}, told.node, body);
  }

  // The level of a project, as a field of its settings.
  function level_field(level) {
    const select = el("select", { name: "moderation" }, ["strict", "standard", "open"].map((one) => el("option", { value: one, selected: one === level }, t(`content.level.${one}`))));
    return { select, node: [el("label", {}, t("content.level"), select), el("p", { class: "mq-note" }, t("content.level_text"))] };
  }

  Object.assign(window.Maquette, { content_list, content_panel, held_chip, level_field });
})();
