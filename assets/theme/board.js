// The plan board of the Create page: cards for steps, edited before they run, filled as results arrive.
// It talks to /api only and keeps a card's element while its data is unchanged, so that a player goes on playing and a field
// keeps its text while other cards change.
(() => {
  "use strict";

  const { ICONS, el, t, has, named, duration, bytes, call, button, quiet, chip, bar, notice, preview, remarks, finding_line, downloads, verdict_buttons, export_pack, fault_line, clear_faults, palette_field } = window.Maquette;
  const EDITABLE = {
    copy: ["about", "channel", "fields", "framework", "variants", "angle", "tone", "reading_level", "language"],
    article: ["about", "form", "words", "tone", "language"],
    script: ["about", "form", "seconds", "speakers", "tone", "language"],
    translation: ["text", "language", "source_language", "file", "expansion", "about"],
    dialogue: ["about", "characters", "cast", "variables", "world", "nodes", "tone", "language"],
    lore: ["about", "form", "world", "characters", "situations", "count", "tone", "language"],
    picture: ["about", "width", "height", "preset", "style", "palette", "margin", "prompt", "seed"],
    upscale: ["scale", "style", "file", "about"],
    cutout: ["edge", "background", "file", "about"],
    speech: ["text", "voice", "speed", "tone", "language"],
    music: ["about", "mood", "form", "tempo", "seconds", "key"],
    sound: ["about", "effect", "seconds", "loop", "variations"],
    mix: ["about", "seconds", "target", "pause", "duck", "language"],
    layout: ["headline", "body", "cta", "size", "template"],
  };
  const LONG = new Set(["about", "text", "body"]);
  const LANGUAGES = ["en", "zh"];
  const items = (n) => (n === 1 ? t("board.item") : t("board.items", { n }));
  const live = (job) => Boolean(job) && ["queued", "running"].includes(job.state);
  const state_of = (step) => {
    if (live(step.job)) return step.job.state;
    if (step.job && step.job.state === "failed") return "failed";
    if (step.asset) return "done";
    return step.job ? step.job.state : "planned";
  };
  const shown_value = (name, value) => {
    if (name === "fields") return value.map((f) => `${named("slot", f.name)} ×${f.count} ≤${f.max_chars}`).join(" · ");
    if (name === "size") return `${value.width} × ${value.height}`;
    if (name === "world") return window.Maquette.told_world(value);
    if (Array.isArray(value) && value.some((one) => one && one.name)) return value.map((one) => one.name).join(", ");
    if (Array.isArray(value)) return value.join(", ");
    if (name === "channel" || name === "framework") return value.replaceAll("_", " ");
    if (name === "variants") return value > 1 ? "ABCDEF".slice(0, value).split("").join(" / ") : "";
    if (name === "seed") return value < 0 ? "" : String(value);
    if (name === "language") return named("language", value);
    return has(`option.${value}`) ? t(`option.${value}`) : String(value);
  };

  // What was measured of it: time with how many runs stand behind it, and in the tooltip memory, energy and loading.
  const measured = (step) => {
    if (step.seconds === null) return t("cost.unmeasured");
    const time = duration(step.seconds);
    return step.runs > 1 ? t("cost.step", { time, n: step.runs, p90: duration(step.p90) }) : t("cost.step_once", { time });
  };
  const energy = (joules) => (joules === null ? t("cost.no_energy") : joules < 3600 ? t("cost.joules", { n: Math.round(joules) }) : t("cost.watt_hours", { n: (joules / 3600).toFixed(1) }));
  const details = (cost) => [
    cost.peak_bytes ? t("cost.memory", { size: bytes(cost.peak_bytes) }) : "",
    energy(cost.joules),
    cost.load_seconds >= 1 ? t("cost.load", { time: duration(cost.load_seconds) }) : "",
  ].filter(Boolean).join(" · ");
  // Two times that read alike are no range.
  const range = (low, high) => (duration(low) === duration(high) ? "" : t("cost.range", { low: duration(low), high: duration(high) }));
  const expected = (plan) => {
    const inside = [range(plan.low, plan.p90), plan.unknown ? t("board.unknown", { n: plan.unknown }) : ""].filter(Boolean).join(t("list.comma"));
    return `${t("board.about")} ${duration(plan.makespan)}${inside ? ` (${inside})` : ""}`;
  };
  const told = (fix) => {
    const inside = [range(fix.low, fix.p90), fix.unknown ? t("cost.unquoted", { n: fix.unknown }) : ""].filter(Boolean).join(t("list.comma"));
    const quoted = `${duration(fix.quoted)}${inside ? ` (${inside})` : ""}`;
    return `${fix.quoted ? t("cost.corrected", { quoted, took: duration(fix.took) }) : t("cost.took_unquoted", { took: duration(fix.took) })} · ${energy(fix.joules)}`;
  };

  class Board {
    constructor(root, options) {
      this.root = root;
      this.project = options.project;
      this.base = options.base;
      this.plan = "";
      this.cards = new Map();
      this.known = -1;
      this.stopped = false;
      this.signatures = {};
      this.head = el("header", { class: "mq-board-head" });
      this.says = notice();
      this.list = el("div", { class: "mq-cards" });
      this.foot = el("footer", { class: "mq-board-foot" });
      this.live = el("p", { class: "mq-hidden", role: "status" });
      root.replaceChildren(el("section", { class: "mq-board", "aria-label": t("board.title") }, this.head, this.says.node, this.live, this.list, this.foot));
      this.tick();
    }

    stop() {
      this.stopped = true;
    }

    // fault(error): says it where it belongs, and whether it could; else it stands at the top of the board.
    async act(method, path, body, fault = () => false) {
      this.says.say("");
      try {
        const answer = await call(this.base, method, path, body);
        await this.refresh();
        return answer;
      } catch (error) {
        if (fault(error)) return null;
        this.says.say(error.message);
        this.says.node.scrollIntoView({ block: "nearest" });
        return null;
      }
    }

    async tick() {
      if (this.stopped) return;
      let wait = 1500;
      try {
        const news = this.known < 0 ? null : await call(this.base, "GET", `projects/${this.project}/events?after=${this.known}`);
        if (news && news.some((event) => event.kind === "plan" && event.subject !== this.plan)) this.plan = "";
        if (news === null || news.length || this.busy) await this.refresh();
        if (this.offline) { this.offline = false; this.says.say(""); }
        wait = this.busy ? 900 : 1500;
      } catch (error) {
        this.offline = true;
        this.says.say(error.status ? error.message : t("error.offline"));
        wait = 4000;
      }
      if (!this.stopped) window.setTimeout(() => this.tick(), wait);
    }

    async refresh() {
      const board = await call(this.base, "GET", `projects/${this.project}/board?plan=${encodeURIComponent(this.plan)}`);
      if (this.stopped) return;
      this.known = board.event;
      this.busy = board.steps.some((step) => live(step.job));
      this.draw(board);
    }

    changed(name, data) {
      const signature = JSON.stringify(data);
      if (this.signatures[name] === signature) return false;
      this.signatures[name] = signature;
      return true;
    }

    draw(board) {
      this.board = board;
      const jump = document.querySelector(".mq-jump-count");
      if (jump) jump.textContent = board.plan ? items(board.steps.length) : "";
      if (!board.plan) {
        this.cards.clear();
        this.signatures = {};
        this.head.replaceChildren();
        this.foot.replaceChildren();
        this.list.replaceChildren(this.empty());
        return;
      }
      if (this.list.querySelector(".mq-empty")) this.list.replaceChildren();
      this.drawHead(board);
      const wanted = new Set(board.steps.map((step) => step.id));
      for (const [id, card] of this.cards) {
        if (!wanted.has(id) || card.plan !== board.plan.id) {
          card.node.remove();
          this.cards.delete(id);
        }
      }
      board.steps.map((step) => this.card(step, board.plan)).forEach((node, index) => {
        if (this.list.children[index] !== node) this.list.insertBefore(node, this.list.children[index] || null);
      });
      this.drawFoot(board);
    }

    empty() {
      const step = (number) => el("li", {}, t(`board.way.${number}`));
      return el("div", { class: "mq-empty" }, el("div", { class: "mq-empty-mark", "aria-hidden": "true" }), el("h2", {}, t("board.empty.title")), el("p", {}, t("board.empty.text")), el("ol", {}, step(1), step(2), step(3)));
    }

    drawHead(board) {
      const { plan, steps } = board;
      const done = steps.filter((step) => step.asset && !live(step.job)).length;
      if (!this.changed("head", [plan, done, steps.length, this.busy, board.plans])) return;
      const share = steps.length ? steps.reduce((sum, s) => sum + (live(s.job) ? s.job.progress : s.asset ? 1 : 0), 0) / steps.length : 0;
      const ended = plan.correction && !this.busy && done === steps.length && !plan.changed;
      const about = ended ? told(plan.correction) : plan.seconds ? expected(plan) : t("board.unmeasured");
      const cost = el("p", { class: "mq-cost", title: ended || !plan.seconds ? null : details(plan) }, [items(steps.length), about, ended ? "" : t("board.free")].filter(Boolean).join(" · "));
      this.head.replaceChildren(
        el("div", { class: "mq-head-row" }, el("div", { class: "mq-head-titles" }, board.plans.length > 1 ? this.chooser(board) : null, el("h2", {}, plan.title), cost), el("div", { class: "mq-head-actions" }, this.actions(plan, steps, done))),
        bar(share, t("board.progress")),
        ...plan.unavailable.map((gap) => el("p", { class: "mq-gap" }, t("board.gap", { asked: gap.asked }), gap.nearest ? ` ${t("board.nearest", { nearest: gap.nearest })}` : "")),
        ...plan.notes.map((note) => el("p", { class: "mq-gap" }, note)),
        ...this.budget(plan, done < steps.length || plan.changed),
      );
      this.live.textContent = this.busy ? t("board.announce", { done, n: steps.length }) : done === steps.length && done ? t("board.complete") : "";
    }

    // How much of the budget is used, and, before a run that it would not bear, why.
    budget(plan, wanted) {
      const budget = plan.budget;
      if (!budget) return [];
      const line = (key, used, limit) => (limit ? [t(key, { used: duration(used), limit: duration(limit) })] : []);
      const lines = [...line("budget.plan_used", budget.plan_used, budget.plan_seconds), ...line("budget.person_used", budget.person_used, budget.person_seconds)];
      const over = budget.refusal && wanted && !this.busy;
      return [el("p", { class: "mq-cost" }, lines.join(" · ")), ...(over ? [el("p", { class: "mq-gap", lang: "en" }, budget.refusal)] : [])];
    }

    actions(plan, steps, done) {
      const left = steps.length - done;
      const nodes = [];
      if (done && !this.busy) {
        const pack = button(t("export.plan"), () => export_pack(this.base, this.project, { plan_id: plan.id }, pack, this.says), { id: "mq-export" });
        nodes.push(pack);
      }
      if (this.busy) nodes.push(button(t("board.stop"), () => this.act("POST", `plans/${plan.id}/cancel`), { id: "mq-stop" }));
      else if (left || plan.changed) {
        const label = left === steps.length ? t("board.approve") : left ? t("board.finish", { n: left }) : t("board.make_changed");
        nodes.push(button(label, () => this.act("POST", `plans/${plan.id}/approve`), { class: "mq-button mq-primary", id: "mq-approve" }));
      }
      return nodes;
    }

    chooser(board) {
      const options = board.plans.map((plan) => el("option", { value: plan.id, selected: plan.id === board.plan.id }, plan.title));
      const select = el("select", { class: "mq-chooser", "aria-label": t("board.earlier") }, options);
      select.addEventListener("change", () => {
        this.plan = select.value;
        this.refresh().catch((error) => this.says.say(error.message));
      });
      return select;
    }

    drawFoot(board) {
      if (!this.changed("foot", [board.plan.id, board.kinds])) return;
      const kind = el("select", { "aria-label": t("board.kind") }, board.kinds.map((k) => el("option", { value: k }, named("kind", k))));
      const about = el("input", { type: "text", placeholder: t("board.add_about"), "aria-label": t("board.add_about") });
      const fault = fault_line();
      const form = el("form", { class: "mq-add", "data-field": "about", novalidate: true }, kind, about, el("button", { class: "mq-button", type: "submit" }, t("board.add")), fault);
      form.addEventListener("submit", async (event) => {
        event.preventDefault();
        if (!about.value.trim()) { about.focus(); return; }
        clear_faults(form);
        const told = (error) => { fault.textContent = error.message; about.setAttribute("aria-invalid", "true"); return true; };
        if (await this.act("POST", `plans/${this.board.plan.id}/steps`, { kind: kind.value, about: about.value }, told)) about.value = "";
      });
      this.foot.replaceChildren(form);
    }

    // Cards

    card(step, plan) {
      let card = this.cards.get(step.id);
      if (!card) {
        const node = el("article", { class: "mq-card", "data-step": step.id, "data-kind": step.kind, "aria-label": step.title });
        const parts = { head: el("div", { class: "mq-card-head" }), live: el("img", { class: "mq-card-live", alt: t("card.so_far", { title: step.title }), hidden: true }), body: el("div", { class: "mq-card-body" }), form: el("div", { class: "mq-card-form", hidden: true }), foot: el("div", { class: "mq-card-foot" }) };
        node.append(parts.head, parts.live, parts.body, parts.form, parts.foot);
        card = { node, parts, plan: plan.id, shown: 0, drawn: {} };
        this.cards.set(step.id, card);
      }
      const update = (name, data, draw) => {
        const signature = JSON.stringify(data);
        if (card.drawn[name] === signature) return;
        card.drawn[name] = signature;
        draw();
      };
      const state = state_of(step) === "done" && step.changed ? "changed" : state_of(step);
      card.node.dataset.state = state;
      if (card.newest !== (step.asset && step.asset.id)) {
        card.newest = step.asset && step.asset.id;
        card.shown = 0;
        card.old = null;
      }
      const asset = card.old || step.asset;
      update("head", [step.title, step.kind, state, step.job, step.seconds, step.p90, step.runs, step.took, Boolean(card.old), asset && [asset.verdict, asset.state]], () => this.cardHead(card, step, state, asset));
      update("body", [asset && asset.id, asset ? null : [step.spec, step.inputs, step.fault, step.remarks]], () => this.cardBody(card, step, asset));
      this.cardLive(card, step, state);
      update("foot", [state, plan.approved, asset && [asset.id, asset.verdict, asset.revision], step.versions, card.shown], () => this.cardFoot(card, step, state, asset));
      return card.node;
    }

    cardHead(card, step, state, asset) {
      const status = chip(state, state === "running" ? `${Math.round(100 * step.job.progress)}%` : t(`state.${state}`));
      const decided = asset && asset.verdict === "reject" ? chip("verdict-reject", t("verdict.reject")) : null;
      const verdict = decided || (asset && asset.state !== "draft" ? window.Maquette.state_chip(asset.state) : null);
      const made = state === "done" && step.took !== null && !card.old ? t("cost.took", { time: duration(step.took) }) : "";
      const cost = live(step.job) ? "" : state === "done" ? made : measured(step);
      const lines = [el("p", {}, `${named("kind", step.kind)} · ${step.id}`), cost ? el("p", { title: state === "done" || step.seconds === null ? null : details(step) }, cost) : null];
      const rows = [el("div", { class: "mq-title-row" },
        el("span", { class: "mq-icon", "aria-hidden": "true" }, ICONS[step.kind] || "•"),
        el("div", { class: "mq-titles" }, el("h3", {}, step.title), lines),
        verdict, verdict && state === "done" ? null : status)];
      if (state === "running") rows.push(bar(Math.max(0.04, step.job.progress), step.title), step.job.note ? el("p", { class: "mq-note", lang: "en" }, step.job.note) : el("p", { class: "mq-note" }, t("state.running")));
      if (state === "failed") rows.push(el("p", { class: "mq-error", role: "alert" }, step.job.error));
      card.parts.head.replaceChildren(...rows);
    }

    // How a picture looks while it is made. Asking is what has it made: nobody looks, nothing is computed.
    async cardLive(card, step, state) {
      const { live: seen, body } = card.parts;
      const show = (picture) => {
        if (seen.src) URL.revokeObjectURL(seen.src);
        if (picture) seen.src = URL.createObjectURL(picture);
        else seen.removeAttribute("src");
        seen.hidden = !picture;
        body.hidden = Boolean(picture);
      };
      card.making = step.kind === "picture" && state === "running" && !document.hidden;
      if (!card.making) { if (!seen.hidden) show(null); return; }
      const answer = await fetch(`${this.base}/api/plans/${card.plan}/steps/${encodeURIComponent(step.id)}/preview`).catch(() => null);
      if (answer && answer.status === 200 && card.making) show(await answer.blob());
    }

    cardBody(card, step, asset) {
      if (asset) {
        card.parts.body.replaceChildren(preview(this.base, asset), ...remarks(asset));
        return;
      }
      const row = (name, value) => el("div", { class: "mq-spec" }, el("dt", {}, t(`field.${name}`)), el("dd", {}, value));
      const rows = (EDITABLE[step.kind] || []).filter((name) => step.spec[name] && String(shown_value(name, step.spec[name])).length && step.spec[name] !== "none").map((name) => row(name, shown_value(name, step.spec[name])));
      if (step.inputs.length) rows.push(row("inputs", step.inputs.map((input) => input.step).join(", ")));
      // What chat planned and could only fail is said before anybody approves it.
      card.parts.body.replaceChildren(el("dl", { class: "mq-specs" }, rows), step.fault && !step.job ? el("p", { class: "mq-error", role: "alert" }, step.fault) : "", ...step.remarks.map(finding_line));
    }

    cardFoot(card, step, state, asset) {
      const plan = this.board.plan;
      const path = `plans/${plan.id}/steps/${step.id}`;
      const items = [];
      if (live(step.job)) {
        items.push(quiet(t("card.cancel"), () => this.act("POST", `plans/${plan.id}/cancel?step=${step.id}`)));
      } else if (asset) {
        items.push(...verdict_buttons(asset, (verdict) => this.mark(card, asset, verdict)));
        items.push(quiet(`↻ ${t("card.again")}`, () => this.act("POST", `${path}/redo`, {})));
      } else if (state !== "planned" && plan.approved) {
        items.push(quiet(`↻ ${t("card.retry")}`, () => this.act("POST", `${path}/redo`, {})));
      }
      if (!live(step.job)) items.push(quiet(t("card.edit"), () => this.edit(card, step.id)), quiet(t("card.drop"), () => this.act("DELETE", path)));
      if (step.versions.length > 1) items.push(this.versions(card, step));
      if (asset) items.push(downloads(this.base, asset));
      card.parts.foot.replaceChildren(...items);
    }

    async mark(card, asset, verdict) {
      // Somebody decided meanwhile: what they decided is shown before anybody decides over it.
      const late = (error) => { if (error.status === 409) this.refresh(); return false; };
      if ((await this.act("POST", `assets/${asset.id}/review`, { verdict, seen: asset.revision }, late)) && card.old) {
        card.old = await call(this.base, "GET", `assets/${asset.id}`);
        this.draw(this.board);
      }
    }

    versions(card, step) {
      const count = step.versions.length;
      const show = async (index) => {
        try {
          card.old = index === 0 ? null : await call(this.base, "GET", `assets/${step.versions[index].id}`);
          card.shown = index;
          this.draw(this.board);
        } catch (error) {
          this.says.say(error.message);
        }
      };
      return el("span", { class: "mq-versions" },
        quiet("‹", () => show(card.shown + 1), { "aria-label": t("card.older"), disabled: card.shown >= count - 1 }),
        `${t("card.version")} ${count - card.shown}/${count}`,
        quiet("›", () => show(card.shown - 1), { "aria-label": t("card.newer"), disabled: card.shown === 0 }));
    }

    // The form of a step

    edit(card, id) {
      const form = card.parts.form;
      if (!form.hidden) { form.hidden = true; return; }
      const step = this.board.steps.find((s) => s.id === id);
      const title = el("input", { type: "text", value: step.title, name: "title" });
      const fields = this.fields(step).map((name) => ({ name, ...this.field(name, step) }));
      const rows = [el("label", { "data-field": "title" }, t("field.title"), title, fault_line()), ...fields.map((field) => field.node)];
      const scene = step.scene ? this.scene(card, step) : null;
      if (scene) rows.push(scene.node);
      const note = el("input", { type: "text", name: "note", placeholder: t("field.note_hint") });
      if (step.asset) rows.push(el("label", { "data-field": "note" }, t("field.note"), note, fault_line()));
      const whole = fault_line();
      const changed = () => Object.fromEntries(fields.map((field) => [field.name, field.read()]).filter(([name, now]) => JSON.stringify(now) !== JSON.stringify(step.spec[name])));
      const save = async (event) => {
        event.preventDefault();
        clear_faults(form);
        const values = changed();
        const drawn = scene ? scene.read() : undefined;
        if (drawn !== undefined) values.scene = drawn;
        const told = (error) => this.told(form, step, scene, whole, error);
        if (await this.save(step, title.value, values, note.value, told)) form.hidden = true;
      };
      // The studio says what does not fit, in a place that is open and at the field; the browser would say it of a closed part.
      form.replaceChildren(el("form", { onsubmit: save, novalidate: true }, rows, whole, el("div", { class: "mq-form-row" },
        el("button", { class: "mq-button mq-primary", type: "submit" }, step.asset ? t("card.make_again") : t("card.save")),
        button(t("card.close"), () => { form.hidden = true; }))));
      form.querySelector("form").changed = changed;
      form.onkeydown = (event) => { if (event.key === "Escape") form.hidden = true; };
      form.hidden = false;
      form.querySelector("textarea, input").focus();
    }

    // An edited scene is drawn as it stands, with colours and room for text of its own; a style is read from words only.
    fields(step) {
      const inside = step.scene ? ["palette", "margin", ...(step.spec.scene ? ["style"] : [])] : [];
      return (EDITABLE[step.kind] || []).filter((name) => !inside.includes(name));
    }

    scene(card, step) {
      const palette = (file) => this.palette(file);
      const copy = async (scene) => {
        clear_faults(card.parts.form);
        const told = (error) => this.told(card.parts.form, step, editor, card.parts.form.querySelector("form > .mq-field-error"), error);
        const made = await this.act("POST", `plans/${this.board.plan.id}/steps/${step.id}/copy`, { values: { scene } }, told);
        if (!made) return;
        card.parts.form.hidden = true;
        const next = this.cards.get(made.step);
        this.edit(next, made.step);
        next.node.scrollIntoView({ block: "start" });
      };
      const editor = window.Maquette.scene_editor(step.scene, this.board.scene_options, Boolean(step.spec.scene), { palette, copy });
      return editor;
    }

    // A prompt for the step as its open form has it now; nothing is kept.
    async prompt(step) {
      const form = this.cards.get(step.id).parts.form.querySelector("form");
      return call(this.base, "POST", `plans/${this.board.plan.id}/steps/${step.id}/prompt`, { values: form.changed() });
    }

    async palette(file) {
      return (await call(this.base, "POST", `projects/${this.project}/palette?name=${encodeURIComponent(file.name)}`, file)).palette;
    }

    // What was refused, at its field; what belongs to no field stands above the buttons.
    told(form, step, scene, whole, error) {
      const path = String((error.data && error.data.field) || "").replace(`${step.id}.`, "").replace(/^values\./, "");
      if (scene && path.startsWith("scene")) return scene.fault(path.slice("scene.".length), error.message);
      const field = path && form.querySelector(`[data-field="${CSS.escape(path.split(".")[0])}"]`);
      (field ? field.querySelector(".mq-field-error") : whole).textContent = error.message;
      const input = field && field.querySelector("input, textarea, select");
      if (input) { input.setAttribute("aria-invalid", "true"); input.focus(); } else whole.scrollIntoView({ block: "nearest" });
      return true;
    }

    async save(step, title, values, note, told) {
      const path = `plans/${this.board.plan.id}/steps/${step.id}`;
      const renamed = title.trim() && title !== step.title;
      if (!step.asset) return this.act("PATCH", path, { values, title }, told);
      if (renamed && !(await this.act("PATCH", path, { values: {}, title }, told))) return null;
      return this.act("POST", `${path}/redo`, { values, note }, told);
    }

    // One field: its node, and how to read the value back in the type the spec has.
    field(name, step) {
      const value = step.spec[name];
      const schema = step.schema[name] || {};
      const own = window.Maquette.step_field(name, value, step, this.base);
      if (own) return own;
      if (name === "size") return this.size(value);
      if (name === "preset") return window.Maquette.preset_field(this.base, value);
      if (name === "prompt") return window.Maquette.prompt_field(value, () => this.prompt(step));
      if (name === "palette") return palette_field(name, value, t("field.palette"), (file) => this.palette(file));
      const choice = (options) => el("select", { name }, options.map(([key, label]) => el("option", { value: key, selected: key === value }, label)));
      let input;
      if (schema.enum) input = choice(schema.enum.map((option) => [option, named("option", option)]));
      else if (name === "voice") input = choice([["", t("option.automatic")], ...new Set([...this.board.voices, value].filter(Boolean))].map((v) => (Array.isArray(v) ? v : [v, v])));
      else if (name === "language") input = choice([...new Set([...LANGUAGES, value])].map((v) => [v, named("language", v)]));
      else if (LONG.has(name)) {
        input = el("textarea", { name, rows: 3 });
        input.value = value;
      } else if (typeof value === "boolean") {
        input = el("input", { name, type: "checkbox" });
        input.checked = value;
      } else if (typeof value === "number") input = el("input", { name, type: "number", step: "any", min: schema.minimum, max: schema.maximum, value });
      else input = el("input", { name, type: "text", value: Array.isArray(value) ? value.join(", ") : value });
      const read = () => {
        if (typeof value === "boolean") return input.checked;
        if (Array.isArray(value)) return input.value.split(/[,，]/).map((word) => word.trim()).filter(Boolean);
        return typeof value === "number" ? Number(input.value) : input.value;
      };
      return { node: el("label", { "data-field": name }, t(`field.${name}`), input, fault_line()), read };
    }

    size(value) {
      const width = el("input", { type: "number", min: 64, max: 4096, value: value.width, "aria-label": t("field.width") });
      const height = el("input", { type: "number", min: 64, max: 4096, value: value.height, "aria-label": t("field.height") });
      const node = el("fieldset", { class: "mq-slots", "data-field": "size" }, el("legend", {}, t("field.size")), el("div", { class: "mq-size" }, width, el("span", {}, "×"), height), fault_line());
      return { node, read: () => ({ name: value.name, width: Number(width.value), height: Number(height.value) }) };
    }
  }

  window.Maquette.part("board", (root, options) => new Board(root, options));
})();
