// A list without reloads: links and forms inside #z-list swap that part of the page (htmx does it, and the history).
// Every link and form works without this. Here is what a reload would have done besides: the title, what is said to
// screen readers, the focus, which groups were open; and the sheet of filters on small screens.
import { attachWithin } from "./hub.js";

const TYPING_PAUSE_MS = 350;
const wide = matchMedia("(min-width: 62.01rem)");
const list = () => document.getElementById("z-list");
const open = new Set();
let typing = false;
let after = "heading";

// htmx comes when somebody is about to use it; whoever is quicker gets a whole page, as without scripts.
const INTENTS = ["pointerover", "touchstart", "focusin", "keydown"];

function bringHtmx() {
  for (const one of INTENTS) document.removeEventListener(one, bringHtmx);
  const script = document.createElement("script");
  script.src = document.getElementById("z-lists").dataset.htmx;
  document.head.append(script);
}

for (const one of INTENTS) document.addEventListener(one, bringHtmx, { passive: true });

// --- swapping ------------------------------------------------------------------------------------------------------

const of = (event) => event.detail?.ctx?.sourceElement;

addEventListener("htmx:config:request", (event) => {
  const { ctx } = event.detail;
  for (const [name, value] of [...ctx.request.body.entries()]) if (!value) ctx.request.body.delete(name);
  after = inSheet() ? "sheet" : typing ? "field" : of(event).matches?.("[data-tab]") ? "tab" : of(event).matches?.(".ffind") ? "facet" : "heading";
});

addEventListener("htmx:before:request", () => list().setAttribute("aria-busy", "true"));
addEventListener("htmx:finally:request", () => list().removeAttribute("aria-busy"));

// An error's page, a list that moved, no answer at all: the browser itself goes there.
addEventListener("htmx:before:response", (event) => {
  const { ctx } = event.detail;
  if (ctx.response.status === 200 && !ctx.response.raw.redirected) return;
  event.preventDefault();
  location.assign(ctx.request.action);
});
addEventListener("htmx:error", (event) => {
  const { ctx } = event.detail;
  if (ctx?.request?.action && !ctx.request.signal.aborted) location.assign(ctx.request.action);
});

// What is typed letter by letter is one step of the history, not one for each letter.
let typedBefore = false;
addEventListener("htmx:before:history:update", (event) => {
  if (typing && typedBefore) event.detail.history.type = "replace";
  typedBefore = typing;
});

addEventListener("htmx:before:swap", () => {
  open.clear();
  for (const one of list().querySelectorAll("details[open]")) open.add(one.id);
});

addEventListener("htmx:after:swap", () => {
  const fresh = list();
  for (const one of fresh.querySelectorAll("details")) if (open.has(one.id)) one.open = true;
  attachWithin(fresh);
  prepare();
  document.title = fresh.dataset.title + document.title.slice(document.title.lastIndexOf(" · "));
  document.getElementById("z-said").textContent = fresh.dataset.said;
  for (const link of document.querySelectorAll(".prefs a, .foot a[hreflang]")) keepQuery(link);
  const login = document.querySelector(".top a.btn[href^='/login']");
  if (login) login.search = new URLSearchParams({ next: location.pathname + location.search });
  place(fresh);
  typing = false;
});

function place(fresh) {
  if (after === "sheet" && !inSheet()) after = "button"; // closed while the answer was on its way
  if (after === "sheet") return openSheet(fresh.querySelector("#z-filters-h"));
  if (after === "field") return;
  const goal = { tab: "[data-tab][aria-current]", facet: "#z-fq", button: ".fbtn" }[after];
  (fresh.querySelector(goal ?? "#z-h") ?? fresh.querySelector("#z-h")).focus({ preventScroll: true });
  if (!goal && fresh.getBoundingClientRect().top < 0) scrollTo(0, 0);
}

// The links for language and theme carry the query of the page they stand on.
function keepQuery(link) {
  const asked = new URLSearchParams(location.search);
  const own = new URLSearchParams(link.search);
  for (const name of ["lang", "theme"]) {
    asked.delete(name);
    if (own.has(name) && (link.hreflang ? name === "lang" : name === "theme")) asked.set(name, own.get(name));
  }
  link.search = asked;
}

// --- fields --------------------------------------------------------------------------------------------------------

function prepare() {
  const page = list();
  for (const select of page.querySelectorAll("[data-sends]")) select.addEventListener("change", () => select.form.requestSubmit());
  const name = page.querySelector("[data-type-ahead]");
  let pause;
  name.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(() => {
      if (!name.isConnected || !window.htmx) return;
      typing = true;
      name.form.requestSubmit();
    }, TYPING_PAUSE_MS);
  });
  name.form.addEventListener("submit", () => clearTimeout(pause));
  page.querySelector("[data-facet-search]")?.addEventListener("input", (event) => narrow(page, event.target.value));
  page.querySelector(".fbtn").addEventListener("click", (event) => {
    event.preventDefault();
    openSheet();
  });
  for (const link of page.querySelectorAll(".fclose, .fdone a")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      closeSheet();
    });
  }
}

const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

// Hides what does not have that name, and opens what does.
function narrow(page, text) {
  const wanted = plain(text.trim());
  const box = page.querySelector(".fgroup");
  let hits = 0;
  for (const item of box.querySelectorAll("li")) {
    const label = plain(item.querySelector(".lab").textContent + " " + (item.dataset.also ?? ""));
    item.hidden = wanted !== "" && !label.includes(wanted);
    hits += item.hidden ? 0 : 1;
  }
  for (const more of box.querySelectorAll("details")) {
    if (wanted && !more.open && more.querySelector("li:not([hidden])")) {
      more.open = true;
      more.dataset.byText = "";
    } else if (!wanted && "byText" in more.dataset) {
      more.open = false;
      delete more.dataset.byText;
    }
  }
  for (const head of box.querySelectorAll("h3")) {
    const [first, rest] = [head.nextElementSibling, head.nextElementSibling.nextElementSibling];
    const own = [first, ...(rest?.matches("details") ? [rest] : [])];
    head.hidden = !own.some((one) => one.querySelector("li:not([hidden])"));
    if (own[1]) own[1].hidden = !own[1].querySelector("li:not([hidden])");
  }
  box.querySelector(".nohit").hidden = hits > 0 || box.querySelector("li") === null;
}

// --- the sheet of filters on small screens -------------------------------------------------------------------------

const sheet = () => document.getElementById("z-filters");
let isOpen = false; // not asked of the element: a swap replaces it
const inSheet = () => isOpen;
const behind = () => [...document.querySelectorAll("body > :not(main), .found")];

function openSheet(goal) {
  const one = sheet();
  isOpen = true;
  one.classList.add("open");
  one.setAttribute("role", "dialog");
  one.setAttribute("aria-modal", "true");
  for (const other of behind()) other.inert = true;
  document.documentElement.classList.add("still");
  (goal ?? one.querySelector("#z-filters-h")).focus();
}

function closeSheet() {
  const one = sheet();
  isOpen = false;
  one.classList.remove("open");
  one.removeAttribute("role");
  one.removeAttribute("aria-modal");
  for (const other of behind()) other.inert = false;
  document.documentElement.classList.remove("still");
  if (location.hash === "#z-filters") history.replaceState(history.state, "", location.pathname + location.search);
  if (!wide.matches) list().querySelector(".fbtn").focus();
}

addEventListener("keydown", (event) => {
  if (event.key === "Escape" && inSheet()) closeSheet();
});
wide.addEventListener("change", () => inSheet() && closeSheet());
prepare();
