// A button that puts data-copy, or the text of the element data-copy-from names, on the clipboard.
export function attach(button) {
  button.hidden = false;
  const label = button.getAttribute("aria-label");
  button.addEventListener("click", async () => {
    const source = button.dataset.copyFrom ? document.getElementById(button.dataset.copyFrom) : null;
    const text = source ? source.innerText : (button.dataset.copy ?? button.parentElement.querySelector("code").innerText);
    if (!(await put(text))) return;
    button.classList.add("done");
    button.setAttribute("aria-label", button.dataset.done);
    setTimeout(() => {
      button.classList.remove("done");
      button.setAttribute("aria-label", label);
    }, 1600);
  });
}

// The clipboard API needs https or localhost; a Hub on plain http in a classroom has neither.
async function put(text) {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // refused: try the old way
    }
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "vh";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
