// Fills the suggestions of a text field from the server while one types.
"use strict";

(() => {
  const WAIT = 150; // milliseconds after the last key

  class OptionSearch extends HTMLElement {
    connectedCallback() {
      // While the page is still being read, what stands inside is not there yet.
      if (document.readyState !== "loading") this.begin();
      else document.addEventListener("DOMContentLoaded", () => this.begin(), { once: true });
    }

    begin() {
      this.input = this.querySelector("input");
      this.options = this.querySelector("datalist");
      if (!this.input || !this.options) return;
      this.input.addEventListener("input", () => {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.look(), WAIT);
      });
      this.input.addEventListener("focus", () => this.look(), { once: true });
    }

    async look() {
      // Of several values, only the last one is being typed.
      const typed = this.input.value;
      const kept = typed.slice(0, typed.lastIndexOf(";") + 1);
      this.asking?.abort();
      this.asking = new AbortController();
      try {
        const words = new URLSearchParams({ q: typed.slice(kept.length).trim() });
        const answer = await fetch(`${this.dataset.url}?${words}`, { signal: this.asking.signal });
        if (!answer.ok) return;
        const { options } = await answer.json();
        this.options.replaceChildren(...options.map((text) => new Option("", kept ? `${kept} ${text}` : text)));
      } catch (error) {
        if (error.name !== "AbortError") throw error;
      }
    }
  }

  if (!customElements.get("option-search")) customElements.define("option-search", OptionSearch);
})();
