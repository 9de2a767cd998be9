// Settings > Models and Settings > Check: what is installed, used and why; fetch, verify, remove, choose; a chat server elsewhere.
(() => {
  "use strict";

  const { el, t, named, shown, bytes, call, follow, button, quiet, chip, bar, notice, dialog, fault_line, clear_faults } = window.Maquette;

  const languages = (codes) => {
    const names = new Intl.DisplayNames([t("locale")], { type: "language" });
    return codes.slice(0, 4).map((code) => names.of(code)).join(t("list.comma")) + (codes.length > 4 ? " …" : "");
  };

  class Models {
    constructor(root, options) {
      this.base = options.base;
      this.stopped = false;
      this.open = new Set();
      this.says = notice();
      this.machine = el("p", { class: "mq-cost" });
      this.endpoint = el("div", {});
      this.list = el("div", { class: "mq-tasks" });
      root.replaceChildren(el("section", { class: "mq-models" }, this.machine, this.says.node, this.list, this.endpoint));
      this.tick();
    }

    stop() {
      this.stopped = true;
    }

    async tick() {
      if (this.stopped) return;
      let wait = 5000;
      try {
        await this.refresh();
        if (this.offline) { this.offline = false; this.says.say(""); }
        if (this.pulling) wait = 800;
      } catch (error) {
        this.offline = true;
        this.says.say(error.status ? error.message : t("error.offline"));
      }
      if (!this.stopped) this.timer = window.setTimeout(() => this.tick(), wait);
    }

    async refresh() {
      const desk = await call(this.base, "GET", "models");
      if (this.stopped) return;
      this.pulling = desk.pulls.some((pull) => !pull.done);
      const signature = JSON.stringify(desk);
      if (signature === this.drawn) return;
      this.drawn = signature;
      this.draw(desk);
    }

    async act(method, path, body) {
      this.says.say("");
      try {
        const answer = await call(this.base, method, path, body);
        await this.refresh();
        window.clearTimeout(this.timer);
        this.tick();
        return answer;
      } catch (error) {
        this.says.say(error.message);
        this.says.node.scrollIntoView({ block: "nearest" });
        return null;
      }
    }

    draw(desk) {
      this.machine.textContent = t("models.machine", { cores: desk.machine.cores, memory: bytes(desk.machine.ram), gpu: desk.machine.gpu || t("models.no_gpu"), profile: named("profile", desk.machine.profile) });
      const focus = document.activeElement && this.list.contains(document.activeElement) ? document.activeElement.dataset.key : "";
      const tasks = new Map();
      for (const status of desk.models) {
        if (!tasks.has(status.model.task)) tasks.set(status.model.task, []);
        tasks.get(status.model.task).push(status);
      }
      this.list.replaceChildren(...[...tasks].map(([task, rows]) => this.task(task, rows, desk)));
      if (focus) {
        const again = this.list.querySelector(`[data-key="${CSS.escape(focus)}"]`);
        if (again) again.focus();
      }
      if (!this.endpoint.firstChild) this.endpoint.replaceChildren(this.own_form(), this.endpoint_form(desk.endpoint));
    }

    task(task, rows, desk) {
      const own = desk.choices[task] || "";
      const select = el("select", { class: "mq-pick", "data-key": `choose ${task}`, "aria-label": t("models.choose_for", { task: named("task", task) }) },
        el("option", { value: "" }, t("models.automatic")),
        rows.map((status) => el("option", { translate: "no", value: status.model.id, selected: status.model.id === own }, status.model.name)));
      select.addEventListener("change", () => this.act("PUT", `models/choices/${task}`, { model_id: select.value }));
      const used = rows.find((status) => status.used) || rows.find((status) => status.reason);
      return el("section", { class: "mq-task" },
        el("header", { class: "mq-task-head" }, el("h3", {}, named("task", task)), rows.length > 1 ? el("label", { class: "mq-inline" }, t("models.use"), select) : null),
        used ? el("p", { class: "mq-note" }, shown(used.why || used.reason)) : null,
        el("div", { class: "mq-model-list" }, rows.map((status) => this.row(status, desk.pulls.find((pull) => pull.model_id === status.model.id)))));
    }

    row(status, pull) {
      const { model, state } = status;
      const busy = pull && !pull.done;
      const licence = el("span", { class: `mq-licence mq-commercial-${model.commercial}` }, el("span", { translate: "no" }, model.licence), ` · ${t(`commercial.${model.commercial}`)}`);
      const facts = [bytes(state === "ready" ? status.bytes_on_disk || model.disk : model.disk), languages(model.languages), model.pinned ? "" : t("models.unpinned")].filter(Boolean).join(" · ");
      const actions = [];
      if (busy) actions.push(button(t("models.cancel"), () => this.act("DELETE", `models/${model.id}/pull`), { "data-key": `cancel ${model.id}` }));
      else if (state === "ready") {
        const verify = quiet(t("models.verify"), () => this.verify(model, verify), { "data-key": `verify ${model.id}` });
        actions.push(verify, quiet(t("models.remove"), () => this.remove(status), { "data-key": `remove ${model.id}` }));
      } else actions.push(button(t(state === "absent" ? "models.pull" : "models.continue"), () => this.act("POST", `models/${model.id}/pull`), { "data-key": `pull ${model.id}` }));
      return el("article", { class: "mq-model", "data-model": model.id, "data-state": state },
        el("div", { class: "mq-model-name" }, el("b", { translate: "no" }, model.name), status.used ? chip("used", t("models.used")) : null, el("p", { translate: "no" }, model.id)),
        el("div", { class: "mq-model-facts" }, el("p", {}, facts), licence, model.terms ? el("p", { class: "mq-note", lang: "en" }, model.terms) : null),
        el("div", { class: "mq-model-state" }, chip(`model-${state}`, t(`model.${state}`))),
        el("div", { class: "mq-model-actions" }, actions),
        busy ? el("div", { class: "mq-model-wide" }, bar(pull.fraction, model.name), el("p", { class: "mq-note", lang: "en" }, pull.note)) : null,
        pull && pull.error ? el("p", { class: "mq-error mq-model-wide", role: "alert" }, pull.error) : null,
        status.problem ? el("p", { class: "mq-error mq-model-wide", lang: "en" }, status.problem) : null);
    }

    async verify(model, control) {
      const label = control.textContent;
      control.disabled = true;
      try {
        const problems = await follow(this.base, `models/${model.id}/verify`, undefined, (fraction) => { control.textContent = `${Math.round(100 * fraction)}%`; });
        if (problems.length) this.says.say(`${model.name}: ${problems.join(" ")}`);
        else this.says.say(t("models.sound", { name: model.name }), true);
      } catch (error) {
        this.says.say(error.message);
      } finally {
        control.disabled = false;
        control.textContent = label;
      }
    }

    remove(status) {
      const asked = dialog(t("models.remove"), "mq-ask",
        el("p", {}, t("models.remove_ask", { name: status.model.name, size: bytes(status.bytes_on_disk || status.model.disk) })),
        el("div", { class: "mq-form-row" },
          button(t("models.remove"), async () => { asked.close(); await this.act("DELETE", `models/${status.model.id}`); }, { class: "mq-button mq-primary" }),
          button(t("card.close"), () => asked.close())));
    }

    // A checkpoint or adapter that lies on the studio's machine. What its content is not is said at the field.
    own_form() {
      const path = el("input", { type: "text", name: "path", autocomplete: "off", spellcheck: "false", placeholder: "/models/my-model.safetensors" });
      const id = el("input", { type: "text", name: "id", autocomplete: "off", spellcheck: "false", placeholder: t("own.id_hint") });
      const field = (input, label) => el("label", { "data-field": input.name }, label, input, fault_line());
      const form = el("form", { class: "mq-form mq-panel mq-own", novalidate: true }, el("h3", {}, t("own.title")), el("p", { class: "mq-note" }, t("own.text")),
        field(path, t("own.path")), field(id, t("own.id")), el("div", { class: "mq-form-row" }, el("button", { class: "mq-button mq-primary", type: "submit" }, t("own.add"))));
      form.addEventListener("submit", async (event) => {
        event.preventDefault();
        clear_faults(form);
        this.says.say("");
        try {
          const made = await call(this.base, "POST", "models/own", { path: path.value, id: id.value });
          path.value = id.value = "";
          this.says.say(t("own.added", { id: made.id, task: named("task", made.task), family: made.family || "–" }), true);
          await this.refresh();
        } catch (error) {
          const place = form.querySelector(`[data-field="${(error.data && error.data.field) === "id" ? "id" : "path"}"]`);
          place.querySelector(".mq-field-error").textContent = error.message;
          place.querySelector("input").setAttribute("aria-invalid", "true");
          place.querySelector("input").focus();
        }
      });
      return form;
    }

    endpoint_form(endpoint) {
      const field = (name, type, value, hint) => el("label", {}, t(`endpoint.${name}`), el("input", { type, name, value, placeholder: hint, autocomplete: "off" }));
      const form = el("form", { class: "mq-form mq-panel" },
        el("h3", {}, t("endpoint.title")), el("p", { class: "mq-note" }, t("endpoint.text")),
        field("url", "url", endpoint.url, "http://127.0.0.1:8000/v1"),
        field("model", "text", endpoint.model, ""),
        field("key", "password", "", endpoint.has_key ? t("endpoint.kept") : ""),
        el("div", { class: "mq-form-row" }, el("button", { class: "mq-button mq-primary", type: "submit" }, t("card.save")), button(t("endpoint.clear"), () => { for (const input of form.querySelectorAll("input")) input.value = ""; form.requestSubmit(); })));
      form.addEventListener("submit", async (event) => {
        event.preventDefault();
        const values = Object.fromEntries(new FormData(form));
        if (await this.act("PUT", "models/endpoint", values)) this.says.say(t(values.url ? "endpoint.saved" : "endpoint.cleared"), true);
      });
      return form;
    }
  }

  class Check {
    constructor(root, options) {
      this.base = options.base;
      this.says = notice();
      this.report = el("div", { class: "mq-report", role: "status" });
      this.run = button(t("check.run"), () => this.start(), { class: "mq-button mq-primary", id: "mq-check" });
      root.replaceChildren(el("section", { class: "mq-panel" }, el("h3", {}, t("check.title")), el("p", { class: "mq-note" }, t("check.text")), this.run, this.says.node, this.report));
    }

    stop() {}

    async start() {
      this.run.disabled = true;
      this.says.say("");
      try {
        const found = await follow(this.base, "check", undefined, (fraction) => this.report.replaceChildren(bar(fraction, t("check.title"))));
        this.show(found);
      } catch (error) {
        this.report.replaceChildren();
        this.says.say(error.message);
      } finally {
        this.run.disabled = false;
      }
    }

    show(found) {
      const list = (key, rows) => (rows.length ? el("section", {}, el("h4", {}, t(key, { n: rows.length })), el("ul", {}, rows.slice(0, 100).map((row) => el("li", {}, row)))) : null);
      const file = (problem) => `${problem.sha256.slice(0, 16)}… ${problem.used_by.join(", ")}`;
      this.report.replaceChildren(...[
        el("p", { class: found.sound ? "mq-well" : "mq-error" }, t(found.sound ? "check.sound" : "check.unsound", { n: found.files, size: bytes(found.bytes) })),
        list("check.missing", found.missing.map(file)),
        list("check.altered", found.altered.map(file)),
        list("check.dangling", found.dangling),
        list("check.extra", found.extra),
      ].filter(Boolean));
    }
  }

  window.Maquette.part("models", (root, options) => new Models(root, options));
  window.Maquette.part("check", (root, options) => new Check(root, options));
})();
