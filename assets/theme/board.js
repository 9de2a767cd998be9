// The plan board of the Create page: cards for steps, edited before they run, filled as results arrive.
// It talks to /api only, draws with text nodes only, and keeps a card's element while its data is unchanged, so that a player
// goes on playing and a field keeps its text while other cards change.
(() => {
  "use strict";

  const ICONS = { copy: "✎", article: "¶", dialogue: "❝", picture: "▣", speech: "◉", music: "♫", layout: "▤" };
  const EDITABLE = {
    copy: ["about", "tone", "angle", "language"],
    article: ["about", "form", "words", "tone", "language"],
    dialogue: ["about", "characters", "nodes", "tone", "language"],
    picture: ["about", "width", "height", "style", "palette", "margin"],
    speech: ["text", "voice", "speed", "tone", "language"],
    music: ["about", "mood", "tempo", "seconds", "key"],
    layout: ["headline", "body", "cta", "template"],
  };
  const LONG = new Set(["about", "text", "body"]);

  function el(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "class") node.className = value;
      else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value === true) node.setAttribute(name, "");
      else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, String(value));
    }
    for (const child of children.flat()) {
      if (child !== null && child !== undefined && child !== false) node.append(child);
    }
    return node;
  }

  class Board {
    constructor(root, options) {
      this.root = root;
      this.project = options.project;
      this.base = options.base || "";
      this.words = options.words || {};
      this.cards = new Map();
      this.known = -1;
      this.busy = false;
      this.stopped = false;
      this.head = el("header", { class: "mq-board-head" });
      this.notice = el("div", { class: "mq-notice", role: "alert", hidden: true });
      this.list = el("div", { class: "mq-cards" });
      this.foot = el("footer", { class: "mq-board-foot" });
      root.replaceChildren(this.head, this.notice, this.list, this.foot);
      this.tick();
    }

    t(key, values = {}) {
      let text = this.words[key] || key;
      for (const [name, value] of Object.entries(values)) text = text.replaceAll(`{${name}}`, String(value));
      return text;
    }

    async call(method, path, body) {
      const response = await fetch(`${this.base}/api/${path}`, {
        method,
        headers: body === undefined ? {} : { "content-type": "application/json" },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      const data = await response.json().catch(() => ({}));
      if (!response.ok) {
        const detail = Array.isArray(data.detail) ? data.detail.map((d) => d.msg).join(" ") : "";
        throw new Error([data.message || detail || `HTTP ${response.status}`, data.hint].filter(Boolean).join(" "));
      }
      return data;
    }

    async act(method, path, body) {
      this.say("");
      try {
        const answer = await this.call(method, path, body);
        await this.refresh();
        return answer;
      } catch (error) {
        this.say(error.message);
        return null;
      }
    }

    say(text) {
      this.notice.hidden = !text;
      this.notice.textContent = text;
    }

    async tick() {
      if (this.stopped || !document.contains(this.root)) return;
      let wait = 1500;
      try {
        const news = this.known < 0 ? null : await this.call("GET", `projects/${this.project}/events?after=${this.known}`);
        if (news === null || news.length || this.busy) await this.refresh();
        wait = this.busy ? 900 : 1500;
      } catch (error) {
        wait = 4000;
      }
      window.setTimeout(() => this.tick(), wait);
    }

    stop() {
      this.stopped = true;
    }

    async refresh() {
      const board = await this.call("GET", `projects/${this.project}/board`);
      this.known = board.event;
      this.busy = board.steps.some((s) => s.job && ["queued", "running"].includes(s.job.state));
      this.draw(board);
    }

    draw(board) {
      this.board = board;
      if (!board.plan) {
        this.cards.clear();
        this.head.replaceChildren();
        this.foot.replaceChildren();
        this.list.replaceChildren(this.empty());
        return;
      }
      this.drawHead(board);
      const wanted = new Set(board.steps.map((s) => s.id));
      for (const [id, card] of this.cards) if (!wanted.has(id) || card.plan !== board.plan.id) this.drop(id);
      const nodes = board.steps.map((step) => this.card(step, board.plan));
      nodes.forEach((node, index) => {
        if (this.list.children[index] !== node) this.list.insertBefore(node, this.list.children[index] || null);
      });
      while (this.list.children.length > nodes.length) this.list.lastChild.remove();
      this.drawFoot(board);
    }

    drop(id) {
      this.cards.get(id).node.remove();
      this.cards.delete(id);
    }

    empty() {
      return el("div", { class: "mq-empty" }, el("div", { class: "mq-empty-mark", "aria-hidden": "true" }, "◳"), el("h3", {}, this.t("board.empty.title")), el("p", {}, this.t("board.empty.text")));
    }

    duration(seconds) {
      if (seconds === null || seconds === undefined) return this.t("unknown");
      if (seconds < 1) return this.t("seconds.under_one");
      return seconds < 90 ? this.t("seconds", { n: Math.round(seconds) }) : this.t("minutes", { n: Math.round(seconds / 6) / 10 });
    }

    drawHead(board) {
      const { plan, steps } = board;
      const done = steps.filter((s) => s.asset && !(s.job && ["queued", "running"].includes(s.job.state))).length;
      const signature = JSON.stringify([plan, done, this.busy]);
      if (signature === this.headSignature) return;
      this.headSignature = signature;
      const unknown = plan.unknown ? ` · ${this.t("board.unknown", { n: plan.unknown })}` : "";
      const cost = el("p", { class: "mq-cost" }, `${this.t("board.items", { n: steps.length })} · ${this.t("board.about")} ${this.duration(plan.unknown === steps.length ? null : plan.seconds)}${unknown} · ${this.t("board.free")}`);
      const remaining = steps.length - done;
      const main = this.busy
        ? el("button", { class: "mq-button", onclick: () => this.act("POST", `plans/${plan.id}/cancel`) }, this.t("board.stop"))
        : el("button", { class: "mq-button mq-primary", id: "mq-approve", onclick: () => this.act("POST", `plans/${plan.id}/approve`) }, remaining === steps.length ? this.t("board.approve") : remaining ? this.t("board.finish", { n: remaining }) : this.t("board.make_changed"));
      const bar = el("div", { class: "mq-bar", role: "progressbar", "aria-valuenow": done, "aria-valuemax": steps.length, "aria-label": this.t("board.progress") }, el("i", { style: `width:${steps.length ? (100 * done) / steps.length : 0}%` }));
      const rows = [el("div", { class: "mq-head-row" }, el("div", {}, el("h2", {}, plan.title), cost), this.busy || remaining || !plan.approved || plan.version > 1 ? main : null), bar];
      for (const gap of plan.unavailable) rows.push(el("p", { class: "mq-gap" }, this.t("board.gap", { asked: gap.asked }), gap.nearest ? ` ${this.t("board.nearest", { nearest: gap.nearest })}` : ""));
      for (const note of plan.notes) rows.push(el("p", { class: "mq-gap" }, note));
      this.head.replaceChildren(...rows);
    }

    drawFoot(board) {
      const signature = JSON.stringify([board.plan.id, board.kinds]);
      if (signature === this.footSignature) return;
      this.footSignature = signature;
      const kind = el("select", { "aria-label": this.t("board.kind") }, board.kinds.map((k) => el("option", { value: k }, this.t(`kind.${k}`))));
      const about = el("input", { type: "text", maxlength: 2000, placeholder: this.t("board.add_about"), "aria-label": this.t("board.add_about") });
      const form = el("form", { class: "mq-add" }, kind, about, el("button", { class: "mq-button", type: "submit" }, this.t("board.add")));
      form.addEventListener("submit", async (event) => {
        event.preventDefault();
        if (!about.value.trim()) return about.focus();
        if (await this.act("POST", `plans/${this.board.plan.id}/steps`, { kind: kind.value, about: about.value })) about.value = "";
      });
      this.foot.replaceChildren(form);
    }

    card(step, plan) {
      let card = this.cards.get(step.id);
      if (!card) {
        const node = el("article", { class: "mq-card", "data-step": step.id, "data-kind": step.kind });
        const parts = { head: el("div", { class: "mq-card-head" }), body: el("div", { class: "mq-card-body" }), form: el("div", { class: "mq-card-form", hidden: true }), foot: el("div", { class: "mq-card-foot" }) };
        node.append(parts.head, parts.body, parts.form, parts.foot);
        card = { node, parts, plan: plan.id, shown: 0 };
        this.cards.set(step.id, card);
      }
      card.plan = plan.id;
      const update = (name, data, draw) => {
        const signature = JSON.stringify(data);
        if (card[name] === signature) return;
        card[name] = signature;
        draw();
      };
      const state = step.job && ["queued", "running"].includes(step.job.state) ? step.job.state : step.job && step.job.state === "failed" ? "failed" : step.asset ? "done" : step.job ? step.job.state : "planned";
      card.node.dataset.state = state;
      update("headSig", [step.title, step.kind, state, step.job, step.seconds, step.asset && step.asset.verdict], () => this.cardHead(card, step, state));
      if (card.newest !== (step.asset && step.asset.id)) { card.shown = 0; card.newest = step.asset && step.asset.id; card.old = null; }
      const asset = card.old || step.asset;
      update("bodySig", [asset && asset.id, asset ? null : step.spec, asset ? null : step.inputs], () => this.cardBody(card, step, asset));
      update("footSig", [state, asset && [asset.id, asset.verdict], step.versions, card.shown], () => this.cardFoot(card, step, state, asset));
      return card.node;
    }

    cardHead(card, step, state) {
      const chip = el("span", { class: `mq-chip mq-${state}` }, state === "running" ? `${Math.round(100 * step.job.progress)}%` : this.t(`state.${state}`));
      const verdict = step.asset && step.asset.verdict ? el("span", { class: `mq-chip mq-verdict-${step.asset.verdict}` }, this.t(`verdict.${step.asset.verdict}`)) : null;
      const rows = [el("div", { class: "mq-title-row" }, el("span", { class: "mq-icon", "aria-hidden": "true" }, ICONS[step.kind] || "•"), el("div", { class: "mq-titles" }, el("h3", {}, step.title), el("p", {}, `${this.t(`kind.${step.kind}`)} · ${step.id}${state === "planned" ? ` · ${this.duration(step.seconds)}` : ""}`)), verdict, chip)];
      if (state === "running") rows.push(el("div", { class: "mq-bar" }, el("i", { style: `width:${Math.max(4, 100 * step.job.progress)}%` })), el("p", { class: "mq-note" }, step.job.note || this.t("state.running")));
      if (state === "failed") rows.push(el("p", { class: "mq-error", role: "alert" }, step.job.error));
      card.parts.head.replaceChildren(...rows);
    }

    cardBody(card, step, asset) {
      const body = card.parts.body;
      if (!asset) {
        const rows = (EDITABLE[step.kind] || []).filter((name) => step.spec[name] && String(step.spec[name]).length).map((name) => el("div", { class: "mq-spec" }, el("dt", {}, this.t(`field.${name}`)), el("dd", {}, Array.isArray(step.spec[name]) ? step.spec[name].join(", ") : String(step.spec[name]))));
        if (step.kind === "copy") rows.push(el("div", { class: "mq-spec" }, el("dt", {}, this.t("field.fields")), el("dd", {}, step.spec.fields.map((f) => `${f.name} ×${f.count} ≤${f.max_chars}`).join(" · "))));
        if (step.kind === "layout") rows.push(el("div", { class: "mq-spec" }, el("dt", {}, this.t("field.size")), el("dd", {}, `${step.spec.size.width} × ${step.spec.size.height}`)));
        if (step.inputs.length) rows.push(el("div", { class: "mq-spec" }, el("dt", {}, this.t("field.inputs")), el("dd", {}, step.inputs.map((i) => i.step).join(", "))));
        body.replaceChildren(el("dl", { class: "mq-specs" }, rows));
        return;
      }
      const main = asset.files[0];
      const url = `${this.base}/${main.url}`;
      if (main.media_type.startsWith("image/")) {
        const image = el("img", { src: url, alt: asset.title, loading: "lazy" });
        body.replaceChildren(el("button", { class: "mq-media", "aria-label": this.t("card.enlarge"), onclick: () => this.enlarge(url, asset) }, image));
      } else if (main.media_type.startsWith("audio/")) {
        body.replaceChildren(el("audio", { controls: true, preload: "metadata", src: url, "aria-label": asset.title }), asset.prompt && step.kind === "speech" ? el("p", { class: "mq-spoken" }, asset.prompt) : "");
      } else {
        body.replaceChildren(el("p", { class: "mq-note" }, "…"));
        fetch(url).then((r) => r.json()).then((document) => body.replaceChildren(this.words_of(asset.kind, document))).catch(() => body.replaceChildren(el("pre", {}, asset.text)));
      }
      body.append(...this.remarks(asset));
    }

    remarks(asset) {
      const rows = asset.findings.map((f) => el("p", { class: `mq-finding mq-${f.severity}` }, `${f.field ? `${f.field}: ` : ""}${f.message}`));
      for (const change of asset.facts.substitutions || []) rows.push(el("p", { class: "mq-finding mq-warning" }, this.t("card.substitution", { asked: change.asked, drawn: change.drawn })));
      return rows;
    }

    words_of(kind, document) {
      if (kind === "copy") {
        return el("div", { class: "mq-copy" }, document.slots.map((slot) => el("section", {}, el("h4", {}, slot.name.replaceAll("_", " ")), slot.lines.map((line) => el("div", { class: `mq-line${line.findings.length ? " mq-bad" : ""}` }, el("p", {}, line.text), el("span", { class: "mq-count" }, `${[...line.text].length}/${slot.max_chars}`), line.findings.map((f) => el("p", { class: `mq-finding mq-${f.severity}` }, f.message)))))));
      }
      if (kind === "article") {
        return el("div", { class: "mq-article" }, document.headline ? el("h4", {}, document.headline) : null, document.paragraphs.map((p) => (p.startsWith("## ") ? el("h5", {}, p.slice(3)) : el("p", {}, p))));
      }
      if (kind === "dialogue") {
        return el("div", { class: "mq-dialogue" }, document.nodes.map((node) => el("section", { id: `node-${node.id}` }, el("h5", {}, node.id), node.lines.map((line) => el("p", {}, el("b", {}, line.speaker), ` ${line.text}`)), node.choices.map((choice) => el("p", { class: "mq-choice" }, `▸ ${choice.text}`, el("span", {}, ` → ${choice.goto}`))), node.goto && !node.choices.length ? el("p", { class: "mq-choice" }, `→ ${node.goto}`) : null)));
      }
      return el("pre", {}, JSON.stringify(document, null, 2));
    }

    cardFoot(card, step, state, asset) {
      const plan = this.board.plan;
      const path = `plans/${plan.id}/steps/${step.id}`;
      const quiet = (label, action, extra = {}) => el("button", { class: "mq-link", onclick: action, ...extra }, label);
      const items = [];
      if (state === "running" || state === "queued") {
        items.push(quiet(this.t("card.cancel"), () => this.act("POST", `plans/${plan.id}/cancel?step=${step.id}`)));
      } else if (asset) {
        const mark = (verdict) => this.act("POST", `assets/${asset.id}/review`, { verdict });
        items.push(quiet(`✓ ${this.t("card.approve")}`, () => mark("approve"), { class: `mq-link mq-yes${asset.verdict === "approve" ? " mq-on" : ""}`, "aria-pressed": asset.verdict === "approve" ? "true" : "false" }));
        items.push(quiet(`✕ ${this.t("card.reject")}`, () => mark("reject"), { class: `mq-link mq-no${asset.verdict === "reject" ? " mq-on" : ""}`, "aria-pressed": asset.verdict === "reject" ? "true" : "false" }));
        items.push(quiet(`↻ ${this.t("card.again")}`, () => this.act("POST", `${path}/redo`, {})));
        items.push(quiet(this.t("card.edit"), () => this.edit(card, step, true)));
        if (step.versions.length > 1) items.push(this.versions(card, step));
        items.push(el("span", { class: "mq-files" }, asset.files.map((f) => el("a", { href: `${this.base}/${f.url}?download=1`, download: f.name }, f.name.split(".").pop().toUpperCase()))));
      } else {
        items.push(quiet(this.t("card.edit"), () => this.edit(card, step, false)));
        if (state !== "planned" && plan.approved) items.push(quiet(`↻ ${this.t("card.retry")}`, () => this.act("POST", `${path}/redo`, {})));
        items.push(quiet(this.t("card.drop"), () => this.act("DELETE", path)));
      }
      card.parts.foot.replaceChildren(...items);
    }

    versions(card, step) {
      const count = step.versions.length;
      const show = async (index) => {
        card.shown = index;
        card.old = index === 0 ? null : await this.call("GET", `assets/${step.versions[index].id}`);
        this.draw(this.board);
      };
      return el("span", { class: "mq-versions" }, el("button", { class: "mq-link", "aria-label": this.t("card.older"), disabled: card.shown >= count - 1, onclick: () => show(card.shown + 1) }, "‹"), `${this.t("card.version")} ${count - card.shown}/${count}`, el("button", { class: "mq-link", "aria-label": this.t("card.newer"), disabled: card.shown === 0, onclick: () => show(card.shown - 1) }, "›"));
    }

    edit(card, step, made) {
      const form = card.parts.form;
      if (!form.hidden) { form.hidden = true; return; }
      const fields = {};
      const rows = [el("label", {}, this.t("field.title"), (fields.title = el("input", { type: "text", maxlength: 200, value: step.title })))];
      for (const name of EDITABLE[step.kind] || []) {
        const value = step.spec[name];
        const schema = step.schema[name] || {};
        let input;
        if (schema.enum) input = el("select", {}, schema.enum.map((option) => el("option", { value: option, selected: option === value }, option)));
        else if (LONG.has(name)) { input = el("textarea", { rows: 3, maxlength: schema.maxLength || 2000 }); input.value = value; }
        else if (typeof value === "number") input = el("input", { type: "number", step: "any", min: schema.minimum, max: schema.maximum, value });
        else input = el("input", { type: "text", maxlength: schema.maxLength, value: Array.isArray(value) ? value.join(", ") : value });
        fields[name] = input;
        rows.push(el("label", {}, this.t(`field.${name}`), input));
      }
      let note = null;
      if (made) rows.push(el("label", {}, this.t("field.note"), (note = el("input", { type: "text", maxlength: 2000, placeholder: this.t("field.note_hint") }))));
      const save = async (event) => {
        event.preventDefault();
        const values = {};
        for (const name of EDITABLE[step.kind] || []) {
          const before = step.spec[name];
          const text = fields[name].value;
          const now = Array.isArray(before) ? text.split(/[,，]/).map((w) => w.trim()).filter(Boolean) : typeof before === "number" ? Number(text) : text;
          if (JSON.stringify(now) !== JSON.stringify(before)) values[name] = now;
        }
        const path = `plans/${this.board.plan.id}/steps/${step.id}`;
        const answer = made ? await this.act("POST", `${path}/redo`, { values, note: note.value }) : await this.act("PATCH", path, { values, title: fields.title.value });
        if (answer) form.hidden = true;
      };
      form.replaceChildren(el("form", { onsubmit: save }, rows, el("div", { class: "mq-form-row" }, el("button", { class: "mq-button mq-primary", type: "submit" }, made ? this.t("card.make_again") : this.t("card.save")), el("button", { class: "mq-button", type: "button", onclick: () => { form.hidden = true; } }, this.t("card.close")))));
      form.hidden = false;
      form.querySelector("textarea, input").focus();
    }

    enlarge(url, asset) {
      const dialog = el("dialog", { class: "mq-dialog", "aria-label": asset.title }, el("img", { src: url, alt: asset.title }), el("p", {}, `${asset.title} · ${asset.maker} · ${this.t("card.seed")} ${asset.seed}`), el("button", { class: "mq-button", onclick: () => dialog.close() }, this.t("card.close")));
      dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
      dialog.addEventListener("close", () => dialog.remove());
      document.body.append(dialog);
      dialog.showModal();
    }
  }

  // Gradio fills the element; watch for it, and start again when another project is chosen.
  let board = null;
  let mounted = "";
  function mount() {
    const holder = document.querySelector("[data-mq-board]");
    if (!holder) { if (board) { board.stop(); board = null; mounted = ""; } return; }
    const signature = holder.dataset.mqBoard;
    if (board && mounted === signature && document.contains(board.root)) return;
    if (board) board.stop();
    mounted = signature;
    const options = JSON.parse(signature);
    let root = holder.querySelector(".mq-board");
    if (!root) { root = el("section", { class: "mq-board", "aria-live": "polite" }); holder.replaceChildren(root); }
    board = new Board(root, options);
  }
  new MutationObserver(mount).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-mq-board"] });
  document.addEventListener("DOMContentLoaded", mount);
  mount();
})();
