// Changes the theme at once; the links do the same with a reload.
export function attach(nav) {
  nav.addEventListener("click", (event) => {
    const link = event.target.closest("[data-theme-choice]");
    if (!link) return;
    event.preventDefault();
    const theme = link.dataset.themeChoice;
    document.cookie = `zoco_theme=${theme}; path=/; max-age=31536000; samesite=lax`;
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    for (const other of nav.querySelectorAll("a")) other.removeAttribute("aria-current");
    link.setAttribute("aria-current", "true");
  });
}
