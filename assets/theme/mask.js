// A mask painted on a picture: brush and eraser by mouse, pen, finger or keys; undo, redo, clear, invert. White is what was painted.
// It knows nothing of what the mask is for; paint.js does.
(() => {
  "use strict";

  const { el, t, button } = window.Maquette;
  const LOOK = 96; // pixels a side of the small copy by which the painted share is told
  const CLEAR = "clear";
  const INVERT = "invert";

  class Mask {
    // picture: an <img> that has loaded. told(share): the painted share, 0..1, after every change.
    constructor(picture, told) {
      this.told = told;
      this.width = picture.naturalWidth;
      this.height = picture.naturalHeight;
      this.done = [];
      this.undone = [];
      this.erases = false;
      this.at = { x: this.width / 2, y: this.height / 2 };
      this.canvas = el("canvas", { width: this.width, height: this.height, class: "mq-mask", tabindex: 0, role: "application", "aria-label": t("mask.canvas"), "aria-describedby": "mq-mask-help" });
      this.brush = this.canvas.getContext("2d");
      this.ring = el("i", { class: "mq-ring", "aria-hidden": "true" });
      this.node = el("div", { class: "mq-canvas" }, picture, this.canvas, this.ring);
      this.size = el("input", { type: "range", min: 4, max: Math.max(8, Math.round(Math.min(this.width, this.height) / 2)), value: Math.max(8, Math.round(Math.min(this.width, this.height) / 10)), "aria-label": t("mask.size"), name: "brush" });
      this.size.addEventListener("input", () => this.show());
      this.status = el("p", { class: "mq-note", role: "status" });
      this.tools = this.bar();
      this.listen();
      this.show();
      this.tell();
    }

    get share() {
      const small = el("canvas", { width: LOOK, height: LOOK });
      const look = small.getContext("2d", { willReadFrequently: true });
      look.drawImage(this.canvas, 0, 0, LOOK, LOOK);
      const { data } = look.getImageData(0, 0, LOOK, LOOK);
      let sum = 0;
      for (let at = 3; at < data.length; at += 4) sum += data[at];
      return sum / 255 / LOOK / LOOK;
    }

    // The mask as a PNG of the picture's size: painted white on black.
    blob() {
      const whole = el("canvas", { width: this.width, height: this.height });
      const pen = whole.getContext("2d");
      pen.drawImage(this.canvas, 0, 0);
      pen.globalCompositeOperation = "source-in";
      pen.fillStyle = "#fff";
      pen.fillRect(0, 0, this.width, this.height);
      pen.globalCompositeOperation = "destination-over";
      pen.fillStyle = "#000";
      pen.fillRect(0, 0, this.width, this.height);
      return new Promise((give) => whole.toBlob(give, "image/png"));
    }

    bar() {
      this.brush_button = button(t("mask.brush"), () => this.take(false), { "aria-pressed": "true" });
      this.eraser_button = button(t("mask.eraser"), () => this.take(true), { "aria-pressed": "false" });
      this.undo_button = button(t("mask.undo"), () => this.undo());
      this.redo_button = button(t("mask.redo"), () => this.redo());
      return el("div", { class: "mq-form-row mq-mask-tools", role: "toolbar", "aria-label": t("mask.tools") }, this.brush_button, this.eraser_button,
        el("label", { class: "mq-inline" }, t("mask.size"), this.size), this.undo_button, this.redo_button,
        button(t("mask.clear"), () => this.keep(CLEAR)), button(t("mask.invert"), () => this.keep(INVERT)));
    }

    take(erases) {
      this.erases = erases;
      this.brush_button.setAttribute("aria-pressed", String(!erases));
      this.eraser_button.setAttribute("aria-pressed", String(erases));
      this.show();
    }

    // What was done is kept as lines, so that undoing costs no copies of a large picture.

    keep(what) {
      this.done.push(what);
      this.undone = [];
      this.draw(what);
      this.tell();
    }

    undo() {
      if (!this.done.length) return;
      this.undone.push(this.done.pop());
      this.again();
    }

    redo() {
      if (!this.undone.length) return;
      this.done.push(this.undone.pop());
      this.again();
    }

    again() {
      this.brush.clearRect(0, 0, this.width, this.height);
      for (const what of this.done) this.draw(what);
      this.tell();
    }

    draw(what) {
      const { brush } = this;
      brush.fillStyle = brush.strokeStyle = "#e0399a";
      if (what === CLEAR) brush.clearRect(0, 0, this.width, this.height);
      else if (what === INVERT) {
        brush.globalCompositeOperation = "source-out";
        brush.fillRect(0, 0, this.width, this.height);
      } else for (let at = 0; at < what.points.length; at += 1) this.line(what, at);
      brush.globalCompositeOperation = "source-over";
    }

    // From one point of a line to the next; a line of one point is a dot.
    line({ erases, size, points }, at) {
      const { brush } = this;
      const [from, to] = [points[Math.max(0, at - 1)], points[at]];
      brush.globalCompositeOperation = erases ? "destination-out" : "source-over";
      brush.lineCap = "round";
      brush.lineWidth = size;
      brush.beginPath();
      brush.moveTo(from.x, from.y);
      brush.lineTo(to.x, to.y + (from === to ? 0.01 : 0));
      brush.stroke();
      brush.globalCompositeOperation = "source-over";
    }

    begin(point) {
      this.stroke = { erases: this.erases, size: Number(this.size.value), points: [] };
      this.go(point);
    }

    go(point) {
      this.at = point;
      if (this.stroke) {
        this.brush.strokeStyle = "#e0399a";
        this.stroke.points.push(point);
        this.line(this.stroke, this.stroke.points.length - 1);
      }
      this.show();
    }

    end() {
      if (!this.stroke) return;
      this.done.push(this.stroke);
      this.undone = [];
      this.stroke = null;
      this.tell();
    }

    listen() {
      const { canvas } = this;
      const place = (event) => {
        const box = canvas.getBoundingClientRect();
        return { x: ((event.clientX - box.left) / box.width) * this.width, y: ((event.clientY - box.top) / box.height) * this.height };
      };
      canvas.addEventListener("pointerdown", (event) => {
        if (event.button > 0 || this.stroke) return;
        event.preventDefault();
        canvas.focus({ preventScroll: true });
        canvas.setPointerCapture(event.pointerId);
        this.pointer = event.pointerId;
        this.begin(place(event));
      });
      canvas.addEventListener("pointermove", (event) => {
        if (this.stroke && event.pointerId !== this.pointer) return;
        const points = this.stroke && event.getCoalescedEvents ? event.getCoalescedEvents() : [];
        for (const one of points.length ? points : [event]) this.go(place(one));
      });
      for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => { if (event.pointerId === this.pointer) this.end(); });
      canvas.addEventListener("keydown", (event) => this.key(event));
      canvas.addEventListener("keyup", (event) => { if (event.key === " ") this.end(); });
      canvas.addEventListener("blur", () => this.end());
    }

    key(event) {
      const command = event.ctrlKey || event.metaKey;
      const step = event.shiftKey ? 1 : Math.max(1, Number(this.size.value) / 2);
      const move = (x, y) => this.go({ x: Math.min(this.width, Math.max(0, this.at.x + x * step)), y: Math.min(this.height, Math.max(0, this.at.y + y * step)) });
      const grow = (share) => { this.size.value = String(Math.round(Number(this.size.value) * share + Math.sign(share - 1))); this.show(); };
      const keys = {
        ArrowLeft: () => move(-1, 0), ArrowRight: () => move(1, 0), ArrowUp: () => move(0, -1), ArrowDown: () => move(0, 1),
        " ": () => { if (!this.stroke) this.begin(this.at); }, Enter: () => { this.begin(this.at); this.end(); },
        b: () => this.take(false), e: () => this.take(true), i: () => this.keep(INVERT), Delete: () => this.keep(CLEAR), "[": () => grow(0.8), "]": () => grow(1.25),
      };
      const wanted = command ? { z: () => (event.shiftKey ? this.redo() : this.undo()), y: () => this.redo() }[event.key.toLowerCase()] : keys[event.key];
      if (!wanted) return;
      event.preventDefault();
      wanted();
      if (event.key.startsWith("Arrow")) this.say();
    }

    show() {
      const size = Number(this.size.value);
      Object.assign(this.ring.style, { left: `${(100 * this.at.x) / this.width}%`, top: `${(100 * this.at.y) / this.height}%`, width: `${(100 * size) / this.width}%` });
      this.ring.classList.toggle("mq-erases", this.erases);
    }

    say() {
      const percent = (part, whole) => Math.round((100 * part) / whole);
      this.status.textContent = t("mask.at", { x: percent(this.at.x, this.width), y: percent(this.at.y, this.height) });
    }

    tell() {
      const share = this.share;
      this.undo_button.disabled = !this.done.length;
      this.redo_button.disabled = !this.undone.length;
      this.status.textContent = share > 0 ? t("mask.share", { n: Math.max(1, Math.round(100 * share)) }) : t("mask.empty");
      this.told(share);
    }
  }

  Object.assign(window.Maquette, { Mask });
})();
