// The button that deletes wakes up only when the name is typed in full; the server checks again.
export function attach(input) {
  const button = input.form.querySelector("button");
  const compare = () => (button.disabled = input.value.trim() !== input.dataset.name);
  input.addEventListener("input", compare);
  compare();
}
