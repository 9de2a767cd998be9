// Whose voice may be taken over from which recording: consents of this project, recorded, listed, taken back.
// The voices that can be had with them stand in the cast sheet beside the others.
(() => {
  "use strict";

  const { el, t, call, quiet, chip, notice, clear_faults, sound_field, refused } = window.Maquette;
  const date = (text) => new Date(text).toLocaleDateString(t("locale"));
  const CHIPS = { holds: "done", ended: "queued", revoked: "failed" };

  // base, project: as for every part. changed(list): called with all records after each change.
  function consent_panel(base, project, changed) {
    const says = notice();
    const rows = el("ul", { class: "mq-consents" });
    const path = `projects/${project}/consents`;

    const show = (list) => {
      rows.replaceChildren(...(list.length ? list.map(row) : [el("li", { class: "mq-note" }, t("consents.none"))]));
      changed(list);
    };

    function row(one) {
      const facts = [one.scope === "commercial" ? t("consents.commercial") : t("consents.project"), one.everywhere ? t("consents.everywhere") : "", one.territory, one.audio.slice(0, 12)].filter(Boolean).join(t("list.comma"));
      const ask = quiet(t("consents.revoke"), () => { ask.hidden = true; sure.hidden = false; sure.querySelector("button").focus(); }, { "aria-label": `${t("consents.revoke")}: ${one.person}` });
      const back = quiet(t("consents.revoke_sure"), async () => {
        try {
          show(await call(base, "POST", `${path}/${one.id}/revoke`));
          says.say(t("consents.revoked", { person: one.person }), true);
        } catch (error) { says.say(error.message); }
      });
      const stay = quiet(t("consents.keep"), () => { sure.hidden = true; ask.hidden = false; ask.focus(); });
      const sure = el("span", { class: "mq-form-row", hidden: true }, el("span", { class: "mq-note" }, t("consents.revoke_asked")), back, stay);
      return el("li", { class: "mq-consent", "data-standing": one.standing },
        el("div", { class: "mq-form-row" }, el("b", {}, one.person), chip(CHIPS[one.standing], t(`consents.standing.${one.standing}`, { date: date(one.revoked || one.expires) }))),
        el("p", { class: "mq-note" }, one.proof), el("p", { class: "mq-note" }, facts),
        one.voices.length ? el("p", { class: "mq-note" }, t("consents.voices", { voices: one.voices.join(t("list.comma")) })) : null,
        one.standing === "holds" && !one.everywhere ? el("div", {}, ask, sure) : null);
    }

    const input = (name, extra) => el("input", { type: "text", name, ...extra });
    const person = input("person", { maxlength: 120, autocomplete: "off" });
    const proof = el("textarea", { name: "proof", rows: 2, maxlength: 1000, placeholder: t("consents.proof_hint") });
    const territory = input("territory", { maxlength: 200, placeholder: t("consents.territory_hint") });
    const days = input("days", { type: "number", min: 1, max: 3660, step: 1, value: 365 });
    const commercial = el("input", { type: "checkbox", name: "commercial" });
    const recording = el("input", { type: "file", name: "recording", accept: "audio/*,.wav,.mp3,.flac,.ogg,.opus" });
    const send = el("button", { class: "mq-button", type: "submit", id: "mq-consent-record" }, t("consents.record"));
    const form = el("form", { class: "mq-form", novalidate: true },
      sound_field("person", t("consents.person"), person), sound_field("proof", t("consents.proof"), proof), sound_field("recording", t("consents.recording"), recording),
      el("div", { class: "mq-two" }, sound_field("days", t("consents.days"), days), sound_field("territory", t("consents.territory"), territory)),
      el("label", { class: "mq-check" }, commercial, t("consents.commercial")), el("div", { class: "mq-form-row" }, send));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      clear_faults(form);
      says.say("");
      const file = recording.files[0];
      if (!file) { refused(form, says, { message: t("consents.no_recording"), data: { field: "recording" } }); return; }
      const asked = new URLSearchParams({ name: file.name, person: person.value, proof: proof.value, territory: territory.value, days: String(Math.round(Number(days.value)) || 0), commercial: String(commercial.checked) });
      send.disabled = true;
      try {
        const made = await call(base, "POST", `${path}?${asked}`, file);
        form.reset();
        says.say(t("consents.recorded", { person: made.person }), true);
        show(await call(base, "GET", path));
      } catch (error) {
        refused(form, says, error);
      } finally {
        send.disabled = false;
      }
    });
    const node = el("details", { class: "mq-panel mq-consent-panel" }, el("summary", {}, t("consents.title")), el("p", { class: "mq-note" }, t("consents.text")), says.node, rows, form);
    call(base, "GET", path).then(show).catch((error) => says.say(error.message));
    return node;
  }

  // The voices of records that hold, as the catalogue's are.
  const consent_voices = (list) => list.flatMap((one) => one.voices.map((name) => ({ name, person: one.person, language: "en", gender: "", age: "", tone: [] })));

  Object.assign(window.Maquette, { consent_panel, consent_voices });
})();
