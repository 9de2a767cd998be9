// Deleting and keeping: the trash of a project on the Library page, the dialog before something is deleted, and Settings > Deletion:
// days until things go by themselves, what would go now, projects in the trash, holds, and the deletion of this project.
(() => {
  "use strict";

  const { el, t, named, bytes, call, button, quiet, notice, dialog } = window.Maquette;
  const DAYS = ["trash", "drafts", "audit", "events", "links"];
  const day = (text) => new Date(text).toLocaleDateString(t("locale"));
  const panel = (title, ...children) => el("section", { class: "mq-panel" }, el("h3", {}, title), ...children);

  // One thing in the trash; each question is asked beside it. act(work, told): does it, and draws the list anew.
  function trash_row(base, one, act) {
    const what = one.kind === "project" ? t("settings.project") : named("kind", one.kind_of);
    const facts = [what, one.size ? bytes(one.size) : "", t("trash.deleted", { date: day(one.deleted), person: one.person && one.person !== "local" ? one.person : "–" }), one.held ? t("trash.held") : one.gone ? t("trash.gone", { date: day(one.gone) }) : t("trash.stays")].filter(Boolean).join(" · ");
    const ask = quiet(t("trash.purge"), () => { ask.hidden = true; sure.hidden = false; sure.querySelector("button").focus(); }, { "aria-label": `${t("trash.purge")}: ${one.title}` });
    const really = quiet(t("trash.purge_sure"), () => act(() => call(base, "DELETE", `trash/${one.id}`), t("trash.purged", { title: one.title })));
    const stay = quiet(t("trash.keep"), () => { sure.hidden = true; ask.hidden = false; ask.focus(); });
    const sure = el("span", { class: "mq-form-row", hidden: true }, el("span", { class: "mq-note" }, t("trash.purge_asked")), really, stay);
    const back = one.restore ? button(t("trash.restore"), () => act(() => call(base, "POST", `trash/${one.id}/restore`), t("trash.restored", { title: one.title })), { "aria-label": `${t("trash.restore")}: ${one.title}` }) : null;
    return el("li", { class: "mq-trashed", "data-trash": one.id }, el("div", { class: "mq-trashed-text" }, el("b", {}, one.title), el("span", { class: "mq-note" }, facts)), back, one.purge && !one.held ? ask : null, one.purge ? sure : null);
  }

  // path: where the list is read. changed(): after something came back or went.
  function trash_list(base, path, changed) {
    const says = notice();
    const list = el("ul", { class: "mq-trash", tabindex: "-1" });
    const load = async () => {
      const found = await call(base, "GET", path);
      list.replaceChildren(...(found.length ? found.map((one) => trash_row(base, one, act)) : [el("li", { class: "mq-note" }, t("trash.empty"))]));
      return found.length;
    };
    const act = async (work, told) => {
      says.say("");
      try {
        await work();
        await load();
        // The row that was pressed is gone: whoever uses a keyboard goes on from the list.
        list.focus();
        says.say(told, true);
        changed();
      } catch (error) { says.say(error.message); }
    };
    return { node: el("div", {}, says.node, list), load };
  }

  // load(): draws the list anew; what was last said stays.
  async function trash_panel(base, project, changed) {
    const list = trash_list(base, `projects/${project}/trash`, changed);
    await list.load();
    return { load: list.load, node: el("section", { class: "mq-panel mq-waiting", "aria-label": t("trash.title") }, el("h3", {}, t("trash.title")), el("p", { class: "mq-note" }, t("trash.text")), list.node) };
  }

  // What goes with it is shown before anything goes. done(count)
  async function delete_dialog(base, asset, done) {
    const [found, review] = await Promise.all([call(base, "GET", `assets/${asset.id}/deletion`), call(base, "GET", `assets/${asset.id}/review`)]);
    const says = notice();
    const others = found.dependents;
    const go = button(t(others.length ? "trash.delete_all" : "review.delete", { n: others.length + 1 }), async () => {
      go.disabled = true;
      try {
        const { count } = await call(base, "DELETE", `assets/${asset.id}`, { seen: review.revision, dependents: others.length > 0 });
        shown.close();
        done(count);
      } catch (error) { says.say(error.message); go.disabled = false; }
    }, { class: "mq-button mq-primary", id: "mq-delete-sure" });
    const cancel = button(t("trash.keep"), () => shown.close());
    const row = (one) => el("li", {}, `${one.title} `, el("span", { class: "mq-note" }, `${named("kind", one.kind_of)} · ${t("card.version")} ${one.version}`));
    const shown = dialog(t("review.delete"), "mq-share-dialog", el("div", { class: "mq-share-in mq-delete-in" },
      el("h2", {}, t("trash.delete", { title: asset.title })), says.node,
      others.length ? el("div", {}, el("p", {}, t("trash.with", { n: others.length })), el("ul", { class: "mq-batch mq-delete-list" }, others.map(row))) : null,
      el("p", found.kept ? { class: "mq-error", role: "alert" } : { class: "mq-note" }, found.kept || t("trash.can_restore")),
      el("div", { class: "mq-form-row" }, found.kept ? null : go, cancel)));
  }

  class Keeping {
    constructor(root, options) {
      this.base = options.base;
      this.project = options.project;
      this.says = notice();
      this.holder = el("div", { class: "mq-people mq-keeping" });
      root.replaceChildren(el("section", {}, this.says.node, this.holder));
      this.load();
    }

    stop() {}

    async load() {
      try {
        const [found, inside, project] = await Promise.all([call(this.base, "GET", "retention"), call(this.base, "GET", `projects/${this.project}/members`), call(this.base, "GET", `projects/${this.project}`)]);
        const trash = trash_list(this.base, "trash", () => {});
        await trash.load();
        this.holder.replaceChildren(...[
          this.days(found),
          found.owner ? this.now() : null,
          panel(t("trash.projects"), el("p", { class: "mq-note" }, t("trash.text")), trash.node),
          inside.rights.includes("own") ? this.remove(project) : null,
          found.owner ? this.holds(found.holds, project) : null,
        ].filter(Boolean));
      } catch (error) { this.says.say(error.message); }
    }

    async act(work, told) {
      this.says.say("");
      try {
        const done = await work();
        await this.load();
        if (told) this.says.say(told, true);
        return done;
      } catch (error) {
        this.says.say(error.message);
        this.says.node.scrollIntoView({ block: "nearest" });
        return null;
      }
    }

    days(found) {
      const inputs = DAYS.map((name) => [name, el("input", { type: "number", name, min: 0, max: 36500, step: 1, value: found.days[name], disabled: !found.owner })]);
      const save = (event) => {
        event.preventDefault();
        this.act(() => call(this.base, "PUT", "retention", Object.fromEntries(inputs.map(([name, input]) => [name, Math.round(Number(input.value)) || 0]))), t("people.saved"));
      };
      return panel(t("keeping.title"), el("p", { class: "mq-note" }, t("keeping.text")),
        el("form", { class: "mq-form", onsubmit: save, id: "mq-keeping-days" }, inputs.map(([name, input]) => el("label", {}, t(`keeping.${name}`), input, el("small", { class: "mq-note" }, t(`keeping.${name}_text`)))),
          found.owner ? el("div", { class: "mq-form-row" }, el("button", { class: "mq-button mq-primary", type: "submit" }, t("card.save"))) : null));
    }

    // First what would go, and why; then, asked once more, it goes.
    now() {
      const list = el("div", { "aria-live": "polite" });
      const whole = el("input", { type: "checkbox", name: "everything" });
      const line = (item) => {
        const what = item.id ? `${t(`keeping.kind.${item.kind}`)}: ${item.title}` : t(`keeping.lines.${item.kind}`, { n: item.count });
        return el("li", {}, what, " ", el("span", { class: "mq-note" }, item.kept ? t(`keeping.kept.${item.kept}`) : t(`keeping.why.${item.why}`)));
      };
      const look = async () => {
        try {
          const report = await call(this.base, "POST", "retention/purge", { dry: true, everything: whole.checked });
          const going = report.items.some((item) => !item.kept);
          const go = button(t("keeping.go"), () => this.act(() => call(this.base, "POST", "retention/purge", { dry: false, everything: whole.checked }), t("keeping.done")), { class: "mq-button mq-primary", id: "mq-purge-sure" });
          list.replaceChildren(...[report.items.length ? el("ul", { class: "mq-batch" }, report.items.map(line)) : el("p", { class: "mq-note" }, t("keeping.nothing")), going ? el("div", { class: "mq-form-row" }, go, el("span", { class: "mq-note" }, t("trash.purge_asked"))) : null].filter(Boolean));
        } catch (error) { this.says.say(error.message); }
      };
      whole.addEventListener("change", () => list.replaceChildren());
      return panel(t("keeping.now"), el("p", { class: "mq-note" }, t("keeping.now_text")), el("label", { class: "mq-check" }, whole, t("keeping.everything")), el("div", { class: "mq-form-row" }, button(t("keeping.look"), look, { id: "mq-purge-look" })), list);
    }

    remove(project) {
      const typed = el("input", { type: "text", name: "name", maxlength: 120, autocomplete: "off" });
      const go = el("button", { class: "mq-button", type: "submit", disabled: true }, t("keeping.delete_project"));
      typed.addEventListener("input", () => { go.disabled = typed.value.trim() !== project.name; });
      const form = el("form", { class: "mq-form", id: "mq-delete-project" }, el("label", {}, t("keeping.type_name", { name: project.name }), typed), el("div", { class: "mq-form-row" }, go));
      form.addEventListener("submit", async (event) => {
        event.preventDefault();
        if (go.disabled) return;
        try {
          await call(this.base, "DELETE", `projects/${this.project}`, { name: typed.value });
          window.location.assign(`${this.base}/`);
        } catch (error) { this.says.say(error.message); this.says.node.scrollIntoView({ block: "nearest" }); }
      });
      return panel(t("keeping.this_project"), el("p", { class: "mq-note" }, t("keeping.project_text")), form);
    }

    holds(list, project) {
      const reason = el("input", { type: "text", name: "reason", maxlength: 500 });
      const hold = (event) => {
        event.preventDefault();
        this.act(() => call(this.base, "PUT", `retention/holds/${this.project}`, { reason: reason.value }), t("people.saved"));
      };
      const rows = list.map((one) => el("li", { class: "mq-trashed" }, el("div", { class: "mq-trashed-text" }, el("b", {}, one.name), el("span", { class: "mq-note" }, [one.reason, one.person].filter(Boolean).join(" · "))),
        quiet(t("keeping.lift"), () => this.act(() => call(this.base, "DELETE", `retention/holds/${one.project_id}`), t("people.saved")), { "aria-label": `${t("keeping.lift")}: ${one.name}` })));
      const held = list.some((one) => one.project_id === this.project);
      return panel(t("keeping.holds"), el("p", { class: "mq-note" }, t("keeping.holds_text")), el("ul", { class: "mq-trash" }, rows.length ? rows : [el("li", { class: "mq-note" }, t("keeping.no_holds"))]),
        held ? el("span", {}) : el("form", { class: "mq-form", onsubmit: hold }, el("label", {}, t("keeping.reason", { name: project.name }), reason), el("div", { class: "mq-form-row" }, el("button", { class: "mq-button", type: "submit" }, t("keeping.hold")))));
    }
  }

  // Settings > People: an account goes, after what goes with it was shown. done(): draws the people anew.
  async function erase_dialog(base, name, done) {
    const found = await call(base, "GET", `people/${encodeURIComponent(name)}/leaving`);
    const says = notice();
    const list = (key, names) => (names.length ? el("div", {}, el("p", {}, t(key)), el("ul", { class: "mq-batch" }, names.map((one) => el("li", {}, one)))) : null);
    const go = button(t("keeping.erase"), async () => {
      try {
        await call(base, "DELETE", `people/${encodeURIComponent(name)}`, { name });
        shown.close();
        done();
      } catch (error) { says.say(error.message); }
    }, { class: "mq-button mq-primary", id: "mq-erase-sure" });
    const shown = dialog(t("keeping.erase"), "mq-share-dialog", el("div", { class: "mq-share-in" }, el("h2", {}, t("keeping.erase_title", { name })), says.node,
      el("p", { class: "mq-note" }, t("keeping.erase_text")), list("keeping.erase_theirs", found.theirs), list("keeping.erase_shared", found.shared),
      el("div", { class: "mq-form-row" }, found.shared.length ? null : go, button(t("trash.keep"), () => shown.close()))));
  }

  Object.assign(window.Maquette, { trash_panel, delete_dialog, erase_dialog });
  window.Maquette.part("keeping", (root, options) => new Keeping(root, options));
})();
