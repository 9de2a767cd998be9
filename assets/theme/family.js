// Where a result comes from and what depends on it, across media; making again exactly that, its cost told first; two versions compared.
(() => {
  "use strict";

  const { ICONS, el, t, has, named, call, button, quiet, chip, notice, dialog, duration, is_picture, is_sound, player, slider } = window.Maquette;
  const PICTURES = new Set(["image/png", "image/jpeg", "image/webp"]);

  function kin_row(base, one, open) {
    const face = PICTURES.has(one.media_type) ? el("img", { src: `${base}/thumbnails/${one.id}`, alt: "", loading: "lazy" }) : el("span", { class: "mq-icon", "aria-hidden": "true" }, ICONS[one.kind] || "•");
    const roles = one.roles.map((role) => (role === "version" ? t("kin.version") : has(`role.${role}`) ? named("role", role) : role)).join(t("list.comma"));
    const who = one.person && one.person !== "local" ? one.person : one.maker;
    return el("li", { style: `--depth:${Math.min(one.depth - 1, 4)}` }, el("button", { class: "mq-relative", type: "button", onclick: () => open(one.id) }, face,
      el("span", {}, one.title, el("small", {}, ` ${[named("kind", one.kind), `${t("card.version")} ${one.version}`, roles, who, new Date(one.created).toLocaleString(t("locale"))].filter(Boolean).join(" · ")}`)),
      one.outdated ? chip("changed", t("kin.newer")) : null));
  }

  function family_panel(base, asset, open, started) {
    const told = notice();
    const body = el("div", { class: "mq-kin" }, el("p", { class: "mq-note" }, "…"));
    const part = (key, listed) => [el("h4", {}, t(key)), listed.length ? el("ul", {}, listed.map((one) => kin_row(base, one, open))) : el("p", { class: "mq-note" }, t("kin.none"))];
    call(base, "GET", `assets/${asset.id}/family`).then((found) => body.replaceChildren(...part("kin.sources", found.sources), ...part("kin.users", found.users))).catch((error) => told.say(error.message));
    return el("div", {}, told.node, body, asset.plan ? el("div", { class: "mq-form-row" }, button(t("kin.again"), () => again(base, asset, started, told), { id: "mq-rerun" })) : null);
  }

  // What would be made, and what it costs; made only when that is agreed to.
  async function again(base, asset, started, told) {
    try {
      told.say("");
      const found = await call(base, "GET", `assets/${asset.id}/rerun`);
      const { cost } = found;
      const time = cost.unknown === found.steps.length ? t("kin.cost_unknown") : t("kin.cost", { time: duration(cost.makespan), low: duration(cost.low), high: duration(cost.p90) });
      const more = cost.unknown && cost.unknown < found.steps.length ? t("kin.unmeasured", { n: cost.unknown }) : "";
      const fault = notice();
      const note = el("textarea", { rows: 2, maxlength: 2000, name: "note", "aria-label": t("review.note"), placeholder: t("review.note") });
      const node = dialog(t("kin.again"), "mq-share-dialog");
      node.append(el("div", { class: "mq-share-in" }, el("h2", {}, t("kin.again")), el("p", {}, t("kin.will", { n: found.steps.length })), el("ul", {}, found.titles.map((title) => el("li", {}, title))),
        el("p", { id: "mq-rerun-cost" }, [time, more].filter(Boolean).join(" ")), note, fault.node,
        el("div", { class: "mq-form-row" }, button(t("kin.start"), async () => {
          try {
            await call(base, "POST", `assets/${asset.id}/rerun`, { note: note.value });
            node.close();
            started();
          } catch (error) { fault.say(error.message); }
        }, { class: "mq-button mq-primary" }), quiet(t("card.close"), () => node.close()))));
    } catch (error) { told.say(error.message); }
  }

  // Two versions: pictures beside each other or over each other, sounds with two players, texts word by word.
  function compare_panel(base, asset, others) {
    if (!others.length) return null;
    const stage = el("div", { class: "mq-compare-stage", "aria-live": "polite" });
    const pick = el("select", { name: "compare", "aria-label": t("compare.with") }, el("option", { value: "" }, t("compare.with")), others.map((one) => el("option", { value: one.id }, `${t("card.version")} ${one.version}`)));
    const mode = el("select", { name: "mode", "aria-label": t("compare.mode") }, ["beside", "slide", "overlay"].map((one) => el("option", { value: one }, t(`compare.${one}`))));
    const label = (one) => `${t("card.version")} ${one.version}`;
    const figure = (one, face) => el("figure", {}, face, el("figcaption", {}, label(one)));
    const image = (one) => el("img", { src: `${base}/${one.files[0].url}`, alt: `${one.title}, ${label(one)}` });
    const overlay = (before, after) => {
      const top = image(after);
      const range = el("input", { type: "range", min: 0, max: 100, value: 50, "aria-label": t("compare.see_through") });
      const show = () => { top.style.opacity = range.value / 100; };
      range.addEventListener("input", show);
      show();
      return el("div", { class: "mq-slider" }, el("div", {}, image(before), top), range);
    };
    const pictures = (before, after) => (mode.value === "beside" ? el("div", { class: "mq-pair" }, figure(before, image(before)), figure(after, image(after)))
      : mode.value === "slide" ? slider({ src: `${base}/${before.files[0].url}`, title: label(before) }, { src: `${base}/${after.files[0].url}`, title: label(after) }) : overlay(before, after));
    const words = async (before) => {
      const changes = await call(base, "GET", `assets/${asset.id}/comparison?before=${encodeURIComponent(before.id)}`);
      return el("p", { class: "mq-difference mq-as-written" }, changes.map((one) => (one.kind === "old" ? el("del", {}, one.text) : one.kind === "new" ? el("ins", {}, one.text) : one.text)));
    };
    const prefer = (chosen, over) => button(t("compare.prefer", { version: chosen.version }), async (event) => {
      try {
        await call(base, "POST", `assets/${chosen.id}/review`, { verdict: "prefer", over: over.id, note: why.value });
        event.target.after(el("span", { class: "mq-note", role: "status" }, t("compare.kept")));
      } catch (error) { stage.prepend(el("p", { class: "mq-error" }, error.message)); }
    });
    const why = el("input", { type: "text", name: "why", maxlength: 2000, placeholder: t("compare.why"), "aria-label": t("compare.why") });
    const draw = async () => {
      mode.hidden = !(pick.value && is_picture(asset));
      if (!pick.value) { stage.replaceChildren(); return; }
      try {
        const before = await call(base, "GET", `assets/${pick.value}`);
        const face = is_picture(asset) ? pictures(before, asset) : is_sound(asset) ? el("div", { class: "mq-pair" }, figure(before, player(base, before)), figure(asset, player(base, asset))) : await words(before);
        stage.replaceChildren(face, el("div", { class: "mq-form-row" }, why, prefer(before, asset), prefer(asset, before)));
      } catch (error) { stage.replaceChildren(el("p", { class: "mq-error" }, error.message)); }
    };
    for (const control of [pick, mode]) control.addEventListener("change", draw);
    mode.hidden = true;
    return el("div", { class: "mq-versions" }, el("div", { class: "mq-form-row" }, pick, mode), stage);
  }

  Object.assign(window.Maquette, { family_panel, compare_panel });
})();
