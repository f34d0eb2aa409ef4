// Attaches each behaviour to the elements that name it in data-behavior. Every page works without this.
const behaviors = {
  copy: () => import("./copy.js"),
  menu: () => import("./menu.js"),
  slash: () => import("./slash.js"),
  theme: () => import("./theme.js"),
  submit: () => import("./submit.js"),
  "confirm-name": () => import("./confirm-name.js"),
  lines: () => import("./lines.js"),
};

for (const element of document.querySelectorAll("[data-behavior]")) {
  for (const name of element.dataset.behavior.split(" ")) {
    behaviors[name]?.().then((module) => module.attach(element));
  }
}
