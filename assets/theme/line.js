// One line opened: its words, voice and speed, a word for the lexicon, and its takes as versions. Used by lines.js.
(() => {
  "use strict";

  const { el, t, call, button, chip, clear_faults, clock, wave, play_button, fetch_sound, sound_field, refused, voice_field } = window.Maquette;
  const share = (error) => `${Math.round(100 * error)}%`;

  // What the recogniser heard: passed, or how much differs; and the longest stretch that does.
  function verdict(hearing) {
    if (!hearing) return null;
    if (hearing.state === "passed") return chip("done", `✓ ${t("lines.heard", { share: share(hearing.error) })}`);
    if (hearing.state === "unheard") return el("span", { class: "mq-chip mq-unheard", title: hearing.why }, t("lines.unheard"));
    return chip("failed", `✕ ${t(hearing.unit === "character" ? "lines.wrong_characters" : "lines.wrong_words", { share: share(hearing.error) })}`);
  }

  const longest = (hearing) => {
    const run = hearing && hearing.divergences.reduce((most, one) => (!most || one.units > most.units ? one : most), null);
    if (!run) return null;
    return el("p", { class: `mq-diverges${hearing.state === "failed" ? " mq-bad" : ""}` }, t("lines.at", { at: clock(run.start) }), " ", el("del", {}, run.said || "–"), " → ", el("ins", {}, run.heard || "–"));
  };

  // The word that is marked in a text, in a field or on the page.
  function marked_word(area) {
    const inside = area && area.selectionStart !== area.selectionEnd ? area.value.slice(area.selectionStart, area.selectionEnd) : "";
    return (inside || String(document.getSelection() || "")).trim().slice(0, 80);
  }

  // Words, voice, speed and a note; speaking it again makes a take of this line and of no other.
  function editor(part, row, voices) {
    const text = el("textarea", { name: "text", rows: 2, maxlength: 5000 });
    text.value = row.text;
    const voice = voice_field(voices, "", { automatic: true });
    const speed = el("input", { type: "number", name: "speed", min: 0.5, max: 2, step: 0.05, placeholder: "1" });
    const note = el("input", { type: "text", name: "note", maxlength: 2000, placeholder: t("lines.note_hint") });
    const form = el("form", { class: "mq-form", novalidate: true }, sound_field("text", t("field.text"), text),
      el("div", { class: "mq-line-fields" }, el("div", { class: "mq-labelled" }, t("field.voice"), voice.node), sound_field("speed", t("field.speed"), speed), sound_field("note", t("field.note"), note)),
      el("div", { class: "mq-form-row" }, el("button", { class: "mq-button mq-primary", type: "submit", name: "speak" }, t("lines.again"))));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      clear_faults(form);
      const values = { note: note.value.trim() };
      if (text.value !== row.text) values.text = text.value;
      if (voice.read()) values.voice = voice.read();
      if (speed.value) values.speed = Number(speed.value);
      try {
        await part.fix(row, values);
      } catch (error) {
        refused(form, part.says, error);
      }
    });
    return { node: form, text };
  }

  // A word, how it is to be said, listened to once; only then it is kept.
  function lexicon(part, row, area) {
    const word = el("input", { type: "text", name: "word", maxlength: 80 });
    const spelling = el("input", { type: "text", name: "spelling", maxlength: 120, placeholder: t("lines.spelling_hint"), spellcheck: "false" });
    const told = (error) => refused(form, part.says, error);
    const pick = () => { const found = marked_word(area); if (found && row.text.toLowerCase().includes(found.toLowerCase())) { word.value = found; ready(); } };
    area.addEventListener("select", pick);
    area.addEventListener("keyup", pick);
    let heard = "";
    const now = () => `${word.value.trim()}\n${spelling.value.trim()}`;
    const around = () => {
      // The sentence the word stands in: a word alone is said otherwise.
      const sentence = (row.text.match(/[^.!?。！？]+[.!?。！？]*/g) || [row.text]).find((one) => one.toLowerCase().includes(word.value.trim().toLowerCase()));
      return (sentence || word.value).trim().slice(0, 300);
    };
    const listen = play_button(t("lines.listen"), async () => {
      clear_faults(form);
      const address = await fetch_sound(part.base, `projects/${part.project}/audition`, { text: around(), voice: row.voice || part.voices[0].name, word: word.value.trim(), spelling: spelling.value.trim() });
      heard = now();
      ready();
      return address;
    }, told);
    const keep = el("button", { class: "mq-button", type: "submit", name: "keep-word" }, t("lines.keep_word"));
    const hint = el("span", { class: "mq-note" });
    const ready = () => {
      listen.disabled = !(word.value.trim() && spelling.value.trim());
      keep.disabled = listen.disabled || heard !== now();
      hint.textContent = listen.disabled ? t("lines.word_hint") : keep.disabled ? t("lines.listen_first") : "";
    };
    word.addEventListener("input", ready);
    spelling.addEventListener("input", ready);
    const form = el("form", { class: "mq-form mq-lexicon", novalidate: true }, el("h4", {}, t("lines.lexicon")),
      el("div", { class: "mq-line-fields" }, sound_field("word", t("lines.word"), word), sound_field("spelling", t("lines.spelling"), spelling), el("div", { class: "mq-form-row" }, listen, keep)), hint);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (keep.disabled) return;
      try {
        await call(part.base, "PUT", `projects/${part.project}/lexicon`, { word: word.value.trim(), spelling: spelling.value.trim() });
        part.says.say(t("lines.word_kept", { word: word.value.trim() }), true);
        await part.refresh();
      } catch (error) { told(error); }
    });
    pick();
    ready();
    return form;
  }

  // The takes, the newest first, each with what was heard; one of them counts.
  async function takes(part, row) {
    const found = await call(part.base, "GET", `lines/${part.table}/${encodeURIComponent(row.line)}/takes`);
    const use = (one) => button(t("lines.use"), () => part.use(one), { "aria-label": `${t("lines.use")}: ${t("card.version")} ${one.version}`, name: "use" });
    return el("section", { class: "mq-takes", "aria-label": t("lines.takes") }, el("h4", {}, t("lines.takes")), found.map((one) => el("article", { class: `mq-take-row${one.counts ? " mq-on" : ""}`, "data-version": one.version },
      play_button(t("lines.play", { line: `${row.line}, ${t("card.version")} ${one.version}` }), () => `${part.base}/files/${one.asset_id}/0`, (error) => part.says.say(error.message)),
      wave(part.base, one.asset_id, 0, 160),
      el("div", { class: "mq-grow" }, el("p", { class: "mq-note" }, [`${t("card.version")} ${one.version}`, one.voice, clock(one.seconds), one.note].filter(Boolean).join(" · ")),
        one.text === row.text ? null : el("p", {}, one.text), el("div", { class: "mq-form-row" }, verdict(one.hearing), one.counts ? chip("used", t("lines.counts")) : null), longest(one.hearing)),
      one.counts ? null : use(one))));
  }

  function open_line(part, row, voices) {
    const form = editor(part, row, voices);
    const list = el("div", {});
    const node = el("div", { class: "mq-line-panel" }, form.node, lexicon(part, row, form.text), list);
    const show = () => (row.asset_id ? takes(part, row).then((drawn) => list.replaceChildren(drawn)).catch((error) => part.says.say(error.message)) : undefined);
    show();
    return { node, show, text: form.text };
  }

  Object.assign(window.Maquette, { verdict, longest, open_line });
})();
