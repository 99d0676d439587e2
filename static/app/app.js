/* Small behaviors of the merchant pages; every page also works without them. */
(() => {
  "use strict";

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    event.preventDefault();
    await navigator.clipboard.writeText(button.dataset.copy);
    const label = button.getAttribute("aria-label");
    button.classList.add("is-copied");
    button.setAttribute("aria-label", "Copied");
    setTimeout(() => {
      button.classList.remove("is-copied");
      button.setAttribute("aria-label", label);
    }, 1500);
  });

  /* A center stands behind one warehouse: choosing it takes it out of the other lists. */
  const choices = () => [...document.querySelectorAll("select[data-center]")];
  const sync = () => {
    const taken = new Set(choices().map((one) => one.value).filter((value) => /^\d+$/.test(value)));
    for (const one of choices()) {
      for (const option of one.options) {
        option.disabled =
          option.hasAttribute("data-taken") || (taken.has(option.value) && option.value !== one.value);
      }
    }
  };
  document.addEventListener("change", (event) => {
    if (event.target.matches("select[data-center]")) sync();
  });
  sync();
})();
