// Comments on one result, pinned to a part of it: a region of a picture, a time of a sound, a line of a text, a node of a dialogue.
// The same for people (Library) and for visitors of a link: `ask` says where from.
(() => {
  "use strict";

  const { el, t, button, quiet, notice, is_picture, is_sound, preview } = window.Maquette;
  const when = (text) => new Date(text).toLocaleString(t("locale"));
  const percent = (share) => Math.round(1000 * share) / 10;
  const moment = (seconds) => `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, "0")}`;

  function place_words(anchor) {
    if (anchor.kind === "region") return t("comments.at_region", { x: percent(anchor.x), y: percent(anchor.y), w: percent(anchor.w), h: percent(anchor.h) });
    if (anchor.kind === "time") return anchor.end > anchor.start ? `${moment(anchor.start)}–${moment(anchor.end)}` : moment(anchor.start);
    if (anchor.kind === "text") return anchor.quote ? t("comments.at_words", { n: anchor.line, words: anchor.quote }) : t("comments.at_line", { n: anchor.line });
    return anchor.line ? t("comments.at_node_line", { node: anchor.node, line: anchor.line }) : t("comments.at_node", { node: anchor.node });
  }

  const field = (label, input) => el("label", {}, label, input);
  const number = (name, most, step = 0.1) => el("input", { type: "number", name, min: 0, max: most, step });

  // Fields for a region, and a picture on which it can be drawn with the pointer. Both say the same rectangle.
  function region_place(base, asset, changed) {
    const fields = Object.fromEntries(["x", "y", "w", "h"].map((name) => [name, number(`region.${name}`, 100)]));
    const read = () => {
      const [x, y, w, h] = ["x", "y", "w", "h"].map((name) => Number(fields[name].value) / 100);
      return w > 0 && h > 0 ? { kind: "region", x, y, w: Math.min(w, 1 - x), h: Math.min(h, 1 - y) } : null;
    };
    const frame = el("div", { class: "mq-region mq-region-new", hidden: true });
    const pins = el("div", { class: "mq-pins" });
    const stage = el("div", { class: "mq-pinned" }, el("img", { src: `${base}/${asset.files[0].url}`, alt: asset.title, draggable: "false" }), pins, frame);
    const put = (node, r) => Object.assign(node.style, { left: `${100 * r.x}%`, top: `${100 * r.y}%`, width: `${100 * r.w}%`, height: `${100 * r.h}%` });
    const show = () => {
      const region = read();
      frame.hidden = !region;
      if (region) put(frame, region);
      changed(region);
    };
    const set = (r) => {
      for (const name of ["x", "y", "w", "h"]) fields[name].value = r ? percent(r[name]) : "";
      show();
    };
    let start = null;
    const at = (event) => {
      const box = stage.getBoundingClientRect();
      const share = (value) => Math.min(1, Math.max(0, value));
      return [share((event.clientX - box.left) / box.width), share((event.clientY - box.top) / box.height)];
    };
    const drag = (event) => {
      if (!start) return;
      const [x, y] = at(event);
      set({ x: Math.min(x, start[0]), y: Math.min(y, start[1]), w: Math.abs(x - start[0]), h: Math.abs(y - start[1]) });
    };
    stage.addEventListener("pointerdown", (event) => {
      if (event.button || event.target.closest("button")) return;
      event.preventDefault();
      stage.setPointerCapture(event.pointerId);
      start = at(event);
    });
    stage.addEventListener("pointermove", drag);
    stage.addEventListener("pointerup", (event) => { drag(event); start = null; });
    for (const input of Object.values(fields)) input.addEventListener("input", show);
    const node = el("fieldset", { class: "mq-place" }, el("legend", {}, t("comments.region")), ["x", "y", "w", "h"].map((name) => field(t(`comments.region.${name}`), fields[name])));
    return { node, stage, read, clear: () => set(null), mark: (threads, open) => pins.replaceChildren(...threads.filter((one) => one.anchor && !one.resolved).map((one) => {
      const pin = el("button", { type: "button", class: "mq-region", "aria-label": `${t("comments.number", { n: one.number })}: ${one.text}`, title: one.text, onclick: () => open(one) }, String(one.number));
      put(pin, one.anchor);
      return pin;
    })) };
  }

  function time_place(player) {
    const [start, end] = [number("time.start", 86400), number("time.end", 86400)];
    const now = (input) => () => { input.value = player().currentTime.toFixed(1); };
    const read = () => (start.value === "" ? null : { kind: "time", start: Number(start.value), end: Math.max(Number(start.value), Number(end.value || start.value)) });
    const node = el("fieldset", { class: "mq-place" }, el("legend", {}, t("comments.time")), field(t("comments.start"), start), field(t("comments.end"), end),
      button(t("comments.from_here"), now(start)), button(t("comments.to_here"), now(end)));
    return { node, read, clear: () => { start.value = end.value = ""; }, mark: () => {} };
  }

  function text_place(asset) {
    const lines = asset.text.split("\n").map((line, at) => [at + 1, line.trim()]).filter(([, line]) => line);
    const pick = el("select", { name: "text.line" }, el("option", { value: "" }, t("comments.whole")), lines.map(([n, line]) => el("option", { value: n }, `${n}: ${line.slice(0, 80)}`)));
    const words = el("input", { type: "text", name: "text.quote", maxlength: 500 });
    const read = () => (pick.value ? { kind: "text", line: Number(pick.value), quote: words.value.trim() } : null);
    return { node: el("fieldset", { class: "mq-place" }, el("legend", {}, t("comments.text")), field(t("comments.line"), pick), field(t("comments.words"), words)), read, clear: () => { pick.value = words.value = ""; }, mark: () => {} };
  }

  function node_place(base, asset) {
    const pick = el("select", { name: "node" }, el("option", { value: "" }, t("comments.whole")));
    fetch(`${base}/${asset.files[0].url}`).then((response) => (response.ok ? response.json() : { nodes: [] })).then((document_) => pick.append(...(document_.nodes || []).map((node) => el("optgroup", { label: node.id },
      el("option", { value: JSON.stringify([node.id, ""]) }, t("comments.at_node", { node: node.id })),
      node.lines.map((line) => el("option", { value: JSON.stringify([node.id, line.id]) }, `${line.speaker}: ${line.text.slice(0, 80)}`)))))).catch(() => {});
    const read = () => {
      if (!pick.value) return null;
      const [node, line] = JSON.parse(pick.value);
      return { kind: "node", node, line };
    };
    return { node: el("fieldset", { class: "mq-place" }, el("legend", {}, t("comments.node")), field(t("comments.line"), pick)), read, clear: () => { pick.value = ""; }, mark: () => {} };
  }

  // ask(method, path, body) of this result's comments. may: { say, resolve }. The panel shows the result itself, with its pins,
  // unless it is shown already.
  function comments_panel(base, asset, ask, may, there = null) {
    const shown = there || (is_picture(asset) ? null : preview(base, asset));
    const player = () => shown.querySelector("audio");
    const place = is_picture(asset) ? region_place(base, asset, () => {}) : is_sound(asset) ? time_place(player) : asset.kind === "dialogue" ? node_place(base, asset) : text_place(asset);
    const told = notice();
    const list = el("ol", { class: "mq-threads", "aria-live": "polite" });
    const closed = el("input", { type: "checkbox", name: "resolved" });
    const text = el("textarea", { rows: 2, maxlength: 2000, name: "comment", "aria-label": `${t("visit.comment")}: ${asset.title}` });
    const attempt = async (work) => {
      try {
        told.say("");
        await work();
        await refresh();
      } catch (error) {
        told.say(error.message);
      }
    };
    const say = (body) => ask("POST", "", body);
    const open = (thread) => {
      const node = list.querySelector(`[data-thread="${thread.id}"]`);
      if (node) { node.focus(); node.scrollIntoView({ block: "nearest" }); }
    };
    const go = (anchor) => {
      if (anchor.kind === "time") { player().currentTime = anchor.start; player().play().catch(() => {}); }
      if (anchor.kind === "region") place.stage.scrollIntoView({ block: "nearest" });
    };
    const line = (one) => [el("b", {}, one.person || "–"), " ", el("time", { datetime: one.created }, when(one.created)), el("br"), el("span", { class: "mq-as-written" }, one.text)];

    function answer_form(thread, holder) {
      const answer = el("textarea", { rows: 2, maxlength: 2000, "aria-label": t("comments.answer") });
      holder.replaceChildren(answer, button(t("comments.answer"), () => attempt(() => say({ text: answer.value, thread: thread.id }))));
      answer.focus();
    }

    function thread_row(thread) {
      const holder = el("div", { class: "mq-form-row" });
      const point = thread.anchor && ["time", "region"].includes(thread.anchor.kind);
      const where = !thread.anchor ? null : point ? quiet(place_words(thread.anchor), () => go(thread.anchor)) : el("span", { class: "mq-note" }, place_words(thread.anchor));
      return el("li", { class: `mq-remark${thread.resolved ? " mq-resolved" : ""}`, "data-thread": thread.id, tabindex: -1, value: thread.number },
        el("span", { class: "mq-pin-number", "aria-hidden": "true" }, String(thread.number)), line(thread), where ? [el("br"), where] : null,
        thread.answers.map((one) => el("p", { class: "mq-answer" }, line(one))),
        thread.resolved ? el("p", { class: "mq-note" }, t("comments.resolved_by", { person: thread.resolved })) : null,
        el("div", { class: "mq-form-row" }, may.say ? quiet(t("comments.answer"), () => answer_form(thread, holder)) : null,
          may.resolve ? quiet(t(thread.resolved ? "comments.reopen" : "comments.resolve"), () => attempt(() => ask("PUT", `/${thread.id}`, { resolved: !thread.resolved }))) : null), holder);
    }

    async function refresh() {
      const threads = (await ask("GET", "")).map((thread, at) => ({ ...thread, number: at + 1 }));
      const seen = threads.filter((thread) => closed.checked || !thread.resolved);
      list.replaceChildren(...(seen.length ? seen.map(thread_row) : [el("li", { class: "mq-note mq-none" }, t("visit.nothing_said"))]));
      hidden.hidden = !threads.some((thread) => thread.resolved);
      place.mark(threads, open);
    }
    closed.addEventListener("change", () => refresh().catch((error) => told.say(error.message)));
    const hidden = el("label", { class: "mq-check", hidden: true }, closed, t("comments.show_resolved"));
    const form = may.say ? el("form", { class: "mq-form", novalidate: true, onsubmit: (event) => {
      event.preventDefault();
      attempt(async () => {
        await say({ text: text.value, anchor: place.read() });
        text.value = "";
        place.clear();
      });
    } }, text, el("details", { class: "mq-where" }, el("summary", {}, t("comments.where")), place.node), el("div", { class: "mq-form-row" }, el("button", { class: "mq-button", type: "submit" }, t("visit.send")))) : null;
    refresh().catch((error) => told.say(error.message));
    const hint = place.stage && may.say ? el("p", { class: "mq-note" }, t("comments.draw")) : null;
    return { node: el("div", { class: "mq-comments" }, place.stage || (there ? null : shown), hint, told.node, list, hidden, form), refresh };
  }

  Object.assign(window.Maquette, { comments_panel });
})();
