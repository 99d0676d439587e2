/* Turns a text area with HTML into an editor. The text area stays what is sent, and is written only
   when something is typed, so that a page opened and saved changes nothing. */
(() => {
  const BUTTONS = [
    ["format_bold", "Bold", "bold"],
    ["format_italic", "Italic", "italic"],
    ["format_underlined", "Underline", "underline"],
    ["title", "Heading", "formatBlock", "h3"],
    ["format_paragraph", "Paragraph", "formatBlock", "p"],
    ["format_list_bulleted", "Bulleted list", "insertUnorderedList"],
    ["format_list_numbered", "Numbered list", "insertOrderedList"],
    ["format_clear", "Remove formatting", "removeFormat"],
    ["undo", "Undo", "undo"],
  ];
  const DROPPED_WHOLE = new Set(["script", "style", "iframe", "object", "embed", "svg", "math", "template", "noscript"]);

  /* Parsed in a document that runs nothing and loads nothing; only allowed parts come out of it. */
  function clean(html, allowed, dropped) {
    const source = new DOMParser().parseFromString(html, "text/html").body;
    const copy = (from, to) => {
      for (const node of from.childNodes) {
        if (node.nodeType === Node.TEXT_NODE) {
          to.append(node.nodeValue);
        } else if (node.nodeType === Node.ELEMENT_NODE) {
          const tag = node.tagName.toLowerCase();
          if (!(tag in allowed)) {
            dropped.add(`<${tag}>`);
            if (!DROPPED_WHOLE.has(tag)) copy(node, to);
            continue;
          }
          const kept = document.createElement(tag);
          for (const { name, value } of node.attributes) {
            if (name.startsWith("on")) dropped.add(name);
            if (!allowed[tag].includes(name)) continue;
            if (name === "src" && !/^https?:/i.test(value.trim())) dropped.add("an address that is not http");
            else kept.setAttribute(name, value);
          }
          copy(node, kept);
          to.append(kept);
        }
      }
    };
    const result = document.createElement("div");
    copy(source, result);
    return result;
  }

  function button(icon, label) {
    const made = document.createElement("button");
    made.type = "button";
    made.title = label;
    made.setAttribute("aria-label", label);
    made.innerHTML = `<span class="material-symbols-outlined" aria-hidden="true">${icon}</span>`;
    return made;
  }

  function edit(area) {
    const allowed = JSON.parse(area.dataset.richText);
    const box = document.createElement("div");
    const bar = document.createElement("div");
    const page = document.createElement("div");
    const note = document.createElement("p");
    box.className = "desk-editor";
    bar.className = "desk-editor-bar";
    page.className = "desk-editor-page";
    note.className = "desk-editor-note";
    note.setAttribute("role", "status");
    page.contentEditable = "true";
    page.setAttribute("role", "textbox");
    page.setAttribute("aria-multiline", "true");
    page.setAttribute("aria-label", "Description");
    const load = () => {
      page.replaceChildren(...clean(area.value, allowed, new Set()).childNodes);
      // What is typed into an empty page is a paragraph from the first letter on.
      if (!page.hasChildNodes()) page.innerHTML = "<p><br></p>";
    };
    load();

    const write = () => {
      const text = page.textContent.trim() || page.querySelector("img, table") ? clean(page.innerHTML, allowed, new Set()).innerHTML : "";
      area.value = text;
      area.dispatchEvent(new Event("change", { bubbles: true }));
    };
    page.addEventListener("input", write);
    page.addEventListener("focus", () => document.execCommand("defaultParagraphSeparator", false, "p"));
    page.addEventListener("paste", (event) => {
      const html = event.clipboardData.getData("text/html");
      if (!html) return;
      event.preventDefault();
      const dropped = new Set();
      document.execCommand("insertHTML", false, clean(html, allowed, dropped).innerHTML);
      note.textContent = dropped.size ? `Left out of what you pasted: ${[...dropped].slice(0, 6).join(", ")}.` : "";
    });
    for (const [icon, label, command, value] of BUTTONS) {
      const made = button(icon, label);
      made.addEventListener("mousedown", (event) => event.preventDefault());
      made.addEventListener("click", () => {
        page.focus();
        document.execCommand(command, false, value);
        write();
      });
      bar.append(made);
    }
    const source = button("code", "Show as HTML");
    source.setAttribute("aria-pressed", "false");
    source.addEventListener("click", () => {
      const shows = area.hidden;
      if (!shows) load();
      area.hidden = !shows;
      page.hidden = shows;
      source.setAttribute("aria-pressed", String(shows));
    });
    bar.append(source);
    area.hidden = true;
    area.before(box);
    box.append(bar, page, area, note);
    const label = document.querySelector(`label[for="${area.id}"]`);
    if (label) label.addEventListener("click", () => !page.hidden && page.focus());
  }

  const start = () => document.querySelectorAll("textarea[data-rich-text]").forEach(edit);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
