// Marks the lines that #L10 or #L10-L20 names; clicking a number chooses, with Shift up to there.
const wanted = () => /^#L(\d+)(?:-L?(\d+))?$/.exec(location.hash);

export function attach(table) {
  const mark = (scroll) => {
    for (const row of table.querySelectorAll(".hit")) row.classList.remove("hit");
    const match = wanted();
    if (!match) return;
    const [from, to] = [Number(match[1]), Number(match[2] ?? match[1])].sort((a, b) => a - b);
    for (let n = from; n <= Math.min(to, from + 5000); n++) document.getElementById(`L${n}`)?.classList.add("hit");
    if (scroll) document.getElementById(`L${from}`)?.scrollIntoView({ block: "center" });
  };
  table.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-n]");
    if (!link) return;
    event.preventDefault();
    const match = wanted();
    const hash = event.shiftKey && match ? `#L${match[1]}-L${link.dataset.n}` : `#L${link.dataset.n}`;
    history.replaceState(null, "", hash);
    mark(false);
  });
  addEventListener("hashchange", () => mark(true));
  mark(true);
}
