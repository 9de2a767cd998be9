// Sounds on a page: one plays at a time, outlines are drawn from peaks the server computed, times are written alike everywhere.
(() => {
  "use strict";

  const { el, t, call, fault_line } = window.Maquette;
  const SVG = "http://www.w3.org/2000/svg";

  // 75.5 -> "1:15.5"
  function clock(seconds, digits = 1) {
    const minutes = Math.floor(seconds / 60);
    const rest = (seconds - 60 * minutes).toFixed(digits);
    return minutes ? `${minutes}:${rest.padStart(digits ? 3 + digits : 2, "0")}` : `${rest} s`;
  }

  function shape(name, attributes) {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
    return node;
  }

  // A curve or a filled shape in the colour of the text, stretched over its place.
  function drawing(width, height, className, ...shapes) {
    const node = shape("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true", class: className });
    node.append(...shapes);
    return node;
  }

  // Pairs of the lowest and highest sample, -100 to 100, as one filled outline.
  function outline(pairs) {
    const top = pairs.map(([, high], at) => `${at},${(100 - high).toFixed(0)}`);
    const under = pairs.map(([low], at) => `${at},${(101 - low).toFixed(0)}`).reverse();
    return drawing(Math.max(1, pairs.length - 1), 200, "mq-outline", shape("polygon", { points: [...top, ...under].join(" ") }));
  }

  // Asked for once per page: what is computed of a file does not change.
  const asked = new Map();
  function peaks_of(base, asset, file = 0, points = 300) {
    const path = `assets/${asset}/peaks?file=${file}&points=${points}`;
    if (!asked.has(path)) asked.set(path, call(base, "GET", path).catch((error) => { asked.delete(path); throw error; }));
    return asked.get(path);
  }

  // An outline that comes when the server has it; without one the place stays empty, and the sound can be heard all the same.
  function wave(base, asset, file = 0, points = 300) {
    const node = el("span", { class: "mq-wave", "aria-hidden": "true" });
    peaks_of(base, asset, file, points).then((pairs) => node.replaceChildren(outline(pairs))).catch(() => node.classList.add("mq-no-wave"));
    return node;
  }

  // Sound that is made when it is asked for. Throws what the server says of it.
  async function fetch_sound(base, path, body) {
    const response = await fetch(`${base}/api/${path}`, body === undefined ? {} : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    if (!response.ok) {
      const data = await response.json().catch(() => ({}));
      const error = new Error([data.message || t("error.http", { status: response.status }), data.hint].filter(Boolean).join(" "));
      error.data = data;
      throw error;
    }
    return URL.createObjectURL(await response.blob());
  }

  let playing = null;
  function hush() {
    if (playing) playing();
  }

  // A button that plays and stops. source(): an address, or a promise of one; told(error) says why there is none.
  function play_button(label, source, told, extra = {}) {
    const audio = new Audio();
    const node = el("button", { class: "mq-play-button", type: "button", "aria-label": label, "aria-pressed": "false", title: label, ...extra }, "▶");
    const still = () => {
      audio.pause();
      node.textContent = "▶";
      node.setAttribute("aria-pressed", "false");
      node.removeAttribute("aria-busy");
      if (playing === still) playing = null;
    };
    audio.addEventListener("ended", still);
    node.addEventListener("click", async () => {
      if (playing === still) { still(); return; }
      hush();
      playing = still;
      node.textContent = "■";
      node.setAttribute("aria-pressed", "true");
      node.setAttribute("aria-busy", "true");
      try {
        const address = await source();
        if (playing !== still) return;
        audio.src = address;
        await audio.play();
        node.removeAttribute("aria-busy");
      } catch (error) {
        still();
        // Stopped while it was loading: nobody needs to be told.
        if (error.name !== "AbortError") told(error);
      }
    });
    return node;
  }

  // A field with its label, and a place for what is wrong with it.
  const field = (name, label, input, more = null) => el("label", { "data-field": name }, label, input, more, fault_line());

  // What was refused, at its field of a form, else in a notice.
  function refused(form, says, error) {
    const name = String((error.data && error.data.field) || "").split(".").pop();
    const place = name && form.querySelector(`[data-field="${CSS.escape(name)}"]`);
    if (!place) { says.say(error.message); return; }
    place.querySelector(".mq-field-error").textContent = error.message;
    const input = place.querySelector("input, textarea, select");
    if (input) { input.setAttribute("aria-invalid", "true"); input.focus(); }
  }

  // A part of the Sound page: it looks for news while it is seen, and rests behind another tab.
  class Watching {
    constructor(root, options) {
      this.root = root;
      this.base = options.base;
      this.project = options.project;
      this.stopped = false;
      this.busy = false;
    }

    start() {
      this.tick();
    }

    stop() {
      this.stopped = true;
      hush();
    }

    async tick() {
      if (this.stopped) return;
      if (this.root.offsetParent !== null) {
        try {
          await this.refresh();
          if (this.offline) { this.offline = false; this.says.say(""); }
        } catch (error) {
          this.offline = true;
          this.says.say(error.status ? error.message : t("error.offline"));
        }
      }
      if (!this.stopped) window.setTimeout(() => this.tick(), this.busy ? 1000 : this.root.offsetParent === null ? 500 : 3000);
    }

    // Draw again only what has changed: what plays or is being typed stays.
    changed(name, data) {
      const signature = JSON.stringify(data);
      this.signatures = this.signatures || {};
      if (this.signatures[name] === signature) return false;
      this.signatures[name] = signature;
      return true;
    }
  }

  // Asked for once per page.
  const kept = new Map();
  function once(base, path) {
    if (!kept.has(path)) kept.set(path, call(base, "GET", path).catch((error) => { kept.delete(path); throw error; }));
    return kept.get(path);
  }

  Object.assign(window.Maquette, { clock, shape, drawing, outline, wave, fetch_sound, hush, play_button, sound_field: field, refused, Watching, once });
})();
