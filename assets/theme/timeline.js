// One version of a mix as a timeline: tracks of clips with their outlines, ducking, subtitles, a playhead and a loudness meter.
// A clip of an effect moves by pointer, by keyboard or by number; the mix is made again with the new cues as a new version.
(() => {
  "use strict";

  const { el, t, call, button, chip, clock, shape, drawing, wave, hush, sound_field } = window.Maquette;
  const TRACKS = ["voice", "bed", "effect"];
  const FLOOR = -70;
  const NUDGE = 0.1;
  const lufs = (value) => (value <= FLOOR ? "–∞" : value.toFixed(1));
  const percent = (part, whole) => `${(100 * part / Math.max(0.001, whole)).toFixed(3)}%`;

  class Timeline {
    // mixed(values): the person asks for the mix with these fields.
    constructor(base, found, asset, mixed, choose) {
      this.base = base;
      this.found = found;
      this.asset = asset;
      this.mixed = mixed;
      this.choose = choose;
      this.cues = found.clips.filter((clip) => clip.track === "effect").map((clip) => ({ ...clip, from: clip.start }));
      this.audio = el("audio", { controls: true, preload: "metadata", src: `${base}/${asset.files[0].url}`, "aria-label": found.mix.title });
      this.audio.addEventListener("play", hush);
      this.node = el("section", { class: "mq-timeline", "aria-label": t("mixes.timeline") }, this.head(), this.tracks(), this.audio, this.meters(), this.controls());
      this.follow();
    }

    head() {
      const { found } = this;
      const pick = el("select", { name: "version", "aria-label": t("mixes.version") }, found.versions.map((one) => el("option", { value: one.asset_id, selected: one.asset_id === found.asset_id }, `${t("card.version")} ${one.version}`)));
      pick.addEventListener("change", () => this.choose(pick.value));
      const verdict = found.on_target ? chip("done", `✓ ${t("mixes.on_target")}`) : chip("failed", `✕ ${t("mixes.off_target")}`);
      return el("header", { class: "mq-form-row mq-timeline-head" }, el("h3", {}, found.mix.title), pick, verdict, this.files());
    }

    // Stems by their track: as files they would read alike.
    files() {
      const label = (name) => (name.startsWith("stem-") ? `${t(`mixes.stem.${name.slice(5).split(".")[0]}`)} FLAC` : name.split(".").pop().toUpperCase());
      return el("span", { class: "mq-files mq-named-files" }, this.asset.files.map((file) => el("a", { href: `${this.base}/${file.url}?download=1`, download: file.name, "aria-label": t("card.download", { name: file.name }) }, label(file.name))), window.Maquette.label_link(this.base, this.asset.files));
    }

    // Tracks

    tracks() {
      const { found } = this;
      const seconds = found.seconds;
      const lane = (name, ...nodes) => el("div", { class: "mq-lane", "data-track": name }, el("span", { class: "mq-lane-name" }, t(`mixes.track.${name}`)), el("div", { class: "mq-lane-in" }, nodes.flat()));
      const rows = TRACKS.filter((track) => found.clips.some((clip) => clip.track === track)).map((track) => {
        const clips = track === "effect" ? this.cues.map((cue) => this.moving(cue)) : found.clips.filter((clip) => clip.track === track).map((clip) => this.clip(clip));
        const stem = found.stems[track === "effect" ? "effects" : track];
        const under = stem === undefined ? null : wave(this.base, found.asset_id, stem, 900);
        const node = lane(track, under, clips);
        if (track === "bed") this.duck(node.lastChild);
        return node;
      });
      const subtitles = found.subtitles.length ? [lane("subtitles", found.subtitles.map((one) => el("span", { class: "mq-subtitle", title: one.text, style: `left:${percent(one.start, seconds)};width:${percent(one.end - one.start, seconds)}` }, one.text)))] : [];
      this.playhead = el("i", { class: "mq-playhead", "aria-hidden": "true" });
      this.said = el("p", { class: "mq-now-said", "aria-hidden": "true" });
      const marks = [];
      const every = [0.5, 1, 2, 5, 10, 30, 60].find((step) => seconds / step <= 12) || 120;
      for (let at = 0; at < seconds; at += every) marks.push(el("span", { style: `left:${percent(at, seconds)}` }, clock(at, every < 1 ? 1 : 0)));
      const ruler = el("div", { class: "mq-lane mq-ruler", "aria-hidden": "true" }, el("span", { class: "mq-lane-name" }), el("div", { class: "mq-lane-in" }, marks, this.playhead));
      this.area = el("div", { class: "mq-lanes", style: `--mq-long:${Math.max(1, Math.ceil(seconds))}` }, ruler, rows, subtitles);
      this.area.addEventListener("click", (event) => {
        const inside = event.target.closest(".mq-lane-in");
        if (!inside || event.target.closest(".mq-moving")) return;
        const box = inside.getBoundingClientRect();
        this.audio.currentTime = Math.max(0, Math.min(seconds, seconds * (event.clientX - box.left) / box.width));
      });
      return el("div", {}, el("div", { class: "mq-lanes-scroll" }, this.area), this.said);
    }

    clip(clip) {
      return el("span", { class: `mq-clip mq-clip-${clip.track}`, title: [clip.title, clip.text].filter(Boolean).join(": "), style: `left:${percent(clip.start, this.found.seconds)};width:${percent(clip.end - clip.start, this.found.seconds)}` }, el("b", {}, clip.text || clip.title));
    }

    // How far the bed goes down, as a line over it: the deeper the ducking, the lower the line.
    duck(lane) {
      call(this.base, "GET", `assets/${this.found.asset_id}/ducking`).then((held) => {
        if (!held.length) return;
        const depth = Math.min(1, this.found.spec.duck / 20);
        const points = held.map((share, at) => `${at},${(4 + 92 * share * depth).toFixed(1)}`).join(" ");
        const line = drawing(Math.max(1, held.length - 1), 100, "mq-duck", shape("polyline", { points, fill: "none" }));
        lane.append(line);
      }).catch(() => {});
    }

    // An effect: moved by pointer or by arrows, its numbers stand in the table below.
    moving(cue) {
      const node = el("span", { class: "mq-clip mq-clip-effect mq-moving", role: "slider", tabindex: 0, "aria-label": t("mixes.cue", { title: cue.title }), "aria-valuemin": 0, "aria-valuemax": this.found.seconds }, el("b", {}, cue.title));
      cue.node = node;
      this.place(cue);
      node.addEventListener("keydown", (event) => {
        const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (!step) return;
        event.preventDefault();
        this.move(cue, cue.start + step * NUDGE * (event.shiftKey ? 10 : 1));
      });
      node.addEventListener("pointerdown", (event) => {
        const width = node.parentElement.getBoundingClientRect().width;
        const [from, at] = [event.clientX, cue.start];
        node.setPointerCapture(event.pointerId);
        const drag = (move) => this.move(cue, at + this.found.seconds * (move.clientX - from) / width);
        const drop = () => { node.removeEventListener("pointermove", drag); node.removeEventListener("pointerup", drop); };
        node.addEventListener("pointermove", drag);
        node.addEventListener("pointerup", drop);
      });
      return node;
    }

    // The cue keeps what it hangs on (a line, an edge): only its offset changes.
    move(cue, start) {
      const within = Math.round(100 * Math.max(0, Math.min(Math.max(0, this.found.seconds - 0.05), start))) / 100;
      const moved = within - cue.start;
      cue.offset = Math.round(1000 * (cue.offset + moved)) / 1000;
      cue.end += moved;
      cue.start = within;
      this.place(cue);
      if (cue.at) cue.at.value = within;
      this.ready();
    }

    place(cue) {
      cue.node.style.left = percent(cue.start, this.found.seconds);
      cue.node.style.width = percent(cue.end - cue.start, this.found.seconds);
      cue.node.setAttribute("aria-valuenow", cue.start.toFixed(2));
      cue.node.setAttribute("aria-valuetext", clock(cue.start, 2));
    }

    // The meter

    meters() {
      const { found } = this;
      const figure = (name, value) => el("div", { "data-meter": name }, el("dt", {}, t(`mixes.${name}`)), el("dd", {}, value));
      this.now = { momentary: figure("momentary", "–"), short: figure("short", "–") };
      const figures = el("dl", { class: "mq-figures mq-meter-figures" }, figure("integrated", `${lufs(found.lufs)} LUFS`), figure("target", `${found.target} LUFS`), figure("true_peak", `${found.peak.toFixed(1)} dBTP`), this.now.short, this.now.momentary);
      const curve = el("div", { class: "mq-meter-curve" });
      call(this.base, "GET", `assets/${found.asset_id}/meter`).then((read) => {
        this.read = read;
        const height = (value) => (100 * (Math.max(-40, Math.min(0, value)) / -40)).toFixed(1);
        const wide = Math.max(1, read.short.length - 1);
        const line = (values, className) => shape("polyline", { points: values.map((value, at) => `${at},${height(value)}`).join(" "), fill: "none", class: className });
        const target = shape("line", { x1: 0, x2: wide, y1: height(found.target), y2: height(found.target), class: "mq-meter-target" });
        curve.replaceChildren(drawing(wide, 100, "mq-meter", line(read.momentary, "mq-meter-momentary"), target, line(read.short, "mq-meter-short")));
      }).catch((error) => { curve.textContent = error.message; });
      return el("section", { class: "mq-meters", "aria-label": t("mixes.loudness") }, el("h4", {}, t("mixes.loudness")), figures, curve, el("p", { class: "mq-note" }, t("mixes.meter_hint")));
    }

    follow() {
      this.audio.addEventListener("timeupdate", () => {
        const at = this.audio.currentTime;
        this.playhead.style.left = percent(at, this.found.seconds);
        const line = this.found.subtitles.find((one) => one.start <= at && at < one.end);
        this.said.textContent = line ? line.text : "";
        if (!this.read) return;
        const reading = Math.floor(at / this.read.step);
        for (const name of ["momentary", "short"]) {
          const value = this.read[name][Math.min(reading, this.read[name].length - 1)];
          this.now[name].lastChild.textContent = value === undefined ? "–" : `${lufs(value)} LUFS`;
        }
      });
    }

    // Numbers, and the mix again

    controls() {
      const { spec } = this.found;
      const number = (name, value, least, most, step) => el("input", { type: "number", name, value, min: least, max: most, step });
      this.fields = { pause: number("pause", spec.pause, -3, 10, 0.05), duck: number("duck", spec.duck, 0, 30, 1), seconds: number("seconds", spec.seconds, 0, 600, 0.5) };
      this.target = el("select", { name: "target" }, ["podcast", "streaming", "broadcast"].map((one) => el("option", { value: one, selected: one === spec.target }, t(`mixes.target.${one}`))));
      const rows = this.cues.map((cue, at) => {
        cue.at = number(`cue.${at}.start`, cue.start, 0, this.found.seconds, 0.05);
        cue.level = number(`cue.${at}.gain`, cue.gain, -40, 12, 0.5);
        cue.at.setAttribute("aria-label", `${t("mixes.start")}: ${cue.title}`);
        cue.level.setAttribute("aria-label", `${t("mixes.level")}: ${cue.title}`);
        cue.at.addEventListener("change", () => this.move(cue, Number(cue.at.value)));
        cue.level.addEventListener("input", () => { cue.gain = Number(cue.level.value); this.ready(); });
        const hangs = cue.line ? t(cue.edge === "end" ? "mixes.after_line" : "mixes.with_line", { n: cue.line }) : t("mixes.at_time");
        return el("tr", {}, el("th", { scope: "row" }, cue.title), el("td", { "data-label": t("mixes.start") }, cue.at), el("td", { "data-label": t("mixes.level") }, cue.level), el("td", { "data-label": t("mixes.hangs") }, hangs));
      });
      const cues = rows.length ? el("table", { class: "mq-table mq-cues" }, el("thead", {}, el("tr", {}, [t("mixes.effect"), t("mixes.start"), t("mixes.level"), t("mixes.hangs")].map((one) => el("th", { scope: "col" }, one)))), el("tbody", {}, rows)) : null;
      this.again = el("button", { class: "mq-button mq-primary", type: "submit", name: "mix-again", disabled: true }, t("mixes.again"));
      const form = el("form", { class: "mq-form mq-mix-fields", novalidate: true }, cues,
        el("div", { class: "mq-line-fields" }, sound_field("target", t("field.target"), this.target), ...Object.entries(this.fields).map(([name, input]) => sound_field(name, t(`mixes.${name}`), input))),
        el("div", { class: "mq-form-row" }, this.again, button(t("mixes.reset"), () => this.choose(this.found.asset_id))));
      form.addEventListener("input", () => this.ready());
      form.addEventListener("submit", (event) => { event.preventDefault(); this.mixed(this.values(), form); });
      return form;
    }

    values() {
      const numbers = Object.fromEntries(Object.entries(this.fields).map(([name, input]) => [name, Number(input.value)]));
      // An effect that the mixer placed is pinned where it is heard, so that the others do not move it.
      const cues = this.cues.filter((cue) => cue.step).map(({ step, line, edge, offset, gain }) => ({ step, line, edge, offset, gain }));
      return { ...numbers, target: this.target.value, cues };
    }

    ready() {
      const { spec } = this.found;
      const now = this.values();
      const same = this.target.value === spec.target && Object.keys(this.fields).every((name) => now[name] === spec[name]);
      const still = this.cues.every((cue, at) => cue.start === cue.from && cue.gain === this.found.clips.filter((clip) => clip.track === "effect")[at].gain);
      this.again.disabled = same && still;
    }
  }

  Object.assign(window.Maquette, { Timeline });
})();
