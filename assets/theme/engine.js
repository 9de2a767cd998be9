// Settings > Engine: devices, workers, what is loaded, what waits and what is slow, each second while somebody is looking.
(() => {
  "use strict";

  const { el, t, has, named, duration, call, quiet, button, chip, notice } = window.Maquette;
  const EVERY = 1000;
  const PATIENT = 5000;

  // Make the drawn tree equal to a fresh one and touch only what differs: nothing flickers, focus and selection stay.
  function morph(old, fresh) {
    if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) {
      old.replaceWith(fresh);
      return;
    }
    if (old.nodeType === Node.TEXT_NODE) {
      if (old.data !== fresh.data) old.data = fresh.data;
      return;
    }
    // What a person opened stays open.
    for (const { name } of [...old.attributes]) if (name !== "open" && !fresh.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of [...fresh.attributes]) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    children(old, fresh);
  }

  // Rows are matched by their data-row, so that one that ends takes nobody else's place; everything else by its position.
  function children(old, fresh) {
    const rows = new Map([...old.childNodes].filter((node) => node.dataset && node.dataset.row).map((node) => [node.dataset.row, node]));
    let at = old.firstChild;
    for (const wanted of [...fresh.childNodes]) {
      const row = wanted.dataset && wanted.dataset.row;
      const found = row ? rows.get(row) : at && !(at.dataset && at.dataset.row) ? at : null;
      if (!found) {
        old.insertBefore(wanted, at);
      } else if (found === at) {
        at = at.nextSibling;
        morph(found, wanted);
      } else {
        old.insertBefore(found, at);
        morph(found, wanted);
      }
    }
    while (at) {
      const next = at.nextSibling;
      at.remove();
      at = next;
    }
  }

  const bytes = (size) => window.Maquette.bytes(size).replace(" ", "\u00a0");
  const short = (seconds) => (seconds >= 0.05 && seconds < 10 ? t("seconds", { n: number(seconds, 1) }) : duration(seconds));
  const number = (value, digits = 0) => new Intl.NumberFormat(t("locale"), { maximumFractionDigits: digits }).format(value);
  const share = (used, of) => (of > 0 ? Math.min(100, Math.round((100 * used) / of)) : 0);

  // Names in words: of a model the catalogue's, of one that it does not know what it is for; never a hash.
  class Names {
    constructor(titles) {
      this.titles = titles;
    }

    maker(name) {
      const [family, ...rest] = name.split("/");
      const model = this.titles[name] ? this.titles[name].title : rest.join(" ");
      return [named("maker", family), model].filter(Boolean).join(" · ");
    }

    // What a worker is doing: a verb and whom it asks, like "generate kokoro".
    doing(text) {
      const [verb, ...rest] = text.split(" ");
      const known = this.titles[text];
      const whom = known ? el("span", { translate: "no" }, known.title) : rest.length ? this.maker(rest.join(" ")) : null;
      return el("div", {}, named("doing", verb), whom ? t("engine.colon") : null, whom);
    }

    weights(key) {
      const known = this.titles[key];
      const family = key.split(/[/@]/)[0];
      if (known) return { title: known.title, use: named("task", known.task) };
      return { title: named("weights", family), use: "" };
    }

    // "cpu", "cuda:0", "cpu-2": the kind in words; the number stays, it is the one that other tools show.
    device(name) {
      return numbered(name, (kind) => named("device", kind));
    }

    worker(name) {
      return numbered(name, (kind) => named("place", kind));
    }

    lane(name) {
      return numbered(name, (kind) => named("lane", kind));
    }
  }

  function numbered(name, say) {
    const [, kind, index] = /^(.*?)(?:[:-](\d+))?$/.exec(name);
    return index === undefined ? say(kind) : `${say(kind)} ${index}`;
  }

  // A cell that says nothing is left out where rows are stacked.
  const NOTHING = "–";
  const cell = (label, ...content) => el("td", { role: "cell", "data-label": label, class: content[0] === NOTHING ? "mq-none" : null }, ...content);
  const head = (...content) => el("th", { role: "rowheader", scope: "row" }, ...content);

  function listing(id, title, heads, rows, nothing) {
    return el("section", { class: "mq-block", "aria-labelledby": id, "data-row": id },
      el("h3", { id }, title),
      rows.length
        ? el("table", { class: "mq-table", role: "table", "aria-labelledby": id },
            el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, heads.map((name) => el("th", { role: "columnheader", scope: "col" }, name)))),
            el("tbody", { role: "rowgroup" }, rows))
        : el("p", { class: "mq-note" }, nothing));
  }

  class Engine {
    constructor(root, options) {
      this.base = options.base;
      this.stopped = false;
      this.seen = false;
      this.asking = false;
      this.state = null;
      this.drawn = "";
      this.says = notice();
      this.body = el("div", { class: "mq-engine-body" }, el("p", { class: "mq-note", role: "status" }, t("engine.asking")));
      this.root = el("section", { class: "mq-engine", "aria-busy": "true" }, this.says.node, this.body);
      root.replaceChildren(this.root);
      this.root.addEventListener("click", (event) => this.pressed(event));
      // The tab may be hidden, or the window: then nobody is asked.
      this.look = () => this.wake();
      this.watcher = new IntersectionObserver((entries) => { this.seen = entries[entries.length - 1].isIntersecting; this.wake(); });
      this.watcher.observe(this.root);
      document.addEventListener("visibilitychange", this.look);
    }

    stop() {
      this.stopped = true;
      window.clearTimeout(this.timer);
      this.watcher.disconnect();
      document.removeEventListener("visibilitychange", this.look);
    }

    get watched() {
      return !this.stopped && this.seen && document.visibilityState === "visible";
    }

    wake() {
      window.clearTimeout(this.timer);
      this.root.dataset.watched = this.watched;
      if (this.watched && !this.asking) this.tick();
    }

    async tick() {
      this.asking = true;
      let wait = EVERY;
      try {
        await this.refresh();
        if (this.offline) { this.offline = false; this.says.say(""); }
      } catch (error) {
        this.offline = true;
        wait = PATIENT;
        this.says.say(error.status ? error.message : t("error.offline"));
      }
      this.asking = false;
      if (this.stopped) return;
      this.root.classList.toggle("mq-stale", Boolean(this.offline));
      if (this.offline && !this.state) this.body.replaceChildren();
      if (this.watched) this.timer = window.setTimeout(() => this.tick(), wait);
    }

    async refresh() {
      const state = await call(this.base, "GET", "engine");
      if (this.stopped) return;
      this.state = state;
      this.root.removeAttribute("aria-busy");
      const signature = JSON.stringify(state);
      if (signature === this.drawn) return;
      this.drawn = signature;
      this.names = new Names(state.titles);
      const trouble = state.trouble ? el("p", { class: "mq-notice", role: "alert", lang: "en", "data-row": "trouble" }, state.trouble) : null;
      const fresh = el("div", { class: "mq-engine-body" }, trouble, this.summary(state), this.devices(state), this.queue(state), this.workers(state), this.models(state), this.stages(state));
      morph(this.body, fresh);
    }

    pressed(event) {
      const control = event.target instanceof Element ? event.target.closest("[data-act]") : null;
      if (!control || control.disabled) return;
      if (control.dataset.act === "release") this.act("POST", "engine/release", undefined, t("engine.released"));
      if (control.dataset.act === "pin") this.act("PUT", "engine/pin", { key: control.dataset.key, pinned: control.getAttribute("aria-pressed") !== "true" }, "");
    }

    async act(method, path, body, done) {
      this.says.say("");
      try {
        await call(this.base, method, path, body);
        await this.refresh();
        if (done) this.says.say(done, true);
      } catch (error) {
        this.says.say(error.status ? error.message : t("error.offline"));
      }
    }

    summary(state) {
      const { workers, residents } = state.executor;
      const working = workers.filter((worker) => worker.status === "working").length;
      const waiting = state.lanes.reduce((sum, lane) => sum + lane.waiting, 0);
      const facts = [
        [number(waiting), t("engine.jobs_waiting")],
        [number(state.lanes.reduce((sum, lane) => sum + lane.working, 0)), t("engine.jobs_working")],
        [number(state.done_per_hour), t("engine.done_per_hour")],
        workers.length ? [t("engine.of", { n: number(working), all: number(workers.length) }), t("engine.workers_working")] : null,
      ].filter(Boolean);
      const idle = residents.some((row) => !row.users && !row.pinned);
      return el("header", { class: "mq-engine-head", "data-row": "summary" },
        el("dl", { class: "mq-figures" }, facts.map(([value, label]) => el("div", { "data-row": label }, el("dt", {}, label), el("dd", {}, value)))),
        button(t("engine.release"), null, { "data-act": "release", disabled: !idle, title: t("engine.release_text") }));
    }

    devices(state) {
      return el("section", { class: "mq-block", "aria-labelledby": "mq-engine-devices", "data-row": "devices" },
        el("h3", { id: "mq-engine-devices" }, t("engine.devices")),
        state.executor.devices.length
          ? el("div", { class: "mq-devices" }, state.executor.devices.map((device) => this.device(device)))
          : el("p", { class: "mq-note" }, t("engine.no_devices")));
    }

    device(device) {
      const percent = share(device.used, device.budget);
      const place = this.names.device(device.name);
      const used = t("engine.used", { used: bytes(device.used), budget: bytes(device.budget) });
      return el("article", { class: "mq-device", "data-row": device.name },
        el("header", {},
          el("h4", {}, device.title ? el("span", { translate: "no" }, device.title) : place),
          device.watts === null ? null : el("span", { class: "mq-watts" }, t("engine.watts", { n: number(device.watts) }))),
        el("div", { class: `mq-bar mq-memory${percent >= 90 ? " mq-full" : ""}`, role: "meter", "aria-valuenow": percent, "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuetext": used, "aria-label": t("engine.memory_of", { name: device.title || place }) }, el("i", { style: `width:${percent}%` })),
        el("p", { class: "mq-note" }, [used, device.total ? t("engine.total", { total: bytes(device.total) }) : "", device.title ? place : ""].filter(Boolean).join(" · ")));
    }

    queue(state) {
      const heads = [t("engine.lane"), t("engine.working"), t("engine.waiting"), t("engine.oldest")];
      const rows = state.lanes.map((lane) => el("tr", { role: "row", "data-row": lane.lane },
        head(this.names.lane(lane.lane)),
        cell(heads[1], t("engine.of", { n: number(lane.working), all: number(lane.places) })),
        cell(heads[2], number(lane.waiting)),
        cell(heads[3], lane.waiting ? short(lane.oldest) : NOTHING)));
      return listing("mq-engine-queue", t("engine.queue"), heads, rows, t("engine.no_queue"));
    }

    workers(state) {
      const heads = [t("engine.worker"), t("engine.status"), t("engine.doing"), t("engine.memory"), t("engine.restarts"), t("engine.process")];
      const rows = state.executor.workers.map((worker) => el("tr", { role: "row", "data-row": `${worker.node} ${worker.name}` },
        head(this.names.worker(worker.name), el("small", {}, [this.names.device(worker.device), worker.node].filter(Boolean).join(" · "))),
        cell(heads[1], this.status(worker), this.reason(worker)),
        cell(heads[2], worker.doing.length ? worker.doing.map((text) => this.names.doing(text)) : NOTHING),
        cell(heads[3], worker.memory ? bytes(worker.memory) : NOTHING),
        cell(heads[4], number(worker.restarts)),
        cell(heads[5], worker.pid || NOTHING)));
      return listing("mq-engine-workers", t("engine.workers"), heads, rows, t("engine.no_workers"));
    }

    status(worker) {
      // A process is started when there is something to do.
      const status = worker.status === "idle" && !worker.pid && !worker.node ? "resting" : worker.status;
      return chip(`worker-${status}`, t(`worker.${status}`));
    }

    // Why it was replaced; what it last wrote is there for whoever wants to know.
    reason(worker) {
      const [first, ...log] = worker.reason.trim().split("\n");
      if (!first) return null;
      const said = el("small", { class: worker.status === "lost" ? "mq-error" : null, lang: "en" }, first);
      return log.length ? [said, el("details", {}, el("summary", {}, t("engine.log")), el("pre", { lang: "en", tabindex: 0 }, log.join("\n")))] : said;
    }

    models(state) {
      const heads = [t("engine.model"), t("engine.size"), t("engine.use"), t("engine.where")];
      const rows = state.executor.residents.map((row) => {
        const name = this.names.weights(row.key);
        const use = row.users ? t("engine.in_use", { n: number(row.users) }) : t("engine.idle", { time: short(row.idle_seconds) });
        const where = [this.names.device(row.device), row.worker ? this.names.worker(row.worker) : "", has(`mode.${row.mode}`) ? t(`mode.${row.mode}`) : ""];
        const keep = quiet(`${row.pinned ? "✓ " : ""}${t("engine.keep")}`, null, { "data-act": "pin", "data-key": row.key, "aria-pressed": String(row.pinned), title: t("engine.keep_text"), class: `mq-link mq-keep${row.pinned ? " mq-on" : ""}` });
        return el("tr", { role: "row", "data-row": `${row.worker} ${row.device} ${row.key}` },
          head(el("span", { translate: "no" }, name.title), name.use ? el("small", {}, name.use) : null),
          cell(heads[1], `${row.measured ? "" : "≈ "}${bytes(row.footprint)}`, el("small", {}, t(row.measured ? "engine.measured" : "engine.expected"))),
          cell(heads[2], chip(row.users ? "used" : "idle", use), state.can_pin ? keep : row.pinned ? chip("used", t("engine.kept")) : null),
          cell(heads[3], where.filter(Boolean).join(" · "), row.load_seconds ? el("small", {}, t("engine.loaded_in", { time: short(row.load_seconds) })) : null));
      });
      return listing("mq-engine-models", t("engine.models"), heads, rows, t("engine.no_models"));
    }

    stages(state) {
      const heads = [t("engine.stage"), t("engine.maker"), t("engine.median"), t("engine.p90"), t("engine.runs")];
      const rows = state.stages.map((row) => el("tr", { role: "row", "data-row": `${row.maker} ${row.stage}` },
        head(named("stage", row.stage)),
        cell(heads[1], this.names.maker(row.maker)),
        cell(heads[2], short(row.median)),
        cell(heads[3], short(row.p90)),
        cell(heads[4], number(row.runs))));
      return listing("mq-engine-stages", t("engine.slowest"), heads, rows, t("engine.no_stages"));
    }
  }

  window.Maquette.part("engine", (root, options) => new Engine(root, options));
})();
