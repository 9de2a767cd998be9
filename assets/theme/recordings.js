// Recordings: uploaded, transcribed with times, searched by words, told in key points. What is said in one is only text.
(() => {
  "use strict";

  const { el, t, call, follow, button, quiet, bar, notice, hand_over, Watching, clock, hush } = window.Maquette;

  class Recordings extends Watching {
    constructor(root, options) {
      super(root, options);
      this.chosen = "";
      this.says = notice();
      this.list = el("div", { class: "mq-recording-list" });
      this.hits = el("div", { role: "status" });
      this.place = el("div", {});
      this.under_way = el("div", {});
      root.replaceChildren(el("section", { class: "mq-library mq-sounds mq-recordings-page" }, this.says.node,
        el("div", { class: "mq-panel" }, el("h3", {}, t("recordings.new")), el("p", { class: "mq-note" }, t("recordings.hint")), this.upload(), this.under_way, this.search(), this.hits, this.list),
        el("section", { class: "mq-part-list", "aria-label": t("sound.recordings") }, this.place)));
      this.start();
    }

    upload() {
      const file = el("input", { type: "file", accept: "audio/*,.wav,.mp3,.flac,.ogg,.opus", multiple: true, class: "mq-hidden", "aria-label": t("recordings.file") });
      file.addEventListener("change", async () => {
        const files = [...file.files];
        file.value = "";
        this.says.say("");
        const faults = [];
        for (const one of files) {
          const label = t("recordings.listening", { name: one.name });
          this.under_way.replaceChildren(el("p", { class: "mq-note" }, label), bar(0.05, label));
          try {
            const { asset } = await follow(this.base, `projects/${this.project}/recordings?name=${encodeURIComponent(one.name)}`, one, (share) => this.under_way.lastChild.replaceWith(bar(Math.max(0.05, share), label)));
            this.chosen = asset;
            await this.refresh();
          } catch (error) {
            // One bad file does not stop the others.
            faults.push(error.message);
          }
        }
        this.under_way.replaceChildren();
        if (faults.length) this.says.say(faults.join(" "));
      });
      return el("label", { class: "mq-file mq-button" }, file, el("span", {}, t("recordings.file")));
    }

    search() {
      const words = el("input", { type: "search", name: "words", maxlength: 200, placeholder: t("recordings.search"), "aria-label": t("recordings.search") });
      const form = el("form", { class: "mq-form-row mq-search", role: "search", novalidate: true }, words, el("button", { class: "mq-button", type: "submit" }, t("recordings.find")));
      form.addEventListener("submit", async (event) => {
        event.preventDefault();
        if (!words.value.trim()) { this.hits.replaceChildren(); words.focus(); return; }
        try {
          const found = await call(this.base, "GET", `projects/${this.project}/recordings/search?words=${encodeURIComponent(words.value)}`);
          this.hits.replaceChildren(el("p", { class: "mq-note" }, t(found.length ? "recordings.found" : "recordings.not_found", { n: found.length })),
            ...found.map((hit) => button("", () => this.open(hit.asset_id, hit.said.start), { class: "mq-relative mq-hit" })));
          [...this.hits.querySelectorAll(".mq-hit")].forEach((node, at) => node.append(el("span", {}, `${found[at].title} · ${clock(found[at].said.start, 0)}`), el("small", {}, found[at].said.text)));
        } catch (error) { this.says.say(error.message); }
      });
      return form;
    }

    async refresh() {
      const found = await call(this.base, "GET", `projects/${this.project}/recordings`);
      if (this.stopped) return;
      if (!this.chosen && found.length) this.chosen = found[0].asset_id;
      if (this.changed("list", [found, this.chosen])) {
        this.list.replaceChildren(...(found.length ? found.map((one) => button("", () => this.open(one.asset_id), { class: "mq-relative", "aria-current": one.asset_id === this.chosen ? "true" : "false" })) : [el("p", { class: "mq-note" }, t("recordings.none"))]));
        [...this.list.querySelectorAll(".mq-relative")].forEach((node, at) => node.append(el("span", {}, found[at].title), el("small", {}, clock(found[at].seconds, 0))));
      }
      if (this.chosen && this.changed("open", this.chosen)) await this.draw(this.chosen);
    }

    async open(asset, at = null) {
      this.chosen = asset;
      try {
        await this.refresh();
        if (at !== null) this.play(at);
      } catch (error) { this.says.say(error.message); }
    }

    play(at) {
      hush();
      this.audio.currentTime = at;
      this.audio.play().catch((error) => { if (error.name !== "AbortError") this.says.say(error.message); });
    }

    async draw(asset) {
      const found = await call(this.base, "GET", `recordings/${asset}`);
      this.audio = el("audio", { controls: true, preload: "metadata", src: `${this.base}/${found.files[0].url}`, "aria-label": found.title });
      this.audio.addEventListener("play", hush);
      const row = (one) => el("li", { "data-start": one.start }, quiet(clock(one.start, 0), () => this.play(one.start), { "aria-label": t("recordings.from", { at: clock(one.start, 0) }) }),
        el("span", {}, one.speaker ? el("b", { class: "mq-speaker" }, t("recordings.speaker", { n: one.speaker })) : null, one.text));
      const lines = el("ol", { class: "mq-transcript" }, found.said.map(row));
      this.audio.addEventListener("timeupdate", () => {
        const at = this.audio.currentTime;
        [...lines.children].forEach((node, number) => node.classList.toggle("mq-on", found.said[number].start <= at && at < found.said[number].end));
      });
      const points = el("div", { class: "mq-points", "aria-live": "polite" });
      const files = el("span", { class: "mq-files" }, found.files.slice(1).map((file) => el("a", { href: `${this.base}/${file.url}?download=1`, download: file.name, "aria-label": t("card.download", { name: file.name }) }, file.name.split(".").pop().toUpperCase())));
      const ask = button(t("recordings.points"), () => this.points(found, points, row, ask), { name: "points" });
      this.place.replaceChildren(el("header", { class: "mq-form-row" }, el("h3", {}, found.title), ask, files), this.audio,
        ...found.notes.map((note) => el("p", { class: "mq-gap", lang: "en" }, note)), found.said.some((one) => one.speaker) ? el("p", { class: "mq-note" }, t("recordings.guessed")) : "", points, lines);
    }

    async points(found, holder, row, ask) {
      ask.disabled = true;
      const label = t("recordings.picking");
      holder.replaceChildren(el("p", { class: "mq-note" }, label), bar(0.05, label));
      try {
        const picked = await follow(this.base, `recordings/${found.asset_id}/points`, {}, (share) => holder.lastChild.replaceWith(bar(Math.max(0.05, share), label)));
        const text = `# ${found.title}\n\n${picked.map((one) => `- ${clock(one.start, 0)} ${one.speaker ? `${t("recordings.speaker", { n: one.speaker })}: ` : ""}${one.text}`).join("\n")}\n`;
        const save = button(t("recordings.save_points"), () => hand_over(URL.createObjectURL(new Blob([text], { type: "text/markdown" })), "key-points.md"));
        holder.replaceChildren(el("h4", {}, t("recordings.points")), el("ol", { class: "mq-transcript" }, picked.map(row)), save);
      } catch (error) {
        holder.replaceChildren(el("p", { class: "mq-error", role: "alert" }, error.message));
      } finally {
        ask.disabled = false;
      }
    }
  }

  window.Maquette.part("recordings", (root, options) => new Recordings(root, options));
})();
