/* The pictures of a product: buttons that change their order, and a look at what was just chosen. */
(() => {
  const button = (words, title) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = words;
    made.title = title;
    made.setAttribute("aria-label", title);
    return made;
  };

  function order(table) {
    const rows = () => [...table.querySelectorAll(":scope > .form-group.original")];
    const number = () => {
      const all = rows();
      all.forEach((row, place) => {
        const input = row.querySelector("input[name$='-position']");
        if (input && Number(input.value) !== place + 1) input.value = place + 1;
        const [first, up, down] = row.querySelectorAll(".desk-moves button");
        first.disabled = up.disabled = place === 0;
        first.textContent = place === 0 ? "Primary" : "Make primary";
        down.disabled = place === all.length - 1;
      });
    };
    for (const row of rows()) {
      const moves = document.createElement("div");
      const first = button("Make primary", "Make this the primary image");
      const up = button("↑", "Move up");
      const down = button("↓", "Move down");
      moves.className = "desk-moves";
      moves.append(first, up, down);
      row.querySelector("td.field-position").append(moves);
      first.addEventListener("click", () => { rows()[0].before(row); number(); });
      up.addEventListener("click", () => { const all = rows(); all[all.indexOf(row) - 1]?.before(row); number(); up.focus(); });
      down.addEventListener("click", () => { const all = rows(); all[all.indexOf(row) + 1]?.after(row); number(); down.focus(); });
    }
    number();
    // A drag writes its own numbers first, from 0; these follow it.
    new MutationObserver(number).observe(table, { childList: true });
  }

  function show(input) {
    const chosen = document.createElement("div");
    chosen.className = "desk-chosen";
    input.after(chosen);
    input.addEventListener("change", () => {
      chosen.querySelectorAll("img").forEach((image) => URL.revokeObjectURL(image.src));
      chosen.replaceChildren(...[...input.files].map((file) => {
        const figure = document.createElement("figure");
        const image = document.createElement("img");
        const words = document.createElement("figcaption");
        image.src = URL.createObjectURL(file);
        image.alt = "";
        const megabytes = file.size / 1048576;
        words.textContent = `${file.name}, ${megabytes < 1 ? `${Math.ceil(file.size / 1024)} KB` : `${megabytes.toFixed(1)} MB`}`;
        figure.append(image, words);
        return figure;
      }));
    });
  }

  /* The theme writes the name of a chosen file into the text field that it finds nearest, which here
     is another field. It leaves inputs alone that carry this mark. */
  const keep = () => {
    for (const input of document.querySelectorAll("input[type=file].desk-files, input[type=file].desk-cell")) {
      input.hasChangeListener = true;
    }
  };

  const start = () => {
    keep();
    new MutationObserver(keep).observe(document.body, { childList: true, subtree: true });
    const table = document.getElementById("images-data");
    if (table) order(table);
    document.querySelectorAll("input[type=file][data-pictures]").forEach(show);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
