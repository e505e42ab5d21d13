// The form of the guided interview: one ES module for JupyterLab (anywidget) and for the page of its own.
// It holds no state of the interview: whatever is shown comes from Python, whatever is said goes there. What people or
// the tenant wrote only ever becomes text nodes.

const PATIENCE = 6000, POLL = 4000, PAUSE = 1200;
const FIELDS = ["note", "evidence", "confidence", "rationale", "approver", "expires"];

/** Make an element; texts become text nodes, `on...` become listeners, null and false are left out. */
function h(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "selected" || name === "open") made[name] = value;
    else if (name === "style") made.style.cssText = value;  // as an attribute, the page's own policy forbids it
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== false && child !== undefined && child !== ""));
  return made;
}

const day = (text) => new Date(text).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
const time = (text) => new Date(text).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
const count = (number, one, many = one + "s") => `${number} ${number === 1 ? one : many}`;
const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);
const percent = (number) => `${number} %`;
const key = (name) => h("kbd", { "aria-hidden": "true" }, name);

/** What this tab remembers of itself: where it is, and whose words are entered. */
function memory(name) {
  try { return JSON.parse(sessionStorage.getItem(name)) || {}; } catch { return {}; }
}
function remember(name, place) {
  try { sessionStorage.setItem(name, JSON.stringify(place)); } catch { /* a browser that keeps nothing */ }
}

