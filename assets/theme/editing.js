// What the views of structured texts share: a document that is edited in place, undone and redone, checked as it changes, and
// saved as a new version. Each control carries data-at, its place in the document, so that the focus stays where it was when the
// view is drawn anew. Knows nothing of what the document says: a view gives draw(), check() and outgoing().
(() => {
  "use strict";

  const { el, t, call, quiet, desk, comparison, settled } = window.Maquette;
  const WAIT = 350;
  const MOST = 200;

  class Editing {
    // paths: { load, save } of the API, under assets/{id}.
    constructor(base, asset, saved, paths) {
      Object.assign(this, { base, asset, saved, paths, past: [], future: [], asked: 0, typed: "", folded: {} });
      this.edit = this.edit.bind(this);
      this.desk = desk(asset, () => this.save());
      this.undo_ = quiet(`↶ ${t("edit.undo")}`, () => this.step(this.past, this.future), { disabled: true, name: "undo", title: "Ctrl+Z" });
      this.redo_ = quiet(`↷ ${t("edit.redo")}`, () => this.step(this.future, this.past), { disabled: true, name: "redo", title: "Ctrl+Shift+Z" });
      this.desk.keep.before(el("span", { class: "mq-undo" }, this.undo_, this.redo_));
      this.desk.node.addEventListener("keydown", (event) => this.key(event));
    }

    async open() {
      try {
        this.begin(await call(this.base, "GET", `assets/${this.asset.id}/${this.paths.load}`));
        this.kept = JSON.stringify(this.outgoing());
        this.desk.body.replaceChildren(this.frame());
        this.redraw("");
        await this.look();
        const compare = await comparison(this.base, this.asset.id);
        if (compare) this.desk.body.append(compare);
      } catch (error) {
        this.desk.says.say(error.message);
      }
    }

    // where: the place that changes. mutate() changes this.document. redraw: rows came, went or moved ("later": when the press or key
    // that left a field is done); focus: where to go then.
    edit(where, mutate, redraw = false, focus = where) {
      // Letters typed in one field one after the other are one thing to undo.
      if (redraw || where !== this.typed) {
        this.past.push(JSON.stringify(this.document));
        if (this.past.length > MOST) this.past.shift();
      }
      this.typed = redraw ? "" : where;
      this.future.length = 0;
      mutate();
      if (redraw === "later") settled(() => this.redraw(this.here()));
      else if (redraw) this.redraw(focus);
      this.changed();
    }

    step(from, to) {
      if (!from.length) return;
      to.push(JSON.stringify(this.document));
      this.document = JSON.parse(from.pop());
      this.typed = "";
      this.redraw(this.here());
      this.changed();
    }

    key(event) {
      if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
      const key = event.key.toLowerCase();
      const back = key === "z" && !event.shiftKey;
      if (!back && !(key === "y" || (key === "z" && event.shiftKey))) return;
      event.preventDefault();
      if (back) this.step(this.past, this.future);
      else this.step(this.future, this.past);
    }

    here() {
      const active = document.activeElement;
      return (active && active.dataset.at) || "";
    }

    redraw(focus) {
      const top = this.desk.node.scrollTop;
      const { selectionStart: start, selectionEnd: end } = document.activeElement || {};
      const stays = focus && focus === this.here();
      this.draw();
      this.desk.node.scrollTop = top;
      const next = this.place(focus);
      if (!next) return;
      next.focus({ preventScroll: stays });
      if (stays && Number.isInteger(start) && next.setSelectionRange) next.setSelectionRange(start, end);
    }

    // The control at a place, else the nearest one: of the same row, else of what the row is in.
    place(focus) {
      const find = (test) => this.desk.body.querySelector(`${test}:not(:disabled)`);
      for (let at = focus; at; at = at.slice(0, Math.max(0, at.lastIndexOf("/")))) {
        const found = find(`[data-at="${CSS.escape(at)}"]`) || find(`[data-at^="${CSS.escape(at)}/"]`);
        if (found) return found;
      }
      return null;
    }

    dirty() {
      return JSON.stringify(this.outgoing()) !== this.kept;
    }

    changed() {
      this.desk.keep.disabled = !this.dirty();
      this.undo_.disabled = !this.past.length;
      this.redo_.disabled = !this.future.length;
      window.clearTimeout(this.waiting);
      this.waiting = window.setTimeout(() => this.look(), WAIT);
    }

    // Asks for the checks; an answer to what has been changed since is of no use.
    async look() {
      const mine = (this.asked += 1);
      try {
        await this.check(() => mine === this.asked);
        if (mine === this.asked) this.desk.says.say("");
      } catch (error) {
        if (mine === this.asked) this.desk.says.say(error.message);
      }
    }

    async save() {
      this.desk.keep.disabled = true;
      try {
        const made = await call(this.base, "POST", `assets/${this.asset.id}/${this.paths.save}`, this.outgoing());
        this.desk.node.close();
        this.saved(made.id);
      } catch (error) {
        this.desk.keep.disabled = false;
        this.desk.says.say(error.message);
      }
    }

    // A part that can be folded away; it stays as it was left when the view is drawn anew.
    fold(name, label, open, ...children) {
      const node = el("details", { class: "mq-fold", "data-fold": name, open: this.folded[name] ?? open }, el("summary", {}, label), ...children);
      node.addEventListener("toggle", () => { this.folded[name] = node.open; });
      return node;
    }
  }

  // ↑ ↓ ✕ of one row of a list. edit as above; name: what the row is, for those who hear the page.
  function row_tools(list, row, where, edit, name, after = () => {}) {
    const at = list.indexOf(row);
    const parent = where.slice(0, where.lastIndexOf("/"));
    const move = (to) => () => edit(where, () => { list.splice(at, 1); list.splice(to, 0, row); }, true, `${parent}/${to}/${to < at ? "up" : "down"}`);
    const one = (sign, key, act, off) => quiet(sign, act, { "aria-label": `${t(`edit.${key}`)}: ${name}`, title: t(`edit.${key}`), "data-at": `${where}/${key}`, disabled: off });
    return el("span", { class: "mq-tools" },
      one("↑", "up", move(at - 1), at === 0), one("↓", "down", move(at + 1), at === list.length - 1),
      one("✕", "remove", () => edit(where, () => { list.splice(at, 1); after(); }, true), false));
  }

  Object.assign(window.Maquette, { Editing, row_tools });
})();
