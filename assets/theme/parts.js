// What the pages' own parts share: elements, words, calls to /api, previews of assets, dialogs, dark and light, mounting.
// Everything is drawn with text nodes and attributes: nothing a person, a file or a model wrote is ever read as markup.
window.Maquette = (() => {
  "use strict";

  const ICONS = {
    copy: "✎", article: "¶", script: "▶", dialogue: "❝", lore: "❖", translation: "⇄", picture: "▣", upscale: "⤢", cutout: "✂", speech: "◉", music: "♫", sound: "♪", mix: "≋", layout: "▤",
  };
  const PICTURES = new Set(["image/png", "image/jpeg", "image/webp"]);

  function el(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "class") node.className = value;
      else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value === true) node.setAttribute(name, "");
      else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, String(value));
    }
    for (const child of children.flat()) {
      if (child !== null && child !== undefined && child !== false && child !== "") node.append(child);
    }
    return node;
  }

  // Words

  let table = null;
  function t(key, values = {}) {
    if (table === null) {
      const meta = document.querySelector('meta[name="maquette-words"]');
      if (!meta) return key;
      table = JSON.parse(meta.content);
    }
    let text = table[key] ?? key;
    for (const [name, value] of Object.entries(values)) text = text.replaceAll(`{${name}}`, String(value));
    return text;
  }

  // What a finding says, in the language of the page: its template with its values, each of which may be such a template itself.
  // A finding stored before there were templates has its English message alone.
  function said(template, values) {
    return t(template).replace(/\{(\w+)\}/g, (place, name) => (name in values ? shown(values[name]) : place));
  }
  const shown = (value) => (Array.isArray(value) ? value.map(shown).join(t("list.comma")) : value && value.message_id ? said(value.message_id, value.values) : String(value));
  const finding_message = (finding) => (finding.message_id ? said(finding.message_id, finding.values) : finding.message);
  const finding_advice = (finding) => (finding.suggestion_id ? said(finding.suggestion_id, finding.values) : finding.suggestion);

  // One finding with the field it stands at and what to do.
  function finding_line(f) {
    const field = !f.field ? "" : has(`slot.${f.field}`) ? t(`slot.${f.field}`) : has(`brand.${f.field}`) ? t(`brand.${f.field}`) : named("field", f.field.split(".")[0]);
    return el("p", { class: `mq-finding mq-${f.severity}`, "data-rule": f.rule }, `${field ? `${field}: ` : ""}${[finding_message(f), finding_advice(f)].filter(Boolean).join(" ")}`);
  }

  const has = (key) => t(key) !== key;
  const named = (prefix, value) => (has(`${prefix}.${value}`) ? t(`${prefix}.${value}`) : String(value).replaceAll("_", " "));

  function duration(seconds) {
    if (seconds === null || seconds === undefined) return t("unknown");
    if (seconds < 1) return t("seconds.under_one");
    return seconds < 90 ? t("seconds", { n: Math.round(seconds) }) : t("minutes", { n: Math.round(seconds / 6) / 10 });
  }

  function bytes(size) {
    if (size >= 1e9) return `${(size / 1e9).toFixed(1)} GB`;
    if (size >= 1e6) return `${Math.round(size / 1e6)} MB`;
    return size >= 1e3 ? `${Math.round(size / 1e3)} kB` : `${size} B`;
  }

  // Calls

  class Refused extends Error {
    constructor(message, data, status) {
      super(message);
      this.data = data;
      this.status = status;
    }
  }

  async function call(base, method, path, body) {
    const raw = body instanceof Blob;
    const response = await fetch(`${base}/api/${path}`, {
      method,
      // What goes wrong is told in the language of the page, whatever the browser's own is.
      headers: { "accept-language": t("locale"), ...(body === undefined || raw ? {} : { "content-type": "application/json" }) },
      body: body === undefined || raw ? body : JSON.stringify(body),
    });
    if (response.status === 401) {
      window.location.assign(`${base}/login`);
      throw new Refused(t("error.signed_out"), {}, 401);
    }
    const data = await response.json().catch(() => ({}));
    if (!response.ok) {
      throw new Refused([data.message || t("error.http", { status: response.status }), data.hint].filter(Boolean).join(" "), data, response.status);
    }
    return data;
  }

  // Start long work and follow it to its end. show(fraction, note) is called meanwhile; returns its result or throws.
  async function follow(base, path, body, show) {
    const { task } = await call(base, "POST", path, body);
    for (;;) {
      const state = await call(base, "GET", `tasks/${task}`);
      show(state.fraction, state.note, task);
      if (state.state === "done") return state.result;
      if (state.state !== "running") throw new Refused(state.error || t("state.cancelled"), state, 0);
      await new Promise((wake) => window.setTimeout(wake, 350));
    }
  }

  // Small pieces

  const button = (label, onclick, extra = {}) => el("button", { class: "mq-button", type: "button", onclick, ...extra }, label);
  const quiet = (label, onclick, extra = {}) => el("button", { class: "mq-link", type: "button", onclick, ...extra }, label);
  const chip = (kind, label) => el("span", { class: `mq-chip mq-${kind}` }, label);

  function bar(fraction, label) {
    const percent = Math.round(100 * fraction);
    return el("div", { class: "mq-bar", role: "progressbar", "aria-valuenow": percent, "aria-valuemin": 0, "aria-valuemax": 100, "aria-label": label }, el("i", { style: `width:${percent}%` }));
  }

  function notice() {
    const node = el("div", { class: "mq-notice", role: "alert", hidden: true });
    return {
      node,
      say(text, good = false) {
        node.hidden = !text;
        node.textContent = text;
        node.classList.toggle("mq-good-news", good);
      },
    };
  }

  function dialog(label, className, ...children) {
    const node = el("dialog", { class: `mq-dialog ${className}`, "aria-label": label }, ...children);
    const before = document.activeElement;
    node.addEventListener("click", (event) => { if (event.target === node) node.close(); });
    node.addEventListener("close", () => { node.remove(); if (before && before.focus) before.focus(); });
    // Gradio's prefix of rules inside media queries reaches only what stands in its .contain.
    (document.querySelector(".gradio-container .contain") || document.querySelector(".gradio-container") || document.body).append(node);
    node.showModal();
    return node;
  }

  function enlarge(base, asset) {
    const shown = dialog(
      asset.title, "mq-large",
      el("img", { src: `${base}/${asset.files[0].url}`, alt: asset.title }),
      el("div", { class: "mq-large-foot" }, el("p", {}, [asset.title, asset.maker, asset.maker ? `${t("card.seed")} ${asset.seed}` : ""].filter(Boolean).join(" · ")), button(t("card.close"), () => shown.close())),
    );
  }

  // Previews of assets

  const is_picture = (asset) => PICTURES.has(asset.files[0].media_type);
  const is_sound = (asset) => asset.files[0].media_type.startsWith("audio/");

  function player(base, asset) {
    return el("audio", { controls: true, preload: "metadata", src: `${base}/${asset.files[0].url}`, "aria-label": asset.title });
  }

  function lines_of(slot) {
    return slot.lines.map((line) => el("div", { class: `mq-line${line.findings.some((f) => f.severity !== "note") ? " mq-bad" : ""}` },
      el("p", {}, line.text),
      el("span", { class: "mq-count", title: t("card.characters") }, `${[...line.text].length}/${slot.max_chars}`),
      line.findings.map((f) => el("p", { class: `mq-finding mq-${f.severity}` }, finding_message(f)))));
  }

  function node_of(node) {
    return el("section", {}, el("h5", {}, node.id),
      node.lines.map((line) => el("p", {}, el("b", {}, line.speaker), ` ${line.text}`)),
      node.choices.map((choice) => el("p", { class: "mq-choice" }, `▸ ${choice.text}`, el("span", {}, ` → ${choice.goto}`))),
      node.goto && !node.choices.length ? el("p", { class: "mq-choice" }, `→ ${node.goto}`) : null);
  }

  const table_of = (head, rows) => el("table", { class: "mq-rows" }, el("thead", {}, el("tr", {}, head.map((cell) => el("th", {}, cell)))),
    el("tbody", {}, rows.map((row) => el("tr", {}, row.map((cell) => el("td", {}, cell))))));

  const said_by = (line) => el("p", {}, el("b", {}, line.speaker), ` ${line.manner ? `(${line.manner}) ` : ""}${line.text}`);

  // An ad in its columns; podcast and film part by part, a film with its shot list.
  function script_of(document_) {
    const title = document_.title ? el("h4", {}, document_.title) : null;
    if (document_.form === "ad") {
      return [title, table_of(document_.heads, document_.parts.map((part) => [String(part.seconds), part.picture, part.lines.map(said_by)]))];
    }
    const shots = document_.parts.flatMap((part, at) => part.shots.map((shot) => [String(shot.number), String(at + 1), shot.size, shot.move, shot.what]));
    return [title, ...document_.parts.map((part) => el("section", {}, el("h5", {}, part.heading), part.picture ? el("p", {}, part.picture) : null, part.lines.map(said_by))),
      ...(shots.length ? [el("h5", {}, document_.table), table_of(document_.heads, shots)] : [])];
  }

  function translation_of(document_) {
    return table_of(["", document_.source_language, document_.language], document_.lines.map((line) => [line.id, line.source,
      el("span", { class: line.state === "failed" ? "mq-bad" : "", title: line.findings.map(finding_message).join(" ") }, line.target)]));
  }

  function words_of(kind, document_) {
    if (kind === "script") return el("div", { class: "mq-dialogue" }, script_of(document_));
    if (kind === "translation") return el("div", { class: "mq-dialogue" }, translation_of(document_));
    if (kind === "copy") {
      const section = (slot) => el("section", {}, el("h4", {}, named("slot", slot.name)), lines_of(slot));
      const variants = document_.variants || [];
      // What concerns the whole, at the field it names.
      const whole = (document_.findings || []).map(finding_line);
      if (!variants.length) return el("div", { class: "mq-copy" }, document_.slots.map(section), whole);
      const sets = [{ label: "A", angle: document_.angle, slots: document_.slots }, ...variants];
      return el("div", { class: "mq-copy" }, sets.map((set) => el("section", { class: "mq-copy-set" }, el("h3", {}, [set.label, set.angle].filter(Boolean).join(" · ")), set.slots.map(section))), whole);
    }
    if (kind === "article") {
      return el("div", { class: "mq-article" },
        document_.headline ? el("h4", {}, document_.headline) : null,
        document_.paragraphs.map((p) => (p.startsWith("## ") ? el("h5", {}, p.slice(3)) : el("p", {}, p.split("\n").flatMap((row, at) => (at ? [el("br"), row] : [row]))))));
    }
    if (kind === "dialogue") return el("div", { class: "mq-dialogue" }, document_.nodes.map(node_of));
    if (kind === "lore") {
      const stages = document_.quest ? document_.quest.stages : [];
      return el("div", { class: "mq-dialogue" },
        document_.barks.map((set) => el("section", {}, el("h5", {}, `${set.character}: ${set.situation}`), set.barks.map((bark) => el("p", {}, bark.text)))),
        document_.quest ? el("h4", {}, document_.quest.title) : null,
        stages.map((stage) => el("section", {}, el("h5", {}, stage.outcome ? `${stage.title} (${stage.outcome})` : stage.title),
          stage.objective ? el("p", {}, el("b", {}, stage.objective)) : null, el("p", {}, stage.text),
          stage.ways.filter((way) => way.text).map((way) => el("p", { class: "mq-choice" }, `▸ ${way.text}`, el("span", {}, ` → ${way.goto}`))))),
        document_.entries.map((entry) => el("section", {}, el("h5", {}, entry.name), el("p", {}, entry.text))));
    }
    return el("pre", {}, JSON.stringify(document_, null, 2));
  }

  // The whole of an asset: picture (click to enlarge), player with its words, or document.
  function preview(base, asset) {
    if (is_picture(asset)) {
      const image = el("img", { src: `${base}/${asset.files[0].url}`, alt: asset.title, loading: "lazy" });
      return el("button", { class: "mq-media", type: "button", "aria-label": `${t("card.enlarge")}: ${asset.title}`, onclick: () => enlarge(base, asset) }, image);
    }
    if (is_sound(asset)) {
      return el("div", { class: "mq-sound" }, player(base, asset), asset.kind === "speech" && asset.prompt ? el("p", { class: "mq-spoken" }, asset.prompt) : null);
    }
    const holder = el("div", { class: "mq-words" }, el("p", { class: "mq-note" }, "…"));
    fetch(`${base}/${asset.files[0].url}`)
      .then((response) => (response.ok ? response.json() : Promise.reject(new Error(String(response.status)))))
      .then((document_) => holder.replaceChildren(words_of(asset.kind, document_)))
      .catch(() => holder.replaceChildren(el("pre", {}, asset.text)));
    return holder;
  }

  function remarks(asset) {
    // Of copy every line carries its own findings; those of the whole would say them twice.
    const whole = asset.kind === "copy" ? asset.findings.filter((f) => !f.field) : asset.findings;
    const rows = whole.map(finding_line);
    for (const change of asset.facts.substitutions || []) {
      rows.push(el("p", { class: "mq-finding mq-warning" }, t("card.substitution", { asked: change.asked, drawn: change.drawn })));
    }
    return rows;
  }

  // A drawn picture offers more than the files it was stored as: see drawing.js.
  function downloads(base, asset) {
    // What waits for a decision on its content is not handed out.
    if (asset.held) return el("span", { class: "mq-note" }, t(asset.held === "refused" ? "content.no_download" : "content.later"));
    if (asset.drawing) return window.Maquette.drawing_menu(base, asset);
    return el("span", { class: "mq-files" }, asset.files.map((f) => el("a", { href: `${base}/${f.url}?download=1`, download: f.name, "aria-label": t("card.download", { name: f.name }) }, f.name.split(".").pop().toUpperCase())), window.Maquette.label_link(base, asset.files));
  }

  // Approve and reject, as on every card. mark(verdict) sends it.
  function verdict_buttons(asset, mark) {
    const one = (verdict, sign, style) => quiet(`${sign} ${t(`card.${verdict}`)}`, () => mark(verdict), {
      class: `mq-link ${style}${asset.verdict === verdict ? " mq-on" : ""}`,
      "aria-pressed": asset.verdict === verdict ? "true" : "false",
    });
    return [one("approve", "✓", "mq-yes"), one("reject", "✕", "mq-no")];
  }

  // The browser saves what an address gives.
  function hand_over(href, name) {
    const link = el("a", { href, download: name });
    document.body.append(link);
    link.click();
    link.remove();
  }

  // Pack a plan or a selection, showing how far it is on the button, and hand over the ZIP.
  async function export_pack(base, project, selection, control, says) {
    const label = control.textContent;
    control.disabled = true;
    try {
      const done = await follow(base, `projects/${project}/packs`, selection, (fraction) => { control.textContent = `${t("export.running")} ${Math.round(100 * fraction)}%`; });
      hand_over(`${base}/packs/${project}/${encodeURIComponent(done.name)}`, done.name);
      says.say(t("export.done", { name: done.name }), true);
    } catch (error) {
      says.say(error.message);
    } finally {
      control.disabled = false;
      control.textContent = label;
    }
  }

  // Dark and light: a person's choice stays in the browser; without one the system decides.

  const STORE = "maquette.dark";
  function prefers_dark() {
    const kept = window.localStorage.getItem(STORE);
    return kept === null ? window.matchMedia("(prefers-color-scheme: dark)").matches : kept === "1";
  }
  function apply_dark() {
    const dark = prefers_dark();
    for (const node of [document.documentElement, document.body]) {
      if (node && node.classList.contains("dark") !== dark) node.classList.toggle("dark", dark);
    }
    document.documentElement.style.colorScheme = dark ? "dark" : "light";
    for (const control of document.querySelectorAll(".mq-dark")) {
      if (control.getAttribute("aria-pressed") !== String(dark)) control.setAttribute("aria-pressed", String(dark));
    }
  }
  document.addEventListener("click", (event) => {
    const control = event.target instanceof Element ? event.target.closest(".mq-dark") : null;
    if (!control) return;
    window.localStorage.setItem(STORE, prefers_dark() ? "0" : "1");
    apply_dark();
  });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", apply_dark);

  // What Gradio says only to screen readers, in the page's language. A message is told by who said it: its text follows anyway.
  const LABELS = [
    ["#mq-chat .bubble-wrap", "chat.label"], ["#mq-message .full-container", "chat.label"],
    ["#mq-message .submit-button", "chat.send"], ["#mq-message .stop-button", "board.stop"],
    ["#mq-message .upload-button, #mq-message .upload-container, #mq-message input[type=file]", "chat.attach"],
    ["#mq-message .delete-button", "brand.remove_row"], ["#mq-chat .icon-button[title]", "chat.copy"],
    ["#mq-chat [aria-label^=\"user's message\"]", "chat.mine"], ["#mq-chat [aria-label^=\"bot's message\"]", "chat.theirs"],
  ];
  function relabel() {
    for (const [selector, key] of LABELS) {
      for (const node of document.querySelectorAll(selector)) {
        if (node.getAttribute("aria-label") !== t(key)) node.setAttribute("aria-label", t(key));
        if (node.hasAttribute("title") && node.title !== t(key)) node.title = t(key);
      }
    }
    for (const node of document.querySelectorAll("#mq-chat .example[aria-label]")) node.removeAttribute("aria-label");
  }

  // Mounting: Gradio fills and refills its HTML parts; a part of ours starts where data-mq-part names it.

  const makers = {};
  const running = new Map();
  function mount() {
    for (const [holder, part] of running) {
      if (!document.contains(holder) || holder.dataset.mqOptions !== part.signature) {
        part.stop();
        running.delete(holder);
      }
    }
    for (const holder of document.querySelectorAll("[data-mq-part]")) {
      const make = makers[holder.dataset.mqPart];
      if (!make || running.has(holder)) continue;
      const part = make(holder, JSON.parse(holder.dataset.mqOptions));
      part.signature = holder.dataset.mqOptions;
      running.set(holder, part);
    }
  }
  // make(holder, options) draws into the holder and returns an object with stop().
  function part(name, make) {
    makers[name] = make;
    mount();
  }

  // An answer that streams changes the page many times a second: once per drawn frame is enough.
  let waiting = false;
  function settle() {
    if (waiting) return;
    waiting = true;
    window.requestAnimationFrame(() => {
      waiting = false;
      mount();
      relabel();
      document.dispatchEvent(new Event("mq-settled"));
    });
  }

  new MutationObserver(() => { apply_dark(); settle(); }).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["class", "data-mq-options"] });
  apply_dark();

  return { ICONS, el, t, has, named, shown, finding_message, finding_advice, finding_line, duration, bytes, call, follow, button, quiet, chip, bar, notice, dialog, enlarge, is_picture, is_sound, player, preview, remarks, downloads, verdict_buttons, hand_over, export_pack, part };
})();
