// Turns a text field into a tree of categories with a search; see catalog/admin/category_picker.py.
"use strict";

(() => {
  const WAIT = 200; // milliseconds after the last key before words are searched

  const make = (tag, name, text = "") => {
    const made = document.createElement(tag);
    if (name) made.className = name;
    if (text) made.textContent = text;
    return made;
  };

  const button = (name, text, act) => {
    const made = make("button", name, text);
    made.type = "button";
    made.addEventListener("click", act);
    return made;
  };

  class CategoryPicker extends HTMLElement {
    connectedCallback() {
      // While the page is still being read, what stands inside is not there yet.
      if (document.readyState !== "loading") this.begin();
      else document.addEventListener("DOMContentLoaded", () => this.begin(), { once: true });
    }

    begin() {
      this.input = this.querySelector("input");
      if (!this.dataset.url || !this.input || this.panel) return;
      this.build();
      if (this.dataset.pk) {
        this.show({ pk: this.dataset.pk, path: this.dataset.path, note: this.dataset.note });
      } else {
        const words = this.input.value;
        this.input.value = "";
        this.search.value = words;
        this.open(words ? { q: words } : {});
      }
    }

    build() {
      this.search = make("input", this.input.className);
      this.search.type = "search";
      this.search.placeholder = "Search all categories, or open them below";
      this.search.autocomplete = "off";
      // The label's words go with what a person types into.
      this.search.id = this.input.id;
      this.input.removeAttribute("id");
      this.input.type = "hidden";
      this.chosen = make("div", "desk-picker-chosen");
      this.chosen.hidden = true;
      this.trail = make("nav", "desk-picker-trail");
      this.trail.setAttribute("aria-label", "Way down to here");
      this.list = make("ul", "desk-picker-list");
      this.list.setAttribute("aria-label", "Categories");
      this.remark = make("p", "desk-picker-remark");
      this.remark.setAttribute("role", "status");
      this.panel = make("div", "desk-picker-panel");
      this.panel.append(this.trail, this.list, this.remark);
      this.append(this.chosen, this.search, this.panel);
      this.search.addEventListener("input", () => this.typed());
      this.addEventListener("keydown", (event) => this.pressed(event));
    }

    // -- what is chosen

    show(item) {
      this.input.value = item.pk;
      this.chosen.replaceChildren(
        make("span", "desk-picker-path", item.path),
        button("desk-picker-link", "Change", () => this.change()),
        button("desk-picker-link", "Clear", () => this.clear()),
      );
      if (item.note) this.chosen.append(make("span", "desk-picker-note", item.note));
      this.chosen.hidden = false;
      this.search.hidden = this.panel.hidden = true;
    }

    choose(item) {
      this.show(item);
      this.chosen.querySelector("button").focus();
      this.input.dispatchEvent(new Event("change", { bubbles: true }));
    }

    change() {
      this.search.hidden = this.panel.hidden = false;
      this.search.focus();
      if (!this.list.children.length) this.open({});
    }

    clear() {
      this.input.value = "";
      this.chosen.hidden = true;
      this.input.dispatchEvent(new Event("change", { bubbles: true }));
      this.change();
    }

    // -- one level, or what a search found

    typed() {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => {
        const words = this.search.value.trim();
        this.open(words ? { q: words } : {});
      }, WAIT);
    }

    async open(asked, { focus = false } = {}) {
      this.asking?.abort();
      this.asking = new AbortController();
      try {
        const answer = await fetch(`${this.dataset.url}?${new URLSearchParams(asked)}`, {
          headers: { Accept: "application/json" },
          signal: this.asking.signal,
        });
        if (!answer.ok) throw new Error(String(answer.status));
        this.fill(await answer.json(), Boolean(asked.q));
        if (focus) this.list.querySelector("button")?.focus();
      } catch (error) {
        if (error.name !== "AbortError") {
          this.remark.textContent = "The categories could not be read. Reload the page.";
        }
      }
    }

    fill(level, isSearch) {
      this.up = level.trail.at(-2)?.external_id ?? "";
      this.isFirst = !level.trail.length;
      this.trail.hidden = isSearch;
      this.trail.replaceChildren(this.step("All categories", ""));
      for (const node of level.trail) {
        this.trail.append(make("span", "", "›"), this.step(node.name, node.external_id));
      }
      this.list.replaceChildren(...level.items.map((item) => this.row(item, isSearch)));
      this.remark.textContent = level.remark || (level.items.length ? "" : "Nothing is here.");
    }

    step(name, id) {
      return button("desk-picker-link", name, () => this.open(id ? { under: id } : {}, { focus: true }));
    }

    row(item, isSearch) {
      const act = () => {
        if (!item.is_leaf) this.open({ under: item.external_id }, { focus: true });
        else if (item.is_open) this.choose(item);
      };
      const made = button("desk-picker-item", "", act);
      made.append(make("span", "", isSearch ? item.path : item.name));
      if (!item.is_leaf) {
        made.append(make("span", "desk-picker-hint", "›"));
        made.dataset.under = item.external_id;
      }
      if (item.note) made.append(make("span", "desk-picker-note", item.note));
      if (!item.is_open) made.setAttribute("aria-disabled", "true");
      const line = document.createElement("li");
      line.append(made);
      return line;
    }

    // -- keys

    pressed(event) {
      const rows = [...this.list.querySelectorAll("button")];
      const here = rows.indexOf(document.activeElement);
      const inSearch = document.activeElement === this.search;
      if (event.key === "Enter" && inSearch) {
        // It would send the form before anything is chosen.
        event.preventDefault();
        rows[0]?.focus();
      } else if (event.key === "Escape" && !this.chosen.hidden && !this.panel.hidden) {
        event.preventDefault();
        this.search.hidden = this.panel.hidden = true;
        this.chosen.querySelector("button").focus();
      } else if (event.key === "ArrowDown" && (inSearch || here >= 0)) {
        event.preventDefault();
        rows[Math.min(here + 1, rows.length - 1)]?.focus();
      } else if (event.key === "ArrowUp" && here >= 0) {
        event.preventDefault();
        (here ? rows[here - 1] : this.search).focus();
      } else if (event.key === "ArrowRight" && here >= 0 && rows[here].dataset.under) {
        event.preventDefault();
        rows[here].click();
      } else if (event.key === "ArrowLeft" && here >= 0 && !this.trail.hidden && !this.isFirst) {
        event.preventDefault();
        this.open(this.up ? { under: this.up } : {}, { focus: true });
      }
    }
  }

  if (!customElements.get("category-picker")) customElements.define("category-picker", CategoryPicker);
})();
