// The Library page: all assets of a project, found by words, kind and verdict; one opened beside the list with where it came
// from and how it was made; several packed into a ZIP.
(() => {
  "use strict";

  const { ICONS, el, t, named, bytes, call, button, quiet, chip, notice, dialog, is_picture, is_sound, player, remarks, downloads, export_pack, edit_button, comments_panel, review_panel, waiting_list, batch_dialog, preferences_panel, state_chip, content_list, content_panel, held_chip, family_panel, compare_panel, trash_panel, delete_dialog } = window.Maquette;
  const PAGE = 24;
  const KINDS = ["copy", "article", "script", "dialogue", "lore", "translation", "picture", "upscale", "cutout", "speech", "music", "sound", "mix", "layout"];
  const VERDICTS = ["approve", "reject", "open"];
  const STATES = ["draft", "in_review", "changes_requested", "approved", "published"];

  class Shelf {
    constructor(root, options) {
      this.base = options.base;
      this.project = options.project;
      this.query = { text: "", kind: "", verdict: "", state: "", newest: true, offset: 0 };
      this.chosen = new Set();
      this.known = -1;
      this.stopped = false;
      this.says = notice();
      this.count = el("p", { class: "mq-cost", role: "status" });
      this.list = el("div", { class: "mq-gallery" });
      this.pages = el("nav", { class: "mq-pages", "aria-label": t("library.pages") });
      this.picked = el("div", { class: "mq-picked", hidden: true });
      this.waiting = el("div", { id: "mq-waiting", hidden: true });
      this.content = el("div", { id: "mq-content-review", hidden: true });
      this.titles = new Map();
      const to_review = button(t("review.waiting"), () => this.wait(this.waiting.hidden), { id: "mq-to-review", "aria-controls": "mq-waiting", "aria-expanded": "false" });
      const content = button(t("content.title"), () => this.showContent(this.content.hidden), { id: "mq-to-content", "aria-controls": "mq-content-review", "aria-expanded": "false" });
      const trash = button(t("trash.title"), () => this.bin(this.trash.hidden), { id: "mq-trash", "aria-controls": "mq-trash-list", "aria-expanded": "false" });
      this.trash = el("div", { id: "mq-trash-list", hidden: true });
      const counted = el("div", { class: "mq-counted" }, this.count, el("div", { class: "mq-form-row" }, to_review, content, trash));
      root.replaceChildren(el("section", { class: "mq-library" }, this.filters(), this.says.node, counted, this.waiting, this.content, this.trash, this.list, this.pages, this.picked, preferences_panel(this.base, this.project)));
      this.refresh();
      this.tick();
    }

    stop() {
      this.stopped = true;
    }

    async tick() {
      if (this.stopped) return;
      try {
        const news = this.known < 0 ? [] : await call(this.base, "GET", `projects/${this.project}/events?after=${this.known}`);
        if (news.some((event) => ["asset", "review", "job"].includes(event.kind))) await this.refresh();
        else if (news.length) this.known = news[news.length - 1].number;
      } catch (error) {
        this.says.say(error.status ? error.message : t("error.offline"));
      }
      window.setTimeout(() => this.tick(), 4000);
    }

    filters() {
      const change = (update) => {
        Object.assign(this.query, update, { offset: 0 });
        this.refresh();
      };
      let typing = 0;
      const text = el("input", { type: "search", maxlength: 200, placeholder: t("library.search"), "aria-label": t("library.search"), name: "search" });
      text.addEventListener("input", () => {
        window.clearTimeout(typing);
        typing = window.setTimeout(() => change({ text: text.value }), 250);
      });
      const pick = (name, label, options) => {
        const select = el("select", { name, "aria-label": label }, options.map(([value, word]) => el("option", { value }, word)));
        select.addEventListener("change", () => change({ [name]: select.value }));
        return select;
      };
      const newest = el("input", { type: "checkbox", checked: true, name: "newest" });
      newest.addEventListener("change", () => change({ newest: newest.checked }));
      return el("div", { class: "mq-filters", role: "search" },
        text,
        pick("kind", t("library.kind"), [["", t("library.every_kind")], ...KINDS.map((kind) => [kind, t(`kind.${kind}`)])]),
        pick("verdict", t("library.verdict"), [["", t("library.every_verdict")], ...VERDICTS.map((verdict) => [verdict, t(`library.verdict.${verdict}`)])]),
        pick("state", t("library.state"), [["", t("library.every_state")], ...STATES.map((state) => [state, t(`review.state.${state}`)])]),
        el("label", { class: "mq-check" }, newest, t("library.newest")));
    }

    // What waits for the person's review, on the page until it is put away again.
    async wait(shown) {
      try {
        if (shown) this.waiting.replaceChildren((await waiting_list(this.base, this.project, (id) => this.open(id))).node);
        this.show(this.waiting, shown);
      } catch (error) {
        this.says.say(error.message);
      }
    }

    // What waits for a decision on its content.
    showContent(shown) {
      if (shown) this.content.replaceChildren(content_list(this.base, this.project, (id) => this.open(id), () => this.refresh()));
      this.show(this.content, shown);
    }

    // A list above the shelf, and its button, which says that it is open.
    show(list, shown) {
      list.hidden = !shown;
      document.querySelector(`[aria-controls="${list.id}"]`).setAttribute("aria-expanded", String(shown));
    }

    async bin(shown) {
      try {
        if (shown) {
          this.thrown = await trash_panel(this.base, this.project, () => this.refresh());
          this.trash.replaceChildren(this.thrown.node);
        }
        this.show(this.trash, shown);
      } catch (error) {
        this.says.say(error.message);
      }
    }

    async refresh() {
      try {
        const asked = JSON.stringify(this.query);
        const { text, kind, verdict, state, newest, offset } = this.query;
        const parameters = new URLSearchParams({ text, kind, verdict, state, newest: String(newest), offset: String(offset), limit: String(PAGE) });
        const found = await call(this.base, "GET", `projects/${this.project}/assets?${parameters}`);
        if (this.stopped || asked !== JSON.stringify(this.query)) return;
        this.known = found.event;
        this.draw(found);
        if (!this.waiting.hidden) await this.wait(true);
        if (!this.trash.hidden && !this.trash.contains(document.activeElement)) await this.thrown.load();
      } catch (error) {
        this.says.say(error.message);
      }
    }

    draw(found) {
      const filtered = this.query.text || this.query.kind || this.query.verdict || this.query.state;
      this.count.textContent = t("library.count", { n: found.total });
      if (!found.assets.length) {
        this.list.replaceChildren(el("div", { class: "mq-empty" }, el("div", { class: "mq-empty-mark", "aria-hidden": "true" }), el("h2", {}, t(filtered ? "library.none_found" : "library.empty.title")), el("p", {}, t(filtered ? "library.none_found_text" : "library.empty.text"))));
      } else this.list.replaceChildren(...found.assets.map((asset) => this.tile(asset)));
      this.drawPages(found.total);
      this.drawPicked();
    }

    tile(asset) {
      const pick = el("input", { type: "checkbox", checked: this.chosen.has(asset.id), "aria-label": t("library.select", { title: asset.title }) });
      pick.addEventListener("change", () => {
        this.titles.set(asset.id, asset.title);
        if (pick.checked) this.chosen.add(asset.id);
        else this.chosen.delete(asset.id);
        this.drawPicked();
      });
      const open = () => this.open(asset.id);
      let face;
      if (is_picture(asset)) face = el("button", { class: "mq-face", type: "button", onclick: open, "data-mq-asset": asset.id, "aria-label": t("library.open", { title: asset.title }) }, el("img", { src: `${this.base}/thumbnails/${asset.id}`, alt: asset.title, loading: "lazy" }));
      else if (is_sound(asset)) face = el("div", { class: "mq-face mq-face-sound" }, el("span", { class: "mq-face-icon", "aria-hidden": "true" }, ICONS[asset.kind]), player(this.base, asset));
      else face = el("button", { class: "mq-face mq-face-text", type: "button", onclick: open, "aria-label": t("library.open", { title: asset.title }) }, el("span", {}, asset.text.slice(0, 320)));
      return el("article", { class: "mq-tile", "data-asset": asset.id, "data-kind": asset.kind },
        face,
        el("div", { class: "mq-tile-row" },
          pick,
          el("div", { class: "mq-titles" }, el("h3", {}, quiet(asset.title, open, { class: "mq-link mq-name" })), el("p", {}, `${named("kind", asset.kind)} · ${t("card.version")} ${asset.version}`)),
          asset.held ? held_chip(asset.held) : null,
          asset.verdict === "reject" ? chip("verdict-reject", t("verdict.reject")) : asset.state !== "draft" ? state_chip(asset.state) : null));
    }

    drawPages(total) {
      const { offset } = this.query;
      const go = (to) => () => {
        this.query.offset = to;
        this.refresh();
      };
      this.pages.replaceChildren(...(total <= PAGE ? [] : [
        button(t("library.previous"), go(Math.max(0, offset - PAGE)), { disabled: offset === 0 }),
        el("span", {}, t("library.page", { n: offset / PAGE + 1, all: Math.ceil(total / PAGE) })),
        button(t("library.next"), go(offset + PAGE), { disabled: offset + PAGE >= total }),
      ]));
    }

    drawPicked() {
      this.picked.hidden = this.chosen.size === 0;
      const pack = button(t("export.selected"), () => export_pack(this.base, this.project, { asset_ids: [...this.chosen] }, pack, this.says), { class: "mq-button mq-primary", id: "mq-export-selected" });
      const hand_on = button(t("share.selected_here"), () => window.Maquette.share(this.base, this.project, t("share.selected", { n: this.chosen.size }), [...this.chosen]), { id: "mq-share-selected" });
      const review = button(t("review.batch"), () => batch_dialog(this.base, this.project, [...this.chosen].map((id) => ({ id, title: this.titles.get(id) || id })), () => this.refresh()), { id: "mq-review-selected" });
      this.picked.replaceChildren(el("span", {}, t("library.selected", { n: this.chosen.size })), pack, hand_on, review, quiet(t("library.clear"), () => { this.chosen.clear(); this.refresh(); }));
    }

    // One asset beside the list

    async open(id) {
      try {
        const shown = await call(this.base, "GET", `assets/${id}/story`);
        if (this.drawer) this.drawer.close();
        this.drawer = dialog(shown.asset.title, "mq-drawer", el("div", { class: "mq-drawer-in" }));
        this.fill(shown);
      } catch (error) {
        this.says.say(error.message);
      }
    }

    fill(story) {
      const { asset } = story;
      const part = (key, ...children) => el("section", { class: "mq-part" }, el("h3", {}, t(key)), ...children);
      const others = story.versions.filter((one) => one.id !== asset.id);
      const ask = (method, path, body) => call(this.base, method, `assets/${asset.id}/comments${path}`, body);
      const comments = comments_panel(this.base, asset, ask, { say: true, resolve: true });
      const compare = compare_panel(this.base, asset, others);
      const enlarge = is_picture(asset) ? quiet(t("card.enlarge"), () => window.Maquette.enlarge(this.base, asset)) : null;
      this.drawer.firstChild.replaceChildren(...[
        el("header", { class: "mq-drawer-head" }, el("div", { class: "mq-titles" }, el("h2", {}, asset.title), el("p", {}, `${named("kind", asset.kind)} · ${t("card.version")} ${asset.version} · ${new Date(asset.created).toLocaleString(t("locale"))}${asset.person && asset.person !== "local" ? ` · ${asset.person}` : ""}`)), quiet("✕", () => this.drawer.close(), { "aria-label": t("card.close"), class: "mq-link mq-x" })),
        comments.node,
        ...remarks(asset),
        el("div", { class: "mq-card-foot" }, enlarge, edit_button(this.base, asset, (id) => { this.open(id); this.refresh(); }), is_picture(asset) ? quiet(t("look.paint"), () => this.paint(asset)) : null, quiet(t("review.delete"), () => this.remove(asset)), downloads(this.base, asset)),
        part("review.title", review_panel(this.base, this.project, asset, () => this.refresh())),
        part("content.check", content_panel(this.base, asset, () => this.refresh())),
        story.reviews.length ? part("story.reviews", ...story.reviews.map((review) => this.said(review))) : null,
        others.length ? part("story.versions", el("div", { class: "mq-family" }, others.map((one) => this.relative(one))), compare) : null,
        part("kin.title", family_panel(this.base, asset, (id) => this.open(id), () => this.says.say(t("kin.started"), true))),
        part("story.recipe", this.recipe(story.recipe, story.trace)),
        asset.credits.length ? part("story.credits", el("ul", { class: "mq-credits" }, asset.credits.map((c) => el("li", {}, [c.title, c.author, c.licence, c.source].filter(Boolean).join(" · "))))) : null,
        part("story.files", el("ul", { class: "mq-credits" }, asset.files.map((f) => el("li", {}, el("a", { href: `${this.base}/${f.url}?download=1`, download: f.name }, f.name), ` · ${f.media_type} · ${bytes(f.size)} `, window.Maquette.label_link(this.base, [f]))))),
      ].filter(Boolean));
    }

    // Into the trash, after what goes with it was shown; what is approved or used is refused with the way out.
    async remove(asset) {
      try {
        await delete_dialog(this.base, asset, async (count) => {
          this.drawer.close();
          this.chosen.delete(asset.id);
          this.says.say(t("trash.moved", { n: count }), true);
          await this.refresh();
        });
      } catch (error) {
        this.drawer.firstChild.prepend(el("p", { class: "mq-error", role: "alert" }, error.message));
      }
    }

    // Painted here, made as a new version; the Pictures page shows how far it is.
    async paint(asset) {
      try {
        const options = await call(this.base, "GET", `projects/${this.project}/pictures/options?language=${t("locale")}`);
        this.drawer.close();
        window.Maquette.paint_editor(this.base, this.project, asset, options, () => this.says.say(t("paint.started"), true));
      } catch (error) {
        this.says.say(error.message);
      }
    }

    said(review) {
      return el("p", { class: "mq-remark" }, el("b", {}, review.person || "–"), ` ${t(`verdict.${review.verdict}`)} `, el("time", { datetime: review.created }, new Date(review.created).toLocaleString(t("locale"))), review.note ? el("span", {}, el("br"), review.note) : null);
    }

    relative(asset) {
      const small = is_picture(asset) ? el("img", { src: `${this.base}/thumbnails/${asset.id}`, alt: "", loading: "lazy" }) : el("span", { class: "mq-icon", "aria-hidden": "true" }, ICONS[asset.kind] || "•");
      return el("button", { class: "mq-relative", type: "button", onclick: () => this.open(asset.id) }, small, el("span", {}, asset.title, el("small", {}, ` ${t("card.version")} ${asset.version}`)));
    }

    recipe(recipe, trace) {
      const row = (key, value) => (value ? el("div", { class: "mq-spec" }, el("dt", {}, t(key)), el("dd", { class: "mq-whole" }, value)) : null);
      return el("dl", { class: "mq-specs" },
        row("recipe.prompt", recipe.prompt),
        row("recipe.maker", `${recipe.maker} v${recipe.maker_version}`),
        row("recipe.models", recipe.models.map((m) => `${m.id}${m.sha256 ? ` (${m.sha256.slice(0, 12)})` : ""}`).join(", ")),
        row("recipe.seed", String(recipe.seed)),
        row("recipe.inputs", recipe.inputs.map((i) => `${i.role}: ${i.sha256.slice(0, 12)}`).join(", ")),
        row("recipe.device", [trace.device, trace.seconds ? t("seconds", { n: trace.seconds.toFixed(1) }) : ""].filter(Boolean).join(" · ")),
        row("recipe.hash", recipe.sha256));
    }
  }

  window.Maquette.part("library", (root, options) => new Shelf(root, options));
})();
