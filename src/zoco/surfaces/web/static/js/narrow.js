// A search box that hides the rows of a table that do not hold its text; its form does the same with a reload.
const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

export function attach(input) {
  const body = document.getElementById(input.dataset.narrow);
  if (!body) return;
  input.addEventListener("input", () => {
    const wanted = plain(input.value.trim());
    for (const row of body.rows) row.hidden = !plain(row.textContent).includes(wanted);
  });
}
