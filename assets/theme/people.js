// Settings > People: members of this project and its links, the people of the studio, one's own account, the audit log.
// And, on every page, the Share button for those who may share, and the way out for those who came in.
(() => {
  "use strict";
  const { el, t, has, call, button, quiet, notice, share, links_of, told_once } = window.Maquette;

  const ROLES = ["owner", "editor", "reviewer", "viewer"];
  const date = (text) => new Date(text).toLocaleDateString(t("locale"));
  const field = (label, input) => el("label", {}, label, input);
  const panel = (title, ...children) => el("section", { class: "mq-panel" }, el("h3", {}, title), ...children);
  const submit = (label) => el("div", { class: "mq-form-row" }, el("button", { class: "mq-button mq-primary", type: "submit" }, label));
  const new_password = (name = "password") => el("input", { type: "password", name, maxlength: 200, autocomplete: "new-password", placeholder: t("people.password_hint"), required: true });

  class People {
    constructor(root, options) {
      this.base = options.base;
      this.project = options.project;
      this.says = notice();
      this.holder = el("div", { class: "mq-people" });
      root.replaceChildren(el("section", {}, this.says.node, this.holder));
      this.load();
    }

    stop() {}

    // Do it, say what went wrong, and draw what is there afterwards.
    async act(work, word = "people.saved") {
      this.says.say("");
      try {
        const done = await work();
        await this.load();
        if (word) this.says.say(t(word), true);
        return done;
      } catch (error) {
        this.says.say(error.message);
        this.says.node.scrollIntoView({ block: "nearest" });
        return null;
      }
    }

    async load() {
      try {
        const [me, people, project, inside] = await Promise.all([
          call(this.base, "GET", "me"), call(this.base, "GET", "people"), call(this.base, "GET", `projects/${this.project}`), call(this.base, "GET", `projects/${this.project}/members`),
        ]);
        this.me = me;
        const owns = inside.rights.includes("own");
        const [tokens, mail] = me.accounts ? await Promise.all([call(this.base, "GET", "me/tokens"), call(this.base, "GET", "me/mail")]) : [[], null];
        this.holder.replaceChildren(...[
          me.accounts ? this.members(inside.members, people, owns) : this.first(),
          owns ? this.links(project) : null,
          me.accounts && me.owner ? this.everybody(people) : null,
          me.accounts ? this.account(tokens, mail) : null,
          me.owner ? this.audit() : null,
        ].filter(Boolean));
      } catch (error) {
        this.says.say(error.message);
      }
    }

    // A name and a password, for the first person and for those who follow.
    adder(label, done) {
      const name = el("input", { type: "text", name: "name", maxlength: 40, required: true, autocomplete: "off" });
      const password = new_password();
      const add = (event) => {
        event.preventDefault();
        this.act(async () => done(await call(this.base, "POST", "people", { name: name.value, password: password.value })), "");
      };
      return el("form", { class: "mq-form", onsubmit: add }, el("div", { class: "mq-two-fields" }, field(t("people.name"), name), field(t("people.password"), password)), submit(label));
    }

    first() {
      return panel(t("people.title"), el("p", { class: "mq-note" }, t("people.none")), this.adder(t("people.first"), () => window.location.assign(`${this.base}/login`)));
    }

    members(members, people, owns) {
      const path = (name) => `projects/${this.project}/members/${encodeURIComponent(name)}`;
      const set = (name, role) => this.act(() => call(this.base, "PUT", path(name), { role }));
      const roles = (value, attributes) => el("select", attributes, ROLES.map((role) => el("option", { value: role, selected: role === value }, t(`people.role.${role}`))));
      const rows = members.map((member) => el("div", { class: "mq-person", "data-member": member.person },
        el("span", { class: "mq-grow" }, member.person),
        owns ? roles(member.role, { "aria-label": `${t("people.role")}: ${member.person}`, onchange: (event) => set(member.person, event.target.value) }) : t(`people.role.${member.role}`),
        owns ? quiet(t("people.member_remove"), () => this.act(() => call(this.base, "DELETE", path(member.person))), { "aria-label": `${t("people.member_remove")}: ${member.person}` }) : null));
      const inside = new Set(members.map((member) => member.person));
      const others = people.filter((person) => person.active && !inside.has(person.name));
      const who = el("select", { name: "person" }, others.map((person) => el("option", { value: person.name }, person.name)));
      const role = roles("editor", { name: "role" });
      const add = el("form", { class: "mq-form", onsubmit: (event) => { event.preventDefault(); set(who.value, role.value); } },
        el("div", { class: "mq-two-fields" }, field(t("people.person"), who), field(t("people.role"), role)), submit(t("people.member_add")));
      return panel(t("people.members"), el("p", { class: "mq-note" }, t("people.members_text")), el("div", {}, rows), el("p", { class: "mq-note" }, t("people.role_text")),
        !owns ? null : others.length ? add : el("p", { class: "mq-note" }, t("people.nobody_else")));
    }

    links(project) {
      const links = links_of(this.base, this.project, this.says);
      const open = button(`${t("share.open")}…`, () => share(this.base, this.project, project.name).addEventListener("close", links.again), { class: "mq-button mq-primary" });
      return panel(t("share.open_links"), links.node, el("div", { class: "mq-form-row" }, open));
    }

    everybody(people) {
      const change = (name, body) => this.act(() => call(this.base, "PATCH", `people/${encodeURIComponent(name)}`, body));
      const rows = people.map((person) => {
        const password = new_password();
        const reset = el("details", {}, el("summary", { class: "mq-link" }, t("people.new_password")),
          el("form", { class: "mq-form", onsubmit: (event) => { event.preventDefault(); this.act(() => call(this.base, "PUT", `people/${encodeURIComponent(person.name)}/password`, { password: password.value })); } },
            field(`${t("people.new_password")}: ${person.name}`, password), submit(t("card.save"))));
        return el("div", { class: `mq-person${person.active ? "" : " mq-link-ended"}`, "data-person": person.name },
          el("span", { class: "mq-grow" }, person.name, el("small", {}, [person.owner ? t("people.owner") : "", person.active ? "" : t("people.closed")].filter(Boolean).join(" · "))),
          quiet(t(person.owner ? "people.unmake_owner" : "people.make_owner"), () => change(person.name, { owner: !person.owner })),
          quiet(t(person.active ? "people.close" : "people.let_in"), () => change(person.name, { active: !person.active })), reset, this.quota(person, change),
          quiet(t("keeping.erase"), () => window.Maquette.erase_dialog(this.base, person.name, () => this.load()).catch((error) => this.says.say(error.message)), { "aria-label": `${t("keeping.erase")}: ${person.name}` }));
      });
      return panel(t("people.title"), el("div", {}, rows), el("h4", {}, t("people.add")), this.adder(t("people.add"), (person) => this.says.say(t("people.added", { name: person.name }), true)));
    }

    // What one person may use: jobs and minutes in a day, and gigabytes at any time. 0 is no limit.
    quota(person, change) {
      const number = (name, value) => el("input", { type: "number", name, min: 0, step: name === "jobs" ? 1 : "any", value });
      const jobs = number("jobs", person.quota.jobs);
      const minutes = number("minutes", person.quota.minutes);
      const disk = number("disk", person.quota.disk_bytes / 1e9);
      const save = (event) => {
        event.preventDefault();
        change(person.name, { quota: { jobs: Number(jobs.value), minutes: Number(minutes.value), disk_bytes: Math.round(Number(disk.value) * 1e9) } });
      };
      return el("details", {}, el("summary", { class: "mq-link" }, t("people.quota")),
        el("form", { class: "mq-form", onsubmit: save, "aria-label": `${t("people.quota")}: ${person.name}` }, el("p", { class: "mq-note" }, t("people.quota_text")),
          el("div", { class: "mq-two-fields" }, field(t("people.quota_jobs"), jobs), field(t("people.quota_minutes"), minutes), field(t("people.quota_disk"), disk)), submit(t("card.save"))));
    }

    account(tokens, mail) {
      const present = el("input", { type: "password", name: "present", maxlength: 200, autocomplete: "current-password", required: true });
      const password = new_password();
      const save = async (event) => {
        event.preventDefault();
        const done = await this.act(() => call(this.base, "PUT", "me/password", { present: present.value, password: password.value }), "people.signed_out_now").catch(() => null);
        if (done) window.location.assign(`${this.base}/login`);
      };
      const name = el("input", { type: "text", name: "token", maxlength: 80, required: true });
      const once = el("div", {});
      const make = async (event) => {
        event.preventDefault();
        const made = await this.act(() => call(this.base, "POST", "me/tokens", { name: name.value }), "");
        if (made) this.holder.querySelector(".mq-token-once").replaceChildren(told_once(made.token, t("people.tokens"), t("people.token_once"), this.says));
      };
      once.className = "mq-token-once";
      const rows = tokens.map((token) => el("div", { class: "mq-person" },
        el("span", { class: "mq-grow" }, token.name, el("small", {}, token.expires ? t("people.token_until", { date: date(token.expires) }) : t("people.token_ever"))),
        button(t("people.token_remove"), () => this.act(() => call(this.base, "DELETE", `me/tokens/${token.id}`)), { "aria-label": `${t("people.token_remove")}: ${token.name}` })));
      return panel(`${t("people.me")}: ${this.me.person}`,
        el("form", { class: "mq-form", onsubmit: save }, el("div", { class: "mq-two-fields" }, field(t("people.present"), present), field(t("people.new_password"), password)), submit(t("people.change_password"))),
        mail.offered ? this.mailbox(mail) : null,
        el("h4", {}, t("people.tokens")), el("p", { class: "mq-note" }, t("people.tokens_text")), once, el("div", {}, rows),
        el("form", { class: "mq-form", onsubmit: make }, field(t("people.token_name"), name), submit(t("people.token_make"))));
    }

    // Where one is written to when something waits for one or was decided.
    mailbox(mail) {
      const address = el("input", { type: "email", name: "address", maxlength: 254, autocomplete: "email", value: mail.address });
      const save = (event) => {
        event.preventDefault();
        this.act(() => call(this.base, "PUT", "me/mail", { address: address.value.trim(), language: t("locale").slice(0, 2) }));
      };
      return [el("h4", {}, t("people.mail")), el("p", { class: "mq-note" }, t("people.mail_text")),
        el("form", { class: "mq-form", onsubmit: save, "aria-label": t("people.mail") }, field(t("people.mail_address"), address), submit(t("card.save")))];
    }

    audit() {
      const list = el("div", { class: "mq-audit" });
      const show = async (event) => {
        if (!event.target.open || list.firstChild) return;
        try {
          const entries = await call(this.base, "GET", "audit");
          list.replaceChildren(...entries.map((entry) => {
            const what = has(`audit.${entry.action}`) ? t(`audit.${entry.action}`, { subject: entry.subject }) : entry.action;
            return el("p", { class: "mq-remark" }, el("time", { datetime: entry.created }, new Date(entry.created).toLocaleString(t("locale"))), " ", el("b", {}, entry.person || "–"), ` ${what}`);
          }));
        } catch (error) {
          this.says.say(error.message);
        }
      };
      return panel(t("people.audit"), el("details", { ontoggle: show }, el("summary", {}, t("people.audit_show")), list));
    }
  }

  window.Maquette.part("people", (root, options) => new People(root, options));

  // The header of every page

  let known = "";
  async function header() {
    const holder = document.querySelector("[data-mq-options]");
    const { base, project } = holder ? JSON.parse(holder.dataset.mqOptions) : { base: "", project: "" };
    if (!project || known === project) return;
    known = project;
    try {
      const [me, inside, found] = await Promise.all([call(base, "GET", "me"), call(base, "GET", `projects/${project}/members`), call(base, "GET", `projects/${project}`)]);
      for (const form of document.querySelectorAll(".mq-leave")) form.hidden = !me.signed_in;
      for (const control of document.querySelectorAll(".mq-share")) {
        control.hidden = !inside.rights.includes("own");
        control.onclick = () => share(base, project, found.name);
      }
    } catch {
      known = "";  // asked again when the page next changes
    }
  }
  document.addEventListener("mq-settled", header);
})();
