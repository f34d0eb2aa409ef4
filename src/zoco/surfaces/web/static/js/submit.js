// A <select> that sends its form when it changes; the form's own button is only for those without scripts.
export function attach(select) {
  select.form.querySelector(".nojs")?.setAttribute("hidden", "");
  select.addEventListener("change", () => select.form.requestSubmit());
}
