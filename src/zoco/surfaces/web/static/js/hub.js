// Attaches each behaviour to the elements that name it in data-behavior. Every page works without this.
// They are part of the page's own script: when the page has loaded, keys and buttons answer.
import * as confirmName from "./confirm-name.js";
import * as copy from "./copy.js";
import * as lines from "./lines.js";
import * as menu from "./menu.js";
import * as narrow from "./narrow.js";
import * as slash from "./slash.js";
import * as submit from "./submit.js";
import * as suggest from "./suggest.js";
import * as theme from "./theme.js";

const behaviors = { "confirm-name": confirmName, copy, lines, menu, narrow, slash, submit, suggest, theme };

export function attachWithin(root) {
  for (const element of root.querySelectorAll("[data-behavior]")) {
    for (const name of element.dataset.behavior.split(" ")) {
      behaviors[name]?.attach(element);
    }
  }
}

attachWithin(document);
