// Pictures handed about: chosen from the Library or a file, dragged from one place to another, also between two windows of the studio.
(() => {
  "use strict";

  const { el, t, call, button, quiet, dialog, fault_line } = window.Maquette;
  const TYPE = "application/x-maquette-asset";
  const PICTURES = "image/png,image/jpeg,image/webp";
  const SHOWN = 60;

  // Whatever shows a picture of the library says which: <… data-mq-asset="id">. What is dragged is its id.
  document.addEventListener("dragstart", (event) => {
    const node = event.target instanceof Element ? event.target.closest("[data-mq-asset]") : null;
    if (!node || !event.dataTransfer) return;
    event.dataTransfer.setData(TYPE, node.dataset.mqAsset);
    event.dataTransfer.effectAllowed = "copy";
  });

  const file_field = (label, take) => {
    const input = el("input", { type: "file", accept: PICTURES, class: "mq-hidden", "aria-label": label });
    input.addEventListener("change", () => {
      const [file] = input.files;
      input.value = "";
      if (file) take(file);
    });
    return el("label", { class: "mq-file" }, input, el("span", {}, label));
  };

  // A file becomes a picture of the library.
  const take_in = (base, project, file) => call(base, "POST", `projects/${project}/pictures/import?name=${encodeURIComponent(file.name)}`, file);

  // Where this studio fetches links, a field for one; taken(asset), told(error).
  function link_field(base, project, taken, told) {
    if (!document.querySelector('meta[name="maquette-links"]')) return null;
    const url = el("input", { type: "url", maxlength: 2000, placeholder: "https://", "aria-label": t("pick.link") });
    const go = button(t("pick.fetch"), async () => {
      if (!url.value.trim()) { url.focus(); return; }
      go.disabled = true;
      try { taken(await call(base, "POST", `projects/${project}/pictures/link`, { url: url.value.trim() })); } catch (error) { told(error); }
      go.disabled = false;
    });
    url.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); go.click(); } });
    return el("div", { class: "mq-form-row", role: "group", "aria-label": t("pick.link") }, el("span", { class: "mq-legend" }, t("pick.link")), url, go);
  }

  // node takes pictures of the library and files that are dropped on it; take(asset), told(error).
  function drop_zone(node, base, project, take, told) {
    const fits = (event) => [...event.dataTransfer.types].some((type) => type === TYPE || type === "Files");
    node.addEventListener("dragover", (event) => {
      if (!fits(event)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
      node.classList.add("mq-over");
    });
    node.addEventListener("dragleave", () => node.classList.remove("mq-over"));
    node.addEventListener("drop", async (event) => {
      node.classList.remove("mq-over");
      if (!fits(event)) return;
      event.preventDefault();
      try {
        const id = event.dataTransfer.getData(TYPE);
        const [file] = event.dataTransfer.files;
        if (id) take(await call(base, "GET", `assets/${id}`));
        else if (file) take(await take_in(base, project, file));
      } catch (error) { told(error); }
    });
    return node;
  }

  // A dialog with the pictures of the project, the newest first, and a file of one's own. take(asset) gets what was chosen.
  function choose_picture(base, project, take) {
    const fault = fault_line();
    const told = (error) => { fault.textContent = error.message; };
    const list = el("div", { class: "mq-gallery mq-picker" });
    const count = el("p", { class: "mq-note", role: "status" });
    const search = el("input", { type: "search", maxlength: 200, placeholder: t("library.search"), "aria-label": t("library.search") });
    const node = dialog(t("pick.title"), "mq-look");
    const chosen = (asset) => { node.close(); take(asset); };
    const find = async () => {
      const asked = search.value;
      try {
        const queries = ["picture", "upscale", "cutout", "layout"].map((kind) => call(base, "GET", `projects/${project}/assets?${new URLSearchParams({ kind, text: asked, newest: "true", limit: String(SHOWN) })}`));
        const found = (await Promise.all(queries)).flatMap((one) => one.assets).filter((asset) => asset.maker !== "mask").sort((a, b) => (a.created < b.created ? 1 : -1));
        if (asked !== search.value) return;
        count.textContent = t("library.count", { n: found.length });
        list.replaceChildren(...found.map((asset) => el("button", { type: "button", class: "mq-face", "aria-label": asset.title, title: asset.title, "data-mq-asset": asset.id, onclick: () => chosen(asset) },
          el("img", { src: `${base}/thumbnails/${asset.id}`, alt: "", loading: "lazy" }), el("span", {}, asset.title))));
      } catch (error) { told(error); }
    };
    let typing = 0;
    search.addEventListener("input", () => { window.clearTimeout(typing); typing = window.setTimeout(find, 250); });
    const file = file_field(t("pick.file"), async (given) => {
      fault.textContent = "";
      try { chosen(await take_in(base, project, given)); } catch (error) { told(error); }
    });
    node.append(el("header", { class: "mq-desk-head" }, el("h2", {}, t("pick.title")), quiet("✕", () => node.close(), { "aria-label": t("card.close"), class: "mq-link mq-x" })),
      el("div", { class: "mq-library mq-pick" }, el("div", { class: "mq-form-row" }, search, file), ...[link_field(base, project, chosen, told)].filter(Boolean), fault, count, list));
    find();
    search.focus();
  }

  // The picture a new one starts from: chosen or dropped; "" for none. changed(asset) is told, null for none.
  function start_field(base, project, changed) {
    let asset = null;
    const fault = fault_line();
    const told = (error) => { fault.textContent = error.message; };
    const body = el("div", { class: "mq-start" });
    const set = (given) => { asset = given; fault.textContent = ""; draw(); changed(asset); };
    const draw = () => body.replaceChildren(...(asset ? [
      el("img", { src: `${base}/thumbnails/${asset.id}`, alt: asset.title }), el("span", { class: "mq-titles" }, asset.title),
      quiet("✕", () => set(null), { "aria-label": t("start.none"), class: "mq-link" }),
    ] : [button(t("start.choose"), () => choose_picture(base, project, set)), el("span", { class: "mq-note" }, t("start.drop"))]));
    draw();
    const node = el("div", { "data-field": "reference", role: "group", "aria-label": t("start.title") }, el("span", { class: "mq-legend" }, t("start.title")), body, fault);
    drop_zone(node, base, project, set, told);
    return { node, read: () => (asset ? asset.id : ""), set };
  }

  // A picture that is dropped on the message of the chat is attached to it, as a file would be.
  const message_at = (event) => (event.target instanceof Element ? event.target.closest("#mq-message") : null);
  document.addEventListener("dragover", (event) => {
    if (!message_at(event) || ![...event.dataTransfer.types].includes(TYPE)) return;
    event.preventDefault();
    event.stopPropagation();
    event.dataTransfer.dropEffect = "copy";
  }, true);
  document.addEventListener("drop", async (event) => {
    const message = message_at(event);
    const id = message ? event.dataTransfer.getData(TYPE) : "";
    const input = message && message.querySelector('input[type="file"]');
    if (!id || !input) return;
    event.preventDefault();
    event.stopPropagation();
    const holder = document.querySelector("[data-mq-options]");
    const base = holder ? JSON.parse(holder.dataset.mqOptions).base : "";
    const asset = await call(base, "GET", `assets/${id}`);
    const [main] = asset.files;
    const data = await (await fetch(`${base}/${main.url}`)).blob();
    const given = new DataTransfer();
    given.items.add(new File([data], `${asset.title.replace(/[\\/:*?"<>|]+/g, " ").slice(0, 60)}.${main.name.split(".").pop()}`, { type: main.media_type }));
    input.files = given.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }, true);

  Object.assign(window.Maquette, { drop_zone, choose_picture, start_field });
})();
