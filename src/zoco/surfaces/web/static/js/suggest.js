// The search box of every page: suggestions while typing, by kind. Enter without a choice searches as ever.
const PAUSE_MS = 140;
const KINDS = [
  ["models", "model", "box", (one) => [`/${one.id}`, one.id]],
  ["datasets", "dataset", "database", (one) => [`/datasets/${one.id}`, one.id]],
  ["spaces", "space", "app-window", (one) => [`/spaces/${one.id}`, one.id]],
  ["orgs", "org", "users", (one) => [`/${one.name}`, one.fullname]],
  ["users", "user", "user", (one) => [`/${one.user}`, one.fullname]],
];

export function attach(input) {
  const box = make("div", { id: "z-suggest", className: "suggest panel", hidden: true });
  box.setAttribute("role", "listbox");
  box.setAttribute("aria-label", input.dataset.sayList);
  input.parentElement.append(box);
  for (const [name, value] of Object.entries({
    role: "combobox", "aria-expanded": "false", "aria-controls": "z-suggest", "aria-autocomplete": "list",
  })) input.setAttribute(name, value);

  let pause;
  let asking;
  let chosen = -1;
  const options = () => [...box.querySelectorAll("[role=option]")];

  const show = (is) => {
    box.hidden = !is;
    input.setAttribute("aria-expanded", String(is));
    if (!is) choose(-1);
  };

  const choose = (place) => {
    const all = options();
    chosen = place;
    all.forEach((one, n) => one.setAttribute("aria-selected", String(n === place)));
    if (place < 0) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", all[place].id);
    all[place].scrollIntoView({ block: "nearest" });
  };

  const ask = async () => {
    const text = input.value.trim();
    asking?.abort();
    if (!text) return show(false);
    asking = new AbortController();
    try {
      const answer = await fetch(`${input.dataset.source}?${new URLSearchParams({ q: text, limit: 4 })}`, { signal: asking.signal });
      if (!answer.ok || input.value.trim() !== text) return;
      fill(box, input, text, await answer.json());
      chosen = -1;
      show(document.activeElement === input);
    } catch {
      // overtaken by the next letter, or no network: Enter still searches
    }
  };

  input.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(ask, PAUSE_MS);
  });
  input.addEventListener("keydown", (event) => {
    const all = options();
    if (event.key === "Escape" && !box.hidden) {
      event.preventDefault();
      show(false);
    } else if (event.key === "Enter" && chosen >= 0 && !box.hidden) {
      event.preventDefault();
      all[chosen].click();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (box.hidden) return void ask();
      const step = event.key === "ArrowDown" ? 1 : -1;
      choose(((chosen + step + 1 + all.length + 1) % (all.length + 1)) - 1);
    }
  });
  input.addEventListener("focusout", (event) => {
    if (!box.contains(event.relatedTarget)) show(false);
  });
  box.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus
}

function fill(box, input, text, found) {
  box.replaceChildren();
  let number = 0;
  const option = (kind, icon, href, parts) => {
    const link = make("a", { id: `z-sg-${number++}`, href, className: kind, tabIndex: -1 });
    link.setAttribute("role", "option");
    link.setAttribute("aria-selected", "false");
    link.append(picture(input.dataset.icons, icon), make("span", {}));
    link.lastChild.replaceWith(...parts);
    return link;
  };
  for (const [list, kind, icon, of] of KINDS) {
    if (!found[list]?.length) continue;
    const group = make("div", {});
    const title = make("span", { textContent: input.dataset[`say${list[0].toUpperCase()}${list.slice(1)}`], id: `z-sgt-${list}` });
    group.setAttribute("role", "group");
    group.setAttribute("aria-labelledby", title.id);
    group.append(title);
    for (const one of found[list]) {
      const [href, name] = of(one);
      group.append(option(kind, icon, href, [named(name)]));
    }
    box.append(group);
  }
  const all = `${input.dataset.fullText}?${new URLSearchParams({ q: text })}`;
  box.append(option("all", "scan-text", all, [make("span", { textContent: `${input.dataset.sayFull} ${text}` })]));
}

// owner/ is said softer than the name
function named(text) {
  const whole = make("span", {});
  const slash = text.indexOf("/") + 1;
  whole.append(text.slice(0, slash), make("b", { textContent: text.slice(slash) }));
  return whole;
}

function picture(icons, name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "i");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${icons}#${name}`);
  svg.append(use);
  return svg;
}

const make = (tag, properties) => Object.assign(document.createElement(tag), properties);
