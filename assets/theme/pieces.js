// Music and effects: styles and families to listen to, a piece asked for by its fields, and what was made with its seeds and files.
(() => {
  "use strict";

  const { el, t, call, button, bar, chip, notice, clear_faults, downloads, verdict_buttons, Watching, clock, wave, play_button, fetch_sound, sound_field, refused, once } = window.Maquette;
  const live = (job) => Boolean(job) && ["queued", "running"].includes(job.state);
  const new_seed = () => Math.floor(Math.random() * 2 ** 31);

  // What both browsers share: a form beside cards to choose from, the plan that is being made, and the pieces of the project.
  class Pieces extends Watching {
    constructor(root, options, kind) {
      super(root, options);
      this.kind = kind;
      this.plans = new Set();
      this.says = notice();
      this.cards = el("div", { class: "mq-style-cards", role: "radiogroup", "aria-label": t(`pieces.${kind}.choose`) });
      this.making = el("div", {});
      this.made = el("div", { class: "mq-piece-list" });
      this.formed = el("div", { class: "mq-panel" });
      root.replaceChildren(el("section", { class: "mq-library mq-sounds mq-pieces-page" }, this.says.node, this.formed,
        el("section", { class: "mq-part-list", "aria-label": t(`sound.${kind === "music" ? "music" : "effects"}`) }, el("h3", {}, t(`pieces.${kind}.choose`)), this.cards, el("h3", {}, t("pieces.made")), this.making, this.made)));
      this.start();
    }

    async refresh() {
      if (!this.options) {
        this.options = await once(this.base, "sound/options");
        this.draw_cards();
        this.draw_form();
      }
      const { assets } = await call(this.base, "GET", `projects/${this.project}/assets?kind=${this.kind}&newest=true&limit=60`);
      const boards = await Promise.all([...this.plans].map((plan) => call(this.base, "GET", `projects/${this.project}/board?plan=${plan}`)));
      if (this.stopped) return;
      const steps = boards.flatMap((board) => board.steps).filter((step) => step.kind === this.kind);
      this.busy = steps.some((step) => live(step.job));
      for (const board of boards) if (!board.steps.some((step) => live(step.job) || (step.job && step.job.state === "failed"))) this.plans.delete(board.plan.id);
      if (this.changed("making", steps.map((step) => [step.id, step.job]))) {
        this.making.replaceChildren(...steps.filter((step) => live(step.job)).map((step) => bar(Math.max(0.04, step.job.progress), step.title)),
          ...steps.filter((step) => step.job && step.job.state === "failed").map((step) => el("p", { class: "mq-error", role: "alert", lang: "en" }, `${step.title}: ${step.job.error}`)));
      }
      if (this.changed("made", [assets.map((one) => [one.id, one.verdict, one.revision]), this.busy])) this.made.replaceChildren(...(assets.length ? assets.map((one) => this.piece(one)) : [el("p", { class: "mq-note" }, t("pieces.none"))]));
    }

    // A card of a style or an effect: chosen by its name, heard by its button.
    card(value, label, more, source) {
      const radio = el("input", { type: "radio", name: `${this.kind}-choice`, value, class: "mq-hidden" });
      radio.addEventListener("change", () => this.pick(value));
      return el("div", { class: "mq-style-card", "data-choice": value }, play_button(t("pieces.sample", { name: label }), source, (error) => this.says.say(error.message)),
        el("label", {}, radio, el("b", {}, label), more ? el("small", {}, more) : null));
    }

    numbers(rows) {
      return rows.map(([name, label, value, least, most, step]) => {
        const input = el("input", { type: "number", name, value, min: least, max: most, step });
        this.fields[name] = () => (input.value === "" ? undefined : Number(input.value));
        return sound_field(name, label, input);
      });
    }

    seed_field() {
      const seed = el("input", { type: "number", name: "seed", min: 0, max: 2 ** 31 - 1, step: 1, value: new_seed() });
      this.fields.seed = () => (seed.value === "" ? -1 : Number(seed.value));
      return el("div", { class: "mq-seed" }, sound_field("seed", t("pieces.seed"), seed), button(t("pieces.dice"), () => { seed.value = new_seed(); }, { "aria-label": t("pieces.dice_label") }));
    }

    values() {
      return Object.fromEntries(Object.entries(this.fields).map(([name, read]) => [name, read()]).filter(([, value]) => value !== undefined && value !== ""));
    }

    finish(form, count) {
      form.addEventListener("submit", async (event) => {
        event.preventDefault();
        clear_faults(form);
        this.says.say("");
        try {
          const { plan } = await call(this.base, "POST", `projects/${this.project}/pieces`, { kind: this.kind, values: this.values(), count: Number(count.value) });
          await call(this.base, "POST", `plans/${plan}/approve`);
          this.plans.add(plan);
          await this.refresh();
        } catch (error) {
          refused(form, this.says, error);
        }
      });
      this.formed.replaceChildren(el("h3", {}, t(`pieces.${this.kind}.new`)), form);
    }

    // What was made

    piece(asset) {
      const facts = asset.facts;
      const told = [facts.mood ? t(`mood.${facts.mood}`) : "", facts.key || "", facts.tempo ? `${Math.round(facts.tempo)} BPM` : "", facts.seconds ? clock(facts.seconds) : "", `${t("card.seed")} ${asset.seed}`, asset.version > 1 ? `${t("card.version")} ${asset.version}` : ""];
      const stems = asset.files.filter((file) => file.name.startsWith("layer-")).length;
      const another = asset.plan && asset.step ? button(t("pieces.another"), () => this.another(asset), { name: "another", "aria-label": `${t("pieces.another")}: ${asset.title}` }) : null;
      const mark = async (verdict) => {
        try {
          await call(this.base, "POST", `assets/${asset.id}/review`, { verdict, seen: asset.revision });
          await this.refresh();
        } catch (error) { this.says.say(error.message); }
      };
      return el("article", { class: "mq-piece", "data-asset": asset.id, "aria-label": asset.title },
        play_button(t("lines.play", { line: asset.title }), () => `${this.base}/${asset.files[0].url}`, (error) => this.says.say(error.message)), wave(this.base, asset.id),
        el("div", { class: "mq-grow" }, el("b", {}, asset.title), el("p", { class: "mq-note" }, told.filter(Boolean).join(" · ")), stems ? chip("used", t("pieces.stems", { n: stems })) : null),
        el("div", { class: "mq-form-row" }, another, ...verdict_buttons(asset, mark)), this.files(asset));
    }

    // Every file by its name: stems and variations would read alike by their kind.
    files(asset) {
      return asset.files.length < 3 ? downloads(this.base, asset)
        : el("span", { class: "mq-files mq-named-files" }, asset.files.map((file) => el("a", { href: `${this.base}/${file.url}?download=1`, download: file.name, "aria-label": t("card.download", { name: file.name }) }, file.name)), window.Maquette.label_link(this.base, asset.files));
    }

    // The same piece with another seed, as its next version.
    async another(asset) {
      this.says.say("");
      try {
        await call(this.base, "POST", `plans/${asset.plan}/steps/${asset.step}/redo`, { values: { seed: new_seed() } });
        this.plans.add(asset.plan);
        await this.refresh();
      } catch (error) { this.says.say(error.message); }
    }
  }

  class Music extends Pieces {
    constructor(root, options) { super(root, options, "music"); }

    draw_cards() {
      this.cards.replaceChildren(...this.options.styles.map((one) => this.card(one.mood, t(`mood.${one.mood}`), `${one.tempo[0]}–${one.tempo[1]} BPM`, () => `${this.base}/api/music/sample?mood=${one.mood}`)));
    }

    pick(mood) {
      this.mood.value = mood;
    }

    draw_form() {
      this.fields = {};
      const select = (name, options, chosen) => {
        const input = el("select", { name }, options.map(([value, label]) => el("option", { value, selected: value === chosen }, label)));
        this.fields[name] = () => input.value;
        return input;
      };
      this.mood = select("mood", this.options.styles.map((one) => [one.mood, t(`mood.${one.mood}`)]), "warm");
      const about = el("input", { type: "text", name: "about", maxlength: 2000, placeholder: t("pieces.music.about_hint") });
      this.fields.about = () => about.value.trim();
      const form_ = select("form", ["bed", "loop", "stinger", "intro", "outro"].map((one) => [one, t(`option.${one}`)]), "bed");
      const intensity = select("intensity", ["", "low", "medium", "high"].map((one) => [one, one ? t(`option.${one}`) : t("pieces.intensity.any")]), "");
      const key = el("input", { type: "text", name: "key", maxlength: 12, placeholder: t("option.automatic") });
      this.fields.key = () => key.value.trim();
      const count = el("input", { type: "number", name: "count", min: 1, max: 8, value: 1 });
      this.finish(el("form", { class: "mq-form", novalidate: true }, sound_field("mood", t("field.mood"), this.mood), sound_field("about", t("field.about"), about),
        el("div", { class: "mq-two" }, this.numbers([["seconds", t("field.seconds"), 30, 2, 300, 0.5], ["tempo", t("field.tempo"), 0, 0, 220, 1]])),
        el("div", { class: "mq-two" }, sound_field("form", t("field.form"), form_), sound_field("intensity", t("pieces.intensity"), intensity)),
        el("div", { class: "mq-two" }, sound_field("key", t("field.key"), key), sound_field("count", t("pictures.count"), count)), this.seed_field(),
        el("div", { class: "mq-form-row" }, el("button", { class: "mq-button mq-primary", type: "submit", id: "mq-music-make" }, t("pieces.make")))), count);
    }
  }

  class Effects extends Pieces {
    constructor(root, options) { super(root, options, "sound"); }

    draw_cards() {
      const name = (one) => one.name[t("locale").startsWith("zh") ? "zh" : "en"];
      const families = [...new Set(this.options.effects.map((one) => one.family))];
      this.cards.replaceChildren(...families.map((family) => el("section", { class: "mq-family-cards" }, el("h4", {}, t(`family.${family}`)),
        this.options.effects.filter((one) => one.family === family).map((one) => this.card(one.id, name(one), [clock(one.seconds), one.loops ? t("option.loop") : ""].filter(Boolean).join(" · "), () => fetch_sound(this.base, "sound/sample", { values: { effect: one.id }, seed: 1 }))))));
    }

    pick(id) {
      this.effect.value = id;
    }

    draw_form() {
      this.fields = {};
      const name = (one) => one.name[t("locale").startsWith("zh") ? "zh" : "en"];
      this.effect = el("select", { name: "effect" }, this.options.effects.map((one) => el("option", { value: one.id }, name(one))));
      this.fields.effect = () => this.effect.value;
      const loop = el("input", { type: "checkbox", name: "loop" });
      this.fields.loop = () => loop.checked;
      const slide = (field, least, most, step, value) => {
        const input = el("input", { type: "range", name: field, min: least, max: most, step, value });
        this.fields[field] = () => Number(input.value);
        return sound_field(field, t(`pieces.${field}`), input);
      };
      const count = el("input", { type: "hidden", value: 1 });
      const seeded = this.seed_field();
      const form = el("form", { class: "mq-form", novalidate: true }, sound_field("effect", t("field.effect"), this.effect),
        el("div", { class: "mq-two" }, this.numbers([["seconds", t("pieces.sound.seconds"), 0, 0, 60, 0.1], ["variations", t("field.variations"), 1, 1, 8, 1]])),
        slide("size", -1, 1, 0.1, 0), slide("distance", 0, 1, 0.1, 0), slide("pace", 0.5, 2, 0.1, 1), sound_field("loop", t("field.loop"), loop), seeded);
      const heard = play_button(t("pieces.sound.listen"), () => {
        clear_faults(form);
        const { seed, variations, ...values } = this.values();
        return fetch_sound(this.base, "sound/sample", { values, seed: Math.max(0, seed) });
      }, (error) => refused(form, this.says, error));
      form.append(el("div", { class: "mq-form-row" }, heard, el("button", { class: "mq-button mq-primary", type: "submit", id: "mq-effect-make" }, t("pieces.keep"))));
      this.finish(form, count);
    }
  }

  window.Maquette.part("music", (root, options) => new Music(root, options));
  window.Maquette.part("effects", (root, options) => new Effects(root, options));
})();