function render({ model, el, whole = false }) {
  const ui = { place: {}, state: null, drafts: {}, view: "question", settling: "", entered: {}, overtaken: null, before: null, told: null, help: false };
  const waiting = new Map();
  let tail = Promise.resolve(), number = 0, ended = false, pause = 0, composing = false, pressed = false, postponed = false;
  const own = Math.random().toString(36).slice(2);
  const root = h("div", { class: "zt", tabindex: "-1", role: "region", "aria-label": "Guided interview", "data-lm-suppress-shortcuts": "true" });
  const live = h("p", { class: "zt-live", role: "status", "aria-live": "polite" });
  const frame = h("div", { class: "zt-frame" }, h("p", { class: "zt-quiet" }, "Opening the interview…"));
  const moves = h("nav", { class: "zt-moves", "aria-label": "Questions" });
  root.append(frame, h("div", { class: "zt-foot" }, moves, live));
  el.append(root);

  // ---- Talking to Python: one message at a time, so that each save has seen the one before.
  function exchange(message) {
    const id = `${own}-${++number}`;
    return new Promise((resolve) => {
      const late = setTimeout(() => tell("late", "No answer yet, so nothing more is saved. Is the kernel busy? If it was restarted, run the cell again."), PATIENCE);
      waiting.set(id, (reply) => { clearTimeout(late); resolve(reply); });
      model.send({ id, message });
    });
  }
  model.on("msg:custom", (content) => {
    const answer = waiting.get(content.id);
    if (answer) { waiting.delete(content.id); answer(content.reply); }
  });
  const say = (build, done = () => {}) => (tail = tail.then(async () => {
    const message = build();
    if (!message || ended) return;
    const reply = await exchange(message);
    take(message, reply);
    done(reply);
  }));

  function take(message, reply) {
    const item = ui.state?.item;
    if (reply.state) {
      const moved = reply.state.item?.id !== item?.id;
      ui.before = moved ? null : reply.saved && message.kind !== "look" ? item?.objective : ui.before;
      ui.state = reply.state;
      ui.place = reply.state.place;
      remember(memoryName(), ui.place);
      if (moved) { ui.settling = ""; ui.entered = {}; ui.overtaken = null; }
    }
    if (reply.overtaken) ui.overtaken = { ...reply.overtaken, message };
    else if (reply.saved) ui.overtaken = null;
    if (reply.problem) tell("problem", reply.problem);
    else if (reply.overtaken) tell("problem", "Answered in the meantime: nothing was saved.");
    else if (reply.saved) tell("saved", `Saved ${time(reply.saved.at)}${lacking(reply.saved.lacks)}`);
    else if (ui.told?.kind === "late") tell("", "");
    if (reply.state) draw();
  }
  const lacking = (lacks) => (lacks.length ? `. To count it still needs ${lacks.join(" and ")}` : "");
  function tell(kind, text) {
    ui.told = { kind, text };
    live.className = `zt-live ${kind}`;
    live.textContent = text;
  }
  const memoryName = () => `ztkit-interview ${model.get("workspace")}`;
  const look = (place, done) => say(() => ({ kind: "look", place: { ...ui.place, ...place }, stamp: "" }), done);
  function poll() {
    if (ended || !root.isConnected || document.hidden || waiting.size || typing()) return;
    say(() => ({ kind: "look", place: ui.place, stamp: ui.state?.stamp || "" }));
  }
  const typing = () => composing || Object.values(ui.drafts).some((draft) => draft.dirty) ||
    (root.contains(document.activeElement) && document.activeElement.matches("input:not([type=radio]), textarea, select"));

  // ---- What is said
  const draft = () => {
    const { item } = ui.state;
    return (ui.drafts[item.id] ||= { dirty: false, version: 0 });
  };
  const field = (name) => {
    const held = draft()[name];
    if (held !== undefined) return held;
    const recorded = ui.state.item.draft[name];
    return name === "evidence" ? recorded.join("\n") : recorded;
  };
  function saying(kind, answer, more = {}) {
    const { id } = ui.state.item, mine = draft(), version = mine.version;
    const values = Object.fromEntries(FIELDS.map((name) => [name, field(name)]));
    tell("saving", "Saving…");
    say(() => ({
      kind: "say", place: { ...ui.place, question: id }, seen: mine.seen !== undefined ? mine.seen : ui.state.item.seen,
      said: { ...values, kind, answer, evidence: lines(values.evidence), expires: values.expires || null }, ...more,
    }), (reply) => {
      if (!reply.saved) return;
      if (mine.version === version) { delete ui.drafts[id]; if (reply.state) draw(); } else delete mine.seen;
    });
  }
  const choose = (index) => {
    const { item } = ui.state, answer = item.answers[index];
    if (!answer || item.gate.state !== "asked") return;
    if (document.activeElement?.matches(".zt-option input")) focusOn(`answer-${answer.id}`);
    saying("answer", answer.id);
  };
  function other(kind) {
    if (kind === "not-applicable") {
      saying(kind, null);
      tail.then(() => focusOn("rationale"));
    } else if (ui.state.item.gate.state === "asked") saying(kind, null);
  }
  function typed(name, value) {
    const mine = draft();
    if (!mine.dirty) mine.seen = ui.state.item.seen;
    Object.assign(mine, { [name]: value, dirty: true, version: mine.version + 1 });
    clearTimeout(pause);
    pause = setTimeout(flush, PAUSE);
    if (!ui.state.item.draft.own) tell("", "It is saved with your answer.");
  }
  function flush() {
    clearTimeout(pause);
    if (composing || !ui.state?.item) return;
    const { item } = ui.state;
    const mine = draft();
    if (!mine.dirty || !item.draft.own || mine.sent === mine.version) return;
    mine.sent = mine.version;
    saying(item.draft.kind, item.draft.answer);
  }
  const settle = (settles, dispute = "") => {
    tell("saving", "Saving…");
    say(() => ({ kind: "settle", place: ui.place, seen: ui.state.item.seen, settles, dispute }), (reply) => {
      if (reply.saved) { ui.settling = ""; ui.entered = {}; draw(); focusOn("conflict"); }
    });
  };
  const go = (question) => {
    if (!question) return;
    flush();
    ui.view = "question";
    look({ question }, () => { draw(); focusOn("title"); root.scrollIntoView({ block: "start" }); });
  };
  const choosing = (by, group = "") => { flush(); look({ by, group, question: "" }); };
  function focusOn(name) {
    const found = root.querySelector(`[data-k="${name}"]`);
    if (found) found.focus({ preventScroll: name === "title" });
  }

  // ---- Drawing: everything anew, with the focus where it was
  function draw() {
    postponed = pressed;  // a press that took the focus from a field would lose the element that it is to click
    if (pressed) return;
    const at = root.contains(document.activeElement) ? document.activeElement : null;
    const mark = at?.dataset.k, from = at?.selectionStart, to = at?.selectionEnd;
    const opened = new Map([...frame.querySelectorAll("details[data-k]")].map((item) => [item.dataset.k, item.open]));
    frame.replaceChildren(top(), ui.view === "overview" ? overview() : ui.state.item ? question() : nothing(), ui.help ? keyboard() : "");
    moves.replaceChildren(...steps());
    const title = ui.state.item?.id;
    for (const item of frame.querySelectorAll("details[data-k]")) if (opened.has(item.dataset.k) && frame.dataset.of === title) item.open = opened.get(item.dataset.k);
    frame.dataset.of = title || "";
    if (mark) {
      const again = root.querySelector(`[data-k="${CSS.escape(mark)}"]`) || root;
      again.focus({ preventScroll: true });
      if (typeof from === "number" && again.setSelectionRange && again.type !== "date") again.setSelectionRange(from, to);
    } else if (at) root.focus({ preventScroll: true });
  }

  function top() {
    const { state } = ui, { progress, choices, place } = state;
    const tab = (by, label) => h("button", {
      type: "button", class: "zt-tab", "aria-pressed": String(place.by === by), "data-k": `by-${by}`, onclick: () => choosing(by),
    }, label);
    const groups = place.by === "due" ? null : choices[place.by];
    return h("header", { class: "zt-top" },
      h("div", { class: "zt-line" },
        h("div", { class: "zt-name" }, h("span", { class: "zt-kicker" }, "Interview"), h("strong", {}, state.workspace.organisation)),
        h("label", { class: `zt-who${place.respondent ? "" : " wanted"}` }, h("span", {}, "Who answers?"),
          h("input", {
            type: "text", value: place.respondent, "data-k": "respondent", autocomplete: "off", maxlength: "500", placeholder: "Name or function",
            onchange: (event) => { flush(); look({ respondent: event.target.value.trim() }); },
          })),
        h("div", { class: "zt-far" }, progressOf(progress)),
        h("button", { type: "button", class: "zt-icon", "data-k": "help", "aria-expanded": String(ui.help), "aria-label": "Keyboard help", onclick: toggleHelp }, "?")),
      h("nav", { class: "zt-line zt-choose", "aria-label": "Which questions" },
        h("div", { class: "zt-tabs", role: "group", "aria-label": "Choose by" }, tab("pillar", "Pillar"), tab("role", "Role"), tab("due", `Due (${choices.due})`)),
        groups ? h("div", { class: "zt-group" },
          h("select", { "data-k": "group", "aria-label": place.by === "pillar" ? "Pillar" : "Role", onchange: (event) => choosing(place.by, event.target.value) },
            groups.map((group) => h("option", { value: group.id, selected: group.id === place.group },
              `${group.title} — ${group.open ? `${group.open} of ${group.total} open, ${group.minutes} min` : `all ${group.total} answered`}`))))
          : h("span", { class: "zt-quiet" }, "Everything that somebody should be asked now"),
        choices.conflicts ? h("span", { class: "zt-chip conflict" }, `≠ ${count(choices.conflicts, "open conflict")}`) : "",
        h("button", { type: "button", class: "zt-plain zt-far", "data-k": "overview", "aria-pressed": String(ui.view === "overview"), onclick: toggleOverview },
          ui.view === "overview" ? "Back to the question" : "Overview", key("O"))));
  }
  function progressOf(progress) {
    const words = `${progress.said} of ${progress.total} answered`;
    return h("div", { class: "zt-progress" },
      h("div", { class: "zt-meter", role: "progressbar", "aria-label": "Answered", "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": progress.share, "aria-valuetext": words },
        h("span", { style: `width:${progress.share}%` })),
      h("span", { class: "zt-small" }, words, progress.minutes ? ` · ${progress.minutes} min left` : ""));
  }
  const nothing = () => h("div", { class: "zt-empty" }, h("h2", { tabindex: "-1", "data-k": "title" }, "Nothing is due."),
    h("p", {}, "Every question that is asked has an answer. Choose a pillar or a role to read them again."));
  const toggleOverview = () => { flush(); ui.view = ui.view === "overview" ? "question" : "overview"; draw(); focusOn("overview"); };
  const toggleHelp = () => { ui.help = !ui.help; draw(); focusOn(ui.help ? "close-help" : "help"); };

  function overview() {
    const { state } = ui;
    if (!state.overview.length) return nothing();
    return h("div", { class: "zt-overview" }, state.overview.map(({ objective, items }) => h("section", { class: "zt-objective" },
      h("div", { class: "zt-objective-head" },
        h("div", {}, h("span", { class: "zt-kicker" }, `${objective.pillar} · ${objective.tier}`), h("h2", {}, objective.title)),
        h("div", { class: "zt-objective-score" }, h("span", { class: `zt-word ${objective.state}` }, h("span", { "aria-hidden": "true" }, objective.sign), ` ${objective.word}`), bar(objective))),
      h("ul", {}, items.map((item) => h("li", {}, h("button", {
        type: "button", class: `zt-row${item.id === state.item?.id ? " here" : ""}`, "data-k": `row-${item.id}`, "aria-current": item.id === state.item?.id ? "true" : null, onclick: () => go(item.id),
      }, h("span", { class: `zt-sign ${item.state}`, "aria-hidden": "true" }, item.sign),
      h("span", { class: "zt-row-text" }, item.text, item.said ? h("span", { class: "zt-small" }, item.said) : ""),
      h("span", { class: "zt-row-marks" },
        item.conflict ? h("span", { class: "zt-chip conflict" }, "≠ Conflict") : "",
        item.differ ? h("span", { class: "zt-chip" }, "⇄ Contested") : "",
        h("span", { class: `zt-small zt-state ${item.state}` }, item.word)))))))));
  }

  function question() {
    const { item, state } = { item: ui.state.item, state: ui.state };
    const asked = item.gate.state === "asked";
    return h("div", { class: "zt-grid" },
      h("section", { class: "zt-ask", "aria-label": "Question" },
        h("p", { class: "zt-kicker" }, `${item.objective.pillar} · ${item.objective.title}`),
        h("h2", { tabindex: "-1", "data-k": "title" }, item.text),
        h("p", { class: "zt-chips" },
          h("span", { class: `zt-chip state ${item.state}` }, h("span", { "aria-hidden": "true" }, item.sign), ` ${item.word}`),
          item.must ? h("span", { class: "zt-chip must", title: "Its objective is not met while this is not" }, "Must") : "",
          item.differ ? h("span", { class: "zt-chip" }, "⇄ Contested") : "",
          h("span", { class: "zt-small" }, `For: ${item.role}, about ${item.minutes} min`)),
        h("p", { class: "zt-help" }, item.help),
        ui.overtaken ? overtaken() : "",
        item.state === "stale" && item.draft.answer ? h("div", { class: "zt-box" }, h("p", {}, `This was said ${count(item.age_days, "day")} ago. Is it still so?`),
          h("button", { type: "button", class: "zt-button", "data-k": "confirm", onclick: () => saying(item.draft.kind, item.draft.answer, { confirm: true }) }, "Still so")) : "",
        asked ? "" : gate(item), answers(item, asked)),
      h("aside", { class: "zt-beside", "aria-label": "What the evidence says" }, conflict(item), effect(item), evidence(item)),
      h("section", { class: "zt-more", "aria-label": "More about the answer" }, details(item), voices(item), probes(item)));
  }

  function steps() {
    const item = ui.view === "question" && ui.state.item;
    if (!item) return [];
    return [
      h("button", { type: "button", class: "zt-plain", "data-k": "previous", disabled: !item.moves.previous, onclick: () => go(item.moves.previous) }, "← Previous", key("K")),
      h("span", { class: "zt-small" }, item.moves.number ? `${item.moves.number} of ${item.moves.of}` : `${item.moves.of} left`),
      h("button", { type: "button", class: "zt-plain", "data-k": "next", disabled: !item.moves.next, onclick: () => go(item.moves.next) }, "Next →", key("J")),
      h("button", { type: "button", class: "zt-button", "data-k": "due", disabled: !item.moves.due, onclick: () => go(item.moves.due) }, item.moves.due ? "Next that is due" : "Nothing more is due", item.moves.due ? key("↵") : ""),
    ];
  }
  function answers(item, asked) {
    const option = (index, name, label, { value, upper, press, effectOf, able }) => {
      const chosen = value === item.draft.kind || value === item.draft.answer;
      const preview = () => previewOf(item, effectOf, label);
      return h("label", { class: `zt-option${chosen ? " chosen" : ""}${upper ? " upper" : ""}${able ? "" : " off"}`, onmouseenter: preview, onmouseleave: () => previewOf(item, null) },
        h("input", {
          type: "radio", name: `${own}-${item.id}`, checked: chosen, disabled: !able, "data-k": `answer-${value}`, onfocus: preview, onblur: () => previewOf(item, null),
          onclick: press, onkeydown: among,
        }), h("span", { class: "zt-option-text" }, label), key(name));
    };
    const made = item.answers.map((answer, index) => option(index, String(index + 1), answer.label, {
      value: answer.id, upper: answer.upper, effectOf: answer.id, press: () => choose(index), able: asked,
    }));
    const lower = made.filter((_, index) => !item.answers[index].upper), upper = made.filter((_, index) => item.answers[index].upper);
    const from = item.answers.find((answer) => answer.upper);
    return h("fieldset", { class: "zt-answers" }, h("legend", { class: "zt-hidden" }, item.text), lower,
      h("div", { class: "zt-upper" }, upper,
        h("div", { class: "zt-quality" }, h("p", {}, from ? `For ${upper.length === 1 ? "the highest answer" : "these"}, so that two assessors agree:` : "For the upper answers:"),
          h("ul", {}, item.quality.map((text) => h("li", {}, text))))),
      h("div", { class: "zt-others" },
        option(-1, "D", "Don't know", { value: "dont-know", effectOf: "?", press: () => other("dont-know"), able: asked }),
        option(-1, "N", "Not applicable", { value: "not-applicable", press: () => other("not-applicable"), able: true })),
      item.draft.kind === "not-applicable" ? notApplicable(item) : "",
      item.conflict.open ? h("p", { class: "zt-otherwise" }, h("span", {}, "≠ The evidence says otherwise."), h("button", { type: "button", class: "zt-plain", "data-k": "otherwise", onclick: () => focusOn("conflict") }, "Look at it")) : "");
  }
  function notApplicable(item) {
    return h("div", { class: "zt-box", role: "group", "aria-label": "Why it does not apply" },
      item.draft.own ? h("p", { class: item.lacks.length ? "zt-lacks" : "zt-done" },
        item.lacks.length ? `! It is unknown until it has ${item.lacks.join(", ")}.` : item.left_out ? "✓ It has what it needs, and is left out of the score until it expires." : "It has what it needs; the evidence counts all the same.") : h("p", {}, "Said by somebody else; choose it as your own answer to change it."),
      item.draft.own ? [input("rationale", "Why it does not apply", "textarea"), h("div", { class: "zt-pair" }, input("approver", "Approved by"), input("expires", "Until", "date"))] : "");
  }
  function input(name, label, kind = "text", hint = "", rows = 2) {
    const attributes = { "data-k": name, value: field(name), oninput: (event) => typed(name, event.target.value), onblur: flush };
    return h("label", { class: "zt-field" }, h("span", {}, label, hint ? h("small", {}, ` ${hint}`) : ""),
      kind === "textarea" ? h("textarea", { rows, maxlength: "20000", ...attributes }) : h("input", { type: kind, maxlength: kind === "text" ? "500" : null, ...attributes }));
  }
  function details(item) {
    const levels = [["", "Not said"], ["low", "Low"], ["medium", "Medium"], ["high", "High"]];
    return h("div", { class: "zt-card" }, h("h3", {}, "In their words"),
      !item.draft.own && item.counts ? h("p", { class: "zt-quiet" }, `${item.counts.who || "Somebody"}'s answer counts now. What you write is saved with your own answer.`) : "",
      input("note", "Note", "textarea"), input("evidence", "Evidence", "textarea", "a document or a link on each line"),
      h("label", { class: "zt-field zt-narrow" }, h("span", {}, "How sure are they?"),
        h("select", { "data-k": "confidence", onchange: (event) => { typed("confidence", event.target.value); flush(); } },
          levels.map(([value, label]) => h("option", { value, selected: field("confidence") === value }, label)))));
  }
  const probes = (item) => h("details", { class: "zt-card", "data-k": "probes" }, h("summary", {}, "Ask further"), h("ul", {}, item.probes.map((text) => h("li", {}, text))));

  function voices(item) {
    if (!item.history.length) return "";
    const current = item.counts?.id;
    const one = (said) => h("li", { class: said.id === current ? "counts" : "" },
      h("p", {}, h("strong", {}, said.who || "Somebody"), h("span", { class: "zt-small" }, ` ${day(said.at)}, ${time(said.at)}${said.id === current ? " · counts" : ""}${said.confidence ? ` · ${said.confidence} confidence` : ""}`)),
      h("p", {}, said.what), said.note ? h("p", { class: "zt-note" }, said.note) : "",
      said.evidence.length ? h("p", { class: "zt-small" }, `Evidence: ${said.evidence.join("; ")}`) : "",
      said.dispute ? h("p", { class: "zt-small" }, `Disputes the evidence: ${said.dispute}`) : said.settles ? h("p", { class: "zt-small" }, "Accepts the evidence") : "");
    const newest = new Set(item.voices.map((said) => said.id)), earlier = item.history.filter((said) => !newest.has(said.id));
    return h("div", { class: "zt-card" }, h("h3", {}, "Who said what", item.differ ? h("span", { class: "zt-chip" }, "⇄ They differ") : ""),
      item.review ? h("p", { class: "zt-box" }, `${item.review.verdict === "agreed" ? "✓ Agreed" : "↩ Returned"} by ${item.review.by}${item.review.note ? `: ${item.review.note}` : ""}`) : "",
      h("ul", { class: "zt-voices" }, item.voices.map(one)),
      earlier.length ? h("details", { "data-k": "earlier" }, h("summary", {}, count(earlier.length, "earlier response")), h("ul", { class: "zt-voices" }, earlier.map(one))) : "");
  }
  function gate(item) {
    return h("div", { class: "zt-box", role: "note" }, h("p", {}, h("strong", {}, item.gate.state === "waiting" ? "… Another question comes first." : "× It is not asked.")),
      item.gate.because.map((reason) => h("div", { class: "zt-because" }, h("p", {}, reason.said ? `“${reason.said}” was said to: ` : "Not answered yet: ", h("em", {}, reason.text)),
        h("button", { type: "button", class: "zt-button quiet", "data-k": `gate-${reason.question}`, onclick: () => go(reason.question) }, reason.said ? "Go to that question" : "Answer it first"))));
  }
  function overtaken() {
    const found = ui.overtaken, again = { ...found.message, seen: found.seen };
    return h("div", { class: "zt-box conflict", role: "alert" }, h("p", {}, h("strong", {}, "Answered in the meantime. Nothing of yours was saved.")),
      found.voices.map((said) => h("p", {}, `${said.who || "Somebody"}, ${time(said.at)}: ${said.what}${said.note ? ` — ${said.note}` : ""}`)),
      h("div", { class: "zt-buttons" },
        h("button", { type: "button", class: "zt-button", "data-k": "replace", onclick: () => say(() => again, (reply) => { if (reply.saved) { delete ui.drafts[again.place.question]; draw(); } }) }, "Replace it with mine"),
        h("button", { type: "button", class: "zt-button quiet", "data-k": "keep", onclick: () => { delete ui.drafts[found.message.place.question]; ui.overtaken = null; tell("", ""); draw(); } }, "Keep theirs")));
  }

  // ---- Beside the claim
  function conflict(item) {
    const { conflict: told } = item;
    if (told.kind === "none") return item.evidence.accepted ? h("div", { class: "zt-box", tabindex: "-1", "data-k": "conflict" }, "✓ An accepted risk takes this question out of the score.") : "";
    if (!told.open) return h("div", { class: "zt-box", tabindex: "-1", "data-k": "conflict" }, h("p", {}, h("strong", {}, told.kind === "disputed" ? "⚑ Disputed" : "✓ Evidence accepted")), h("p", {}, told.told), told.dispute ? h("p", { class: "zt-note" }, told.dispute) : "");
    const ways = [["accept-evidence", "Accept the evidence"], ["dispute-evidence", "Dispute it…"], ["exception", "Accept the risk…"]];
    return h("section", { class: "zt-box conflict", tabindex: "-1", "data-k": "conflict", "aria-label": "Conflict" },
      h("h3", {}, "≠ Claim and evidence disagree"), h("p", {}, told.told),
      h("dl", { class: "zt-against" }, told.claim ? [h("dt", {}, "Said"), h("dd", {}, told.claim, told.who ? h("span", { class: "zt-small" }, ` (${told.who})`) : "")] : "", told.shown ? [h("dt", {}, "Shown"), h("dd", {}, told.shown)] : ""),
      h("div", { class: "zt-buttons" }, ways.filter(([way]) => way === "exception" || told.settles).map(([way, label]) => h("button", {
        type: "button", class: `zt-button${ui.settling === way ? "" : " quiet"}`, "data-k": `settle-${way}`, "aria-expanded": way === "accept-evidence" ? null : String(ui.settling === way),
        onclick: () => { if (way === "accept-evidence") settle(way); else { ui.settling = ui.settling === way ? "" : way; draw(); focusOn(way === "exception" ? "criterion" : "reason"); } },
      }, label))),
      ui.settling === "dispute-evidence" ? dispute() : ui.settling === "exception" ? exception(told) : "");
  }
  function asked(name, label, kind = "text", hint = "") {  // what is typed outlives a redraw, such as one that says what is wrong
    const attributes = { name, value: ui.entered[name] || "", "data-k": name === "dispute" ? "reason" : `accept-${name}`, oninput: (event) => { ui.entered[name] = event.target.value; } };
    return h("label", { class: "zt-field" }, h("span", {}, label, hint ? h("small", {}, ` ${hint}`) : ""),
      kind === "textarea" ? h("textarea", { rows: 2, maxlength: "20000", ...attributes }) : h("input", { type: kind, maxlength: kind === "text" ? "500" : null, ...attributes }));
  }
  function dispute() {
    return h("form", { class: "zt-form", onsubmit: (event) => {
      event.preventDefault();
      const reason = new FormData(event.target).get("dispute").trim();
      if (reason) settle("dispute-evidence", reason); else { tell("problem", "Say why the evidence is wrong; the report quotes the reason."); focusOn("reason"); }
    } }, asked("dispute", "Why the evidence is wrong", "textarea", "quoted in the report"), h("button", { type: "submit", class: "zt-button", "data-k": "dispute-save" }, "Uphold the claim"));
  }
  function exception(told) {
    return h("form", { class: "zt-form", onsubmit: (event) => {
      event.preventDefault();
      const said = Object.fromEntries(new FormData(event.target));
      tell("saving", "Saving…");
      say(() => ({ kind: "accept", place: ui.place, ...said, expires: said.expires || null }), (reply) => { if (reply.saved) { ui.settling = ""; ui.entered = {}; draw(); focusOn("conflict"); } });
    } },
    h("label", { class: "zt-field" }, h("span", {}, "What is accepted"), h("select", { name: "criterion", "data-k": "criterion", onchange: (event) => { ui.entered.criterion = event.target.value; } }, told.criteria.map((each) => h("option", { value: each.id, selected: each.id === ui.entered.criterion }, each.title)))),
    asked("reason", "Why the risk is accepted", "textarea"), h("div", { class: "zt-pair" }, asked("approver", "Approved by"), asked("expires", "Until", "date")),
    asked("compensating", "What stands in for it", "text", "if anything"), h("button", { type: "submit", class: "zt-button", "data-k": "exception-save" }, "Record the accepted risk"));
  }
  function evidence(item) {
    const { evidence: found } = item;
    const old = `Inventory of ${found.age_days ? `${count(found.age_days, "day")} ago` : "today"}${found.same_content ? "" : "; assessed with other content than today's"}`;
    return h("div", { class: "zt-card" }, h("h3", {}, "Evidence"),
      !found.checks.length ? h("p", { class: "zt-quiet" }, "No check can see this. The answer counts as it is given.")
        : !found.assessment ? h("p", { class: "zt-quiet" }, "The inventory has not been assessed yet. Answer as you know it; after ", h("code", {}, "ztkit assess"), " the evidence stands here.")
          : h("p", { class: "zt-small" }, old),
      found.assessment && found.checks.length ? h("ul", { class: "zt-checks" }, found.checks.map(check)) : "",
      found.documents.length ? h("div", { class: "zt-documents" }, h("p", { class: "zt-small" }, "Documents that would show it"), h("ul", {}, found.documents.map((text) => h("li", {}, text)))) : "",
      found.checks.length && found.assessment ? h("p", { class: "zt-sentence" }, found.sentence) : "");
  }
  function check(one) {
    const share = one.run && one.counted ? `${one.passed} of ${one.counted} ${one.unit} pass` : one.run ? `No ${one.unit} in scope` : "It was not run in the newest assessment.";
    return h("li", {}, h("p", { class: "zt-check" }, h("span", { class: `zt-sign ${one.state}`, "aria-hidden": "true" }, one.sign), h("span", {}, h("strong", {}, one.word), ` · ${one.title}`)),
      h("div", { class: "zt-under" },
        h("p", { class: "zt-small" }, share, one.counted ? `, ${one.needed} needed` : "", one.unseen ? `; ${one.unseen} could not be read` : "", one.excepted ? `; ${count(one.excepted, "accepted risk")}` : "", one.decisive ? " · decides alone" : ""),
        one.reason ? h("p", { class: "zt-small" }, one.reason) : "",
        one.failing.length ? h("details", { "data-k": `failing-${one.id}` }, h("summary", {}, count(one.failing.length + one.left, "failing resource")),
          h("ul", { class: "zt-failing" }, one.failing.map((each) => h("li", { title: each.id }, h("code", {}, each.name), h("span", { class: "zt-small" }, each.reason))), one.left ? h("li", { class: "zt-small" }, `and ${one.left} more`) : "")) : ""));
  }
  function bar(objective, plain = false) {
    const words = `${objective.word}: ${objective.lower === objective.upper ? percent(objective.lower) : `${percent(objective.lower)} to ${percent(objective.upper)}`}, met from ${percent(objective.met_from)}`;
    return h("div", { class: "zt-bar", role: "img", "aria-label": words },
      h("span", { class: "known", style: `width:${objective.lower}%` }), h("span", { class: "maybe", style: `left:${objective.lower}%;width:${objective.upper - objective.lower}%` }),
      h("span", { class: "mark", style: `left:${objective.met_from}%` }), objective.target !== objective.met_from && !plain ? h("span", { class: "mark target", style: `left:${objective.target}%` }) : "");
  }
  function barLine(label, objective, quiet = false) {
    const range = objective.lower === objective.upper ? percent(objective.lower) : `${objective.lower}–${percent(objective.upper)}`;
    return h("div", { class: `zt-barline${quiet ? " quiet" : ""}` }, h("p", {}, h("span", {}, label), h("span", {}, h("strong", {}, range), " ", h("span", { class: `zt-word ${objective.state}` }, h("span", { "aria-hidden": "true" }, objective.sign), ` ${objective.word}`))), bar(objective));
  }
  function effect(item) {
    const { objective } = item;
    return h("div", { class: "zt-card zt-effect" }, h("h3", {}, "Effect on the objective"),
      h("p", { class: "zt-small" }, objective.title), barLine("Now", objective), h("div", { class: "zt-preview" }, second(item, null)),
      h("p", { class: "zt-small zt-legend" }, h("span", { class: "zt-key known" }), "known", h("span", { class: "zt-key maybe" }), "unknown", h("span", { class: "zt-key mark" }), `met from ${percent(objective.met_from)}`,
        objective.target !== objective.met_from ? [h("span", { class: "zt-key mark target" }), `target ${percent(objective.target)}`] : ""),
      objective.musts.length ? h("p", { class: "zt-small" }, `${count(objective.musts.length, "must")} not met: ${objective.musts.slice(0, 2).join(" · ")}${objective.musts.length > 2 ? " …" : ""}`) : "");
  }
  function second(item, name, label) {
    const chosen = item.draft.kind === "dont-know" ? "?" : item.draft.answer;
    const then = name && name !== chosen && item.effects[name];
    if (then) return barLine(`With “${label.length > 34 ? `${label.slice(0, 33)}…` : label}”`, then, true);
    if (ui.before) return barLine("Before your answer", ui.before, true);
    return h("p", { class: "zt-small zt-quiet" }, "Point at an answer, or move to it with the arrow keys, to see what it would do.");
  }
  function previewOf(item, name, label) {
    if (ui.state.item?.id === item.id) frame.querySelector(".zt-preview")?.replaceChildren(second(item, name, label));
  }

  // ---- Keyboard
  const KEYS = [["1 – 9", "Choose an answer"], ["D", "Don't know"], ["N", "Not applicable"], ["↑ ↓", "Move among the answers; Space chooses"], ["J K", "Next, previous question (also → ←)"],
    ["Enter", "Next question that is due"], ["O", "Overview"], ["R", "Who answers"], ["E", "Write a note"], ["Ctrl S", "Save what is being typed now"], ["Esc", "Out of a field; close"], ["?", "This help"]];
  function keyboard() {
    return h("div", { class: "zt-sheet", role: "dialog", "aria-label": "Keyboard help" }, h("div", { class: "zt-line" }, h("h3", {}, "Keyboard"),
      h("button", { type: "button", class: "zt-plain zt-far", "data-k": "close-help", onclick: toggleHelp }, "Close")), h("dl", {}, KEYS.map(([name, does]) => h("div", {}, h("dt", {}, name.split(" ").map((part) => part === "–" ? " – " : h("kbd", {}, part))), h("dd", {}, does)))));
  }
  function among(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step && !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    event.preventDefault();  // the arrows of a radio group would choose, and so save, each answer on the way
    if (!step) return;
    event.stopPropagation();
    const all = [...frame.querySelectorAll(".zt-option input:not(:disabled)")];
    all[(all.indexOf(event.target) + step + all.length) % all.length].focus();
  }
  function onKey(event) {
    if (!ui.state || event.defaultPrevented && !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
      if (!root.contains(event.target) && !whole) return;
      event.preventDefault();
      return flush();
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target instanceof Element ? event.target : root;
    if (target.matches("input:not([type=radio]), textarea, select")) {
      if (event.key === "Escape") { flush(); focusOn("title"); }
      return;
    }
    if (event.key === "Enter" && target.closest("button, a, summary")) return;
    const { item } = ui.state, at = event.key.toLowerCase();
    const does = {
      o: toggleOverview, "?": toggleHelp, r: () => focusOn("respondent"),
      escape: () => { if (ui.help) toggleHelp(); else if (ui.settling) { ui.settling = ""; draw(); } else if (ui.view === "overview") toggleOverview(); },
      ...(item && ui.view === "question" ? {
        d: () => other("dont-know"), n: () => other("not-applicable"), e: () => focusOn("note"), enter: () => go(item.moves.due),
        j: () => go(item.moves.next), arrowright: () => go(item.moves.next), k: () => go(item.moves.previous), arrowleft: () => go(item.moves.previous),
        arrowdown: () => (frame.querySelector(".zt-option input:checked:not(:disabled)") || frame.querySelector(".zt-option input:not(:disabled)"))?.focus(),
      } : {}),
    }[at];
    if (!does && !(item && ui.view === "question" && /^[1-9]$/.test(event.key))) return;
    event.preventDefault();
    event.stopPropagation();
    if (does) does(); else choose(Number(event.key) - 1);
  }
  const keys = whole ? document : root;
  keys.addEventListener("keydown", onKey);
  const press = () => { pressed = true; };
  const release = () => setTimeout(() => { pressed = false; if (postponed && !ended) draw(); }, 0);
  root.addEventListener("pointerdown", press, true);
  for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, release);
  root.addEventListener("compositionstart", () => { composing = true; });
  root.addEventListener("compositionend", () => { composing = false; });
  const leave = () => { if (document.hidden && ui.state) flush(); };  // also when the tab is closed
  document.addEventListener("visibilitychange", leave);
  const timer = setInterval(poll, POLL);
  look(memory(memoryName()));
  return () => {
    flush();
    tail = tail.then(() => { ended = true; });
    clearInterval(timer);
    keys.removeEventListener("keydown", onKey);
    document.removeEventListener("visibilitychange", leave);
    for (const name of ["pointerup", "pointercancel"]) window.removeEventListener(name, release);
  };
}

export default { render };
