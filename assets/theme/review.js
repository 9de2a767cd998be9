// How far the review of a result is, and what can be done with it: hand in, decide, assign, publish; what waits; many at once.
(() => {
  "use strict";

  const { el, t, call, button, quiet, chip, notice, dialog } = window.Maquette;
  const state_chip = (state) => chip(`state-${state}`, t(`review.state.${state}`));
  const day = (text) => new Date(`${text}T12:00:00`).toLocaleDateString(t("locale"));
  const today = () => new Date().toLocaleDateString("sv"); // as YYYY-MM-DD

  function since_line(change) {
    return el("li", {}, t(`review.since.${change.kind}`, { n: change.version }));
  }

  // A panel of one result. changed(): after something was stored.
  function review_panel(base, project, asset, changed) {
    const told = notice();
    const body = el("div", { class: "mq-review-body" });
    const path = `assets/${asset.id}/review`;
    const note = el("textarea", { rows: 2, maxlength: 2000, name: "note", "aria-label": t("review.note"), placeholder: t("review.note") });
    const redo = el("input", { type: "checkbox", name: "redo", checked: Boolean(asset.plan) });
    let seen = null;

    const attempt = async (work) => {
      try {
        told.say("");
        const shown = await work();
        if (shown.redo && shown.redo.error) told.say(t("review.not_redone", { why: shown.redo.error }));
        else if (shown.redo) told.say(t("review.redone", { n: shown.redo.steps.length }), true);
        if (!seen || shown.state !== seen.state) note.value = "";
        draw(shown);
        changed();
      } catch (error) {
        told.say(error.message);
        // Somebody was first: show what they decided.
        if (error.status === 409) draw(await call(base, "GET", path));
      }
    };
    const move = (to) => () => attempt(() => call(base, "POST", `${path}/state`, { to, seen: seen.revision, note: note.value, redo: redo.checked && to === "changes_requested" }));

    async function assignment() {
      const members = (await call(base, "GET", `projects/${project}/members`)).members.filter((one) => one.role !== "viewer").map((one) => one.person);
      const people = [...new Set([...members, seen.assignee].filter(Boolean))];
      const who = el("select", { name: "assignee" }, el("option", { value: "" }, t("review.anybody")), people.map((one) => el("option", { value: one, selected: one === seen.assignee }, one)));
      const due = el("input", { type: "date", name: "due", value: seen.due || "" });
      return el("form", { class: "mq-form mq-form-row", onsubmit: (event) => {
        event.preventDefault();
        attempt(() => call(base, "PUT", `${path}/assignment`, { assignee: who.value, due: due.value || null, seen: seen.revision }));
      } }, el("label", {}, t("review.assignee"), who), el("label", {}, t("review.due"), due), el("button", { class: "mq-button", type: "submit" }, t("review.assign")));
    }

    // What no check of ours can know; who ticked it stands beside it.
    function checklist(shown) {
      const open = shown.checklist.filter((one) => !one.by).length;
      const decides = shown.moves.includes("approved");
      const row = (one) => {
        const tick = el("input", { type: "checkbox", checked: Boolean(one.by), disabled: !decides });
        tick.addEventListener("change", () => attempt(() => call(base, "PUT", `${path}/checklist/${one.id}`, { done: tick.checked, seen: seen.revision })));
        return el("label", { class: "mq-check" }, tick, el("span", {}, t("locale").startsWith("zh") ? one.zh : one.en, one.by ? el("span", { class: "mq-note" }, ` ${one.by}`) : null));
      };
      return shown.checklist.length ? el("fieldset", { class: "mq-checklist" }, el("legend", {}, open ? t("review.checklist_open", { n: open }) : t("review.checklist_done")), shown.checklist.map(row)) : null;
    }

    function draw(shown) {
      seen = shown;
      const late = shown.due && shown.due < today() && shown.state === "in_review";
      const due = shown.due ? el("span", { class: late ? "mq-late" : "mq-note" }, t(late ? "review.overdue" : "review.due_on", { date: day(shown.due) })) : null;
      const by = shown.changed ? t("review.by", { person: shown.person || "–", date: new Date(shown.changed).toLocaleString(t("locale")) }) : "";
      const holder = el("div", {});
      const decides = shown.moves.some((to) => to === "approved" || to === "changes_requested");
      body.replaceChildren(...[
        el("div", { class: "mq-form-row" }, state_chip(shown.state), by ? el("span", { class: "mq-note" }, by) : null, shown.assignee ? el("span", { class: "mq-note" }, t("review.assigned", { person: shown.assignee })) : null, due),
        shown.note ? el("p", { class: "mq-as-written" }, shown.note) : null,
        shown.since.length ? el("div", { class: "mq-since", role: "status" }, el("b", {}, t("review.since")), el("ul", {}, shown.since.map(since_line))) : null,
        checklist(shown),
        shown.moves.length ? el("div", { class: "mq-form" }, note, shown.moves.includes("changes_requested") && asset.plan ? el("label", { class: "mq-check" }, redo, t("review.redo")) : null,
          el("div", { class: "mq-form-row" }, shown.moves.map((to) => button(t(`review.to.${to}`), move(to), { "data-to": to, ...(to === "approved" && decides ? { class: "mq-button mq-primary" } : {}) })))) : null,
        decides || shown.moves.length ? el("details", { ontoggle: (event) => { if (event.target.open) assignment().then((form) => holder.replaceChildren(form), (error) => told.say(error.message)); } }, el("summary", {}, t("review.assign_to")), holder) : null,
      ].filter(Boolean));
    }

    call(base, "GET", path).then(draw).catch((error) => told.say(error.message));
    return el("div", { class: "mq-review" }, told.node, body);
  }

  // What waits for whoever looks, over all their projects. open(id) shows one of this project.
  async function waiting_list(base, project, open) {
    const found = await call(base, "GET", "me/reviews");
    const row = (one) => {
      const late = one.due && one.due < today();
      const facts = [t("card.version") + ` ${one.version}`, one.project === project ? "" : one.project_name, one.assignee ? t("review.assigned", { person: one.assignee }) : t("review.anybody")].filter(Boolean).join(" · ");
      return el("li", {}, one.project === project ? quiet(one.title, () => open(one.id), { class: "mq-link mq-name" }) : el("span", { class: "mq-name" }, one.title), el("span", { class: "mq-note" }, facts),
        one.due ? el("span", { class: late ? "mq-late" : "mq-note" }, t(late ? "review.overdue" : "review.due_on", { date: day(one.due) })) : null);
    };
    return { count: found.length, node: el("section", { class: "mq-panel mq-waiting", "aria-label": t("review.waiting") }, el("h3", {}, t("review.waiting")), found.length ? el("ul", {}, found.map(row)) : el("p", { class: "mq-note" }, t("review.nothing"))) };
  }

  // Several at once; each that could not be moved is named with the reason.
  function batch_dialog(base, project, assets, done) {
    const told = notice();
    const results = el("ul", { class: "mq-batch", "aria-live": "polite" });
    const note = el("textarea", { rows: 2, maxlength: 2000, name: "note", "aria-label": t("review.note"), placeholder: t("review.note") });
    const titles = new Map(assets.map((asset) => [asset.id, asset.title]));
    const move = (to) => async () => {
      try {
        const moved = await call(base, "POST", `projects/${project}/reviews`, { asset_ids: [...titles.keys()], to, note: note.value });
        const refused = moved.filter((one) => one.error);
        told.say(t("review.batch_done", { n: moved.length - refused.length, all: moved.length }), !refused.length);
        results.replaceChildren(...refused.map((one) => el("li", {}, el("b", {}, titles.get(one.id) || one.id), ` ${one.error}`)));
        done();
      } catch (error) { told.say(error.message); }
    };
    const node = dialog(t("review.batch"), "mq-share-dialog");
    node.append(el("div", { class: "mq-share-in" }, el("h2", {}, t("review.batch")), el("p", { class: "mq-note" }, t("library.selected", { n: titles.size })), note, told.node, results,
      el("div", { class: "mq-form-row" }, ["in_review", "approved", "changes_requested", "published"].map((to) => button(t(`review.to.${to}`), move(to), { "data-to": to })), quiet(t("card.close"), () => node.close()))));
  }

  // Preference pairs: whether they are kept, how many there are, and the way to take them out.
  function preferences_panel(base, project) {
    const told = notice();
    const body = el("div", { class: "mq-form" });
    const draw = (found) => {
      const agree = el("input", { type: "checkbox", name: "preferences", checked: found.consent });
      agree.addEventListener("change", async () => {
        // What was kept goes when it is switched off.
        if (!agree.checked && found.pairs && !window.confirm(t("pairs.delete", { n: found.pairs }))) { agree.checked = true; return; }
        try { told.say(""); draw(await call(base, "PUT", `projects/${project}/preferences`, { agreed: agree.checked })); } catch (error) { told.say(error.message); draw(found); }
      });
      const counts = Object.entries(found.by_source).map(([source, n]) => `${t(`pairs.${source}`)}: ${n}`).join(" · ");
      const get = (medium) => el("a", { class: "mq-button", href: `${base}/api/projects/${project}/preferences.jsonl?medium=${medium}`, download: "" }, t(`pairs.get.${medium}`));
      body.replaceChildren(...[el("p", { class: "mq-note" }, t("pairs.text")), el("label", { class: "mq-check" }, agree, t("pairs.keep")),
        el("p", { role: "status" }, [t("pairs.count", { n: found.pairs, texts: found.texts, reasons: found.with_reason }), counts].filter(Boolean).join(" · ")),
        found.pairs ? el("div", { class: "mq-form-row" }, get("text"), get("media")) : null].filter(Boolean));
    };
    return el("details", { class: "mq-panel mq-pairs", ontoggle: (event) => { if (event.target.open) call(base, "GET", `projects/${project}/preferences`).then(draw).catch((error) => told.say(error.message)); } }, el("summary", {}, t("pairs.title")), told.node, body);
  }

  Object.assign(window.Maquette, { review_panel, waiting_list, batch_dialog, preferences_panel, state_chip });
})();
