// The cast sheet: each character with a voice, speed and style; a cast is proposed, auditioned, changed and kept.
// What is kept here speaks every later line of the project.
(() => {
  "use strict";

  const { el, t, named, call, button, quiet, notice, clear_faults, Watching, play_button, fetch_sound, sound_field, refused, once, consent_panel, consent_voices } = window.Maquette;
  const about = (voice) => [...new Set([voice.person, voice.gender && named("gender", voice.gender), voice.age && named("age", voice.age), ...voice.tone.map((one) => named("tone", one))].filter(Boolean))].join(t("list.comma"));

  // The voices that can speak now, by language. Asked for once per page.
  const voices_of = async (base) => (await once(base, "voices")).filter((voice) => voice.installed);

  // A choice of voice, which may be a blend of two. read() gives its name as the sheet keeps it.
  function voice_field(voices, value, { automatic = false, label = t("field.voice"), name = "voice" } = {}) {
    const parts = value.split("+").map((part) => part.split("*"));
    const known = (wanted) => voices.some((voice) => voice.name === wanted);
    const options = (chosen) => {
      const groups = [...new Set(voices.map((voice) => voice.language))].map((language) => el("optgroup", { label: named("language", language) },
        voices.filter((voice) => voice.language === language).map((voice) => el("option", { value: voice.name, selected: voice.name === chosen }, `${voice.name} · ${about(voice)}`))));
      return chosen && !known(chosen) ? [el("option", { value: chosen, selected: true }, chosen), ...groups] : groups;
    };
    const blended = parts.length === 2 && parts.every(([one]) => known(one));
    const first = el("select", { name, "aria-label": label }, automatic ? el("option", { value: "" }, t("cast.by_sheet")) : null, options(blended || parts.length === 1 ? parts[0][0] : value));
    const second = el("select", { name: `${name}.second`, "aria-label": t("cast.blend_with") }, el("option", { value: "" }, t("cast.no_blend")), options(blended ? parts[1][0] : ""));
    const share = el("input", { type: "range", min: 5, max: 95, step: 5, value: blended ? Math.round(100 * Number(parts[0][1] || 1)) : 60, "aria-label": t("cast.share") });
    const said = el("span", { class: "mq-note" });
    const show = () => {
      share.hidden = said.hidden = !second.value;
      said.textContent = `${share.value}% ${first.value}, ${100 - share.value}% ${second.value}`;
    };
    share.addEventListener("input", show);
    second.addEventListener("change", show);
    first.addEventListener("change", show);
    show();
    const blend = el("details", { class: "mq-blend", open: blended }, el("summary", {}, t("cast.blend")), second, share, said);
    const round = (percent) => Number((percent / 100).toFixed(2));
    const read = () => (second.value && first.value ? `${first.value}*${round(share.value)}+${second.value}*${round(100 - share.value)}` : first.value);
    const node = el("div", { class: "mq-voice-field", "data-field": name }, first, blend, el("span", { class: "mq-field-error", role: "alert", lang: "en" }));
    return { node, read, first };
  }

  class Cast extends Watching {
    constructor(root, options) {
      super(root, options);
      this.says = notice();
      this.phrase = el("textarea", { name: "phrase", rows: 2, maxlength: 300 });
      this.phrase.value = t("cast.phrase");
      this.rows = el("div", { class: "mq-cast-rows" });
      this.proposed = el("div", { class: "mq-cast-rows" });
      this.cloned = [];
      const consents = consent_panel(this.base, this.project, (list) => {
        const found = consent_voices(list);
        if (JSON.stringify(found) === JSON.stringify(this.cloned)) return;
        this.cloned = found;
        this.signatures = {};
        this.refresh().catch((error) => this.says.say(error.message));
      });
      root.replaceChildren(el("section", { class: "mq-library mq-sounds mq-cast-page" }, this.says.node,
        el("div", { class: "mq-cast-side" }, el("div", { class: "mq-panel" }, el("h3", {}, t("cast.propose_title")), this.proposer()), consents),
        el("section", { class: "mq-part-list", "aria-label": t("cast.sheet") }, el("h3", {}, t("cast.sheet")), el("p", { class: "mq-note" }, t("cast.text")), sound_field("phrase", t("cast.phrase_label"), this.phrase), this.proposed, this.rows)));
      this.start();
    }

    async refresh() {
      const [sheet, voices] = await Promise.all([call(this.base, "GET", `projects/${this.project}/cast`), voices_of(this.base)]);
      this.voices = [...voices, ...this.cloned];
      const written = this.rows.contains(document.activeElement);
      if (written || !this.changed("sheet", [sheet, this.voices.length])) return;
      this.rows.replaceChildren(...(sheet.length ? sheet.map((member) => this.member(member, true)) : [el("p", { class: "mq-note" }, t("cast.none"))]));
      if (!this.named) { this.named = true; this.dialogues().catch((error) => this.says.say(error.message)); }
    }

    // Who is to be cast: the people of a dialogue that was made, or named here.

    proposer() {
      const people = el("textarea", { name: "people", rows: 4, placeholder: t("cast.people_hint") });
      const language = el("select", { name: "language" }, ["en", "zh"].map((code) => el("option", { value: code, selected: t("locale").startsWith(code) }, named("language", code))));
      this.dialogue = el("select", { name: "asset" }, el("option", { value: "" }, t("cast.no_dialogue")));
      const form = el("form", { class: "mq-form", novalidate: true }, sound_field("people", t("cast.people"), people),
        el("div", { class: "mq-two" }, sound_field("language", t("field.language"), language), sound_field("asset", t("cast.dialogue"), this.dialogue)),
        el("div", { class: "mq-form-row" }, el("button", { class: "mq-button mq-primary", type: "submit", id: "mq-cast-propose" }, t("cast.propose"))));
      form.addEventListener("submit", async (event) => {
        event.preventDefault();
        clear_faults(form);
        this.says.say("");
        const named_ = people.value.split("\n").map((row) => row.trim()).filter(Boolean).map((row) => {
          const [, name, voice] = row.match(/^([^:：]+)[:：]?\s*(.*)$/) || [null, row, ""];
          return { name: name.trim().slice(0, 60), voice: voice.slice(0, 200) };
        });
        if (!named_.length && !this.dialogue.value) { refused(form, this.says, { message: t("cast.nobody"), data: { field: "people" } }); return; }
        try {
          const body = this.dialogue.value ? { asset: this.dialogue.value } : { people: named_, language: language.value };
          const found = await call(this.base, "POST", `projects/${this.project}/cast/propose`, body);
          this.propose(found);
        } catch (error) {
          refused(form, this.says, error);
        }
      });
      return form;
    }

    async dialogues() {
      const { assets } = await call(this.base, "GET", `projects/${this.project}/assets?kind=dialogue&newest=true&limit=50`);
      this.dialogue.append(...assets.map((one) => el("option", { value: one.id }, one.title)));
    }

    propose(members) {
      if (!members.length) { this.proposed.replaceChildren(); this.says.say(t("cast.all_cast"), true); return; }
      const drawn = members.map((member) => this.member(member, false));
      const keep_all = button(t("cast.keep_all", { n: members.length }), async () => {
        for (const node of drawn) if (node.isConnected && !(await node.keep())) return;
      }, { class: "mq-button mq-primary", id: "mq-cast-keep-all" });
      this.proposed.replaceChildren(el("div", { class: "mq-form-row" }, el("h4", {}, t("cast.proposed")), keep_all), ...drawn);
      keep_all.focus();
    }

    // One character. kept: it is on the sheet, and a change of it is stored at once.

    member(member, kept) {
      const voice = voice_field(this.voices, member.voice);
      const speed = el("input", { type: "number", name: "speed", min: 0.5, max: 2, step: 0.05, value: member.speed });
      const style = el("input", { type: "text", name: "style", maxlength: 120, value: member.style, placeholder: t("cast.style_hint") });
      const read = () => ({ name: member.name, voice: voice.read(), speed: Number(speed.value), style: style.value.trim(), note: member.note });
      const told = (error) => refused(node, this.says, error);
      const keep = async () => {
        clear_faults(node);
        try {
          const sheet = await call(this.base, "PUT", `projects/${this.project}/cast`, read());
          // What is drawn is this sheet already: a redraw would take the button of what plays.
          if (kept) this.changed("sheet", [sheet, this.voices.length]);
          this.says.say(t("cast.kept", { name: member.name }), true);
          if (!kept) { node.remove(); if (!this.proposed.querySelector(".mq-member")) this.proposed.replaceChildren(); this.signatures = {}; await this.refresh(); }
          return true;
        } catch (error) {
          told(error);
          return false;
        }
      };
      const audition = play_button(t("cast.audition", { name: member.name }), () => {
        this.says.say("");
        const { voice: name, speed: pace, style: manner } = read();
        return fetch_sound(this.base, `projects/${this.project}/audition`, { text: this.phrase.value.trim(), voice: name, speed: pace, style: manner });
      }, told);
      const sample = play_button(t("cast.sample", { name: member.name }), () => fetch_sound(this.base, `voices/sample?voice=${encodeURIComponent(voice.read())}`), told, { class: "mq-play-button mq-quiet-play" });
      const gone = quiet(kept ? t("cast.dismiss") : t("cast.not_this"), async () => {
        if (!kept) { node.remove(); return; }
        try {
          await call(this.base, "DELETE", `projects/${this.project}/cast/${encodeURIComponent(member.name)}`);
          node.remove();
        } catch (error) { told(error); }
      }, { "aria-label": `${kept ? t("cast.dismiss") : t("cast.not_this")}: ${member.name}` });
      const node = el("article", { class: "mq-member", "data-name": member.name, "aria-label": member.name },
        el("header", {}, audition, el("div", { class: "mq-titles" }, el("b", {}, member.name), member.note ? el("p", { class: "mq-note" }, member.note) : null), kept ? null : button(t("cast.keep"), keep), gone),
        el("div", { class: "mq-member-fields" }, el("div", { class: "mq-sample" }, voice.node, sample), sound_field("speed", t("field.speed"), speed), sound_field("style", t("field.style"), style)));
      node.keep = keep;
      if (kept) for (const input of node.querySelectorAll("select, input")) input.addEventListener("change", keep);
      return node;
    }
  }

  Object.assign(window.Maquette, { voices_of, voice_field });
  window.Maquette.part("cast", (root, options) => new Cast(root, options));
})();
