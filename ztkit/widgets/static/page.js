// The page of its own: gives the form what JupyterLab gives it, a model that carries messages to Python and back.
import form from "./form.js";

const LOST = "The page has lost its server: nothing was saved. Run `ztkit interview serve` again and open the address that it prints.";
const el = document.getElementById("form");
const listeners = [];

async function send(content) {
  let reply;
  try {
    const body = JSON.stringify(content.message);
    const keepalive = body.length < 16_000;  // what is sent while the tab closes still arrives; browsers limit its size
    const answer = await fetch("message", { method: "POST", headers: { "Content-Type": "application/json" }, body, keepalive });
    if (!answer.ok) throw new Error(await answer.text());
    reply = await answer.json();
  } catch {
    reply = { state: null, saved: null, overtaken: null, problem: LOST };
  }
  for (const listener of listeners) listener({ id: content.id, reply });
}

history.replaceState(null, "", location.pathname);  // the token has become a cookie
form.render({ model: { send, on: (_, listener) => listeners.push(listener), get: (name) => el.dataset[name] }, el, whole: true });
