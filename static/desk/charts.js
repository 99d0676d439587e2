/* Turns data into charts, on pages of the admin and of merchants, light and dark.

   <canvas data-chart="some-id" aria-label="What it shows" role="img"></canvas>
   and, by `json_script`, under that id:
   {"kind": "line" | "bar" | "steps", "labels": ["…"], "unit": "USD", "stacked": false,
    "series": [{"name": "…", "values": [1, 2], "color": "green"}]}
   “steps” needs no labels: its values are [milliseconds since 1970, amount].
   Chart.js is loaded before this file. */
(() => {
  "use strict";
  const COLORS = {
    violet: "#8b5cf6",
    blue: "#3b82f6",
    green: "#22a06b",
    red: "#e5484d",
    orange: "#e8890c",
    gray: "#8b8d98",
  };
  const NAMES = Object.keys(COLORS);
  const root = document.documentElement;
  const isDark = () => root.classList.contains("dark") || root.dataset.bsTheme === "dark";
  const ink = () => (isDark() ? "#c9cbd1" : "#4b5563");
  const rule = () => (isDark() ? "rgb(255 255 255 / 12%)" : "rgb(0 0 0 / 9%)");
  const figure = (value) => (value === null ? "–" : value.toLocaleString("en-US"));
  const day = (moment) =>
    new Date(moment).toLocaleDateString("en-US", {
      day: "numeric",
      month: "short",
      timeZone: "UTC",
    });
  const moment = (value) => `${new Date(value).toISOString().slice(0, 16).replace("T", " ")} UTC`;

  const seriesOf = (data) =>
    data.series.map((one, place) => {
      const color = COLORS[one.color || NAMES[place % NAMES.length]];
      const steps = data.kind === "steps";
      return {
        label: one.name,
        data: steps ? one.values.map(([x, y]) => ({ x, y: y === null ? null : Number(y) })) : one.values,
        borderColor: color,
        backgroundColor: data.kind === "bar" ? color : `${color}22`,
        borderWidth: data.kind === "bar" ? 0 : 2,
        pointRadius: 0,
        pointHitRadius: 8,
        stepped: steps ? "before" : false,
        spanGaps: false,
      };
    });

  const optionsOf = (data) => {
    const steps = data.kind === "steps";
    const unit = data.unit ? ` ${data.unit}` : "";
    return {
      animation: false,
      maintainAspectRatio: false,
      interaction: { intersect: false, mode: steps ? "nearest" : "index" },
      plugins: {
        legend: { display: data.series.length > 1, labels: { boxHeight: 10, boxWidth: 10 } },
        tooltip: {
          callbacks: {
            title: (items) =>
              steps && items.length ? moment(items[0].parsed.x) : items[0]?.label || "",
            label: (item) => `${item.dataset.label}: ${figure(item.parsed.y)}${unit}`,
          },
        },
      },
      scales: {
        x: {
          type: steps ? "linear" : "category",
          bounds: "data",
          stacked: Boolean(data.stacked),
          grid: { display: false },
          ticks: {
            autoSkip: true,
            maxRotation: 0,
            maxTicksLimit: 8,
            ...(steps ? { callback: (value) => day(value) } : {}),
          },
        },
        y: {
          stacked: Boolean(data.stacked),
          beginAtZero: data.kind === "bar",
          ticks: { maxTicksLimit: 6, callback: (value) => figure(value) },
        },
      },
    };
  };

  const paint = (chart) => {
    const { scales, plugins } = chart.options;
    for (const axis of [scales.x, scales.y]) {
      axis.ticks.color = ink();
      axis.grid.color = rule();
    }
    plugins.legend.labels.color = ink();
    chart.update();
  };

  const drawn = [];
  const draw = (within) => {
    for (const canvas of within.querySelectorAll("canvas[data-chart]:not([data-drawn])")) {
      const source = document.getElementById(canvas.dataset.chart);
      if (!source) continue;
      canvas.dataset.drawn = "";
      // Chart.js fills its parent, which therefore needs a height of its own.
      canvas.parentElement.style.position = "relative";
      canvas.parentElement.style.height = canvas.dataset.height || "16rem";
      const data = JSON.parse(source.textContent);
      const chart = new Chart(canvas, {
        type: data.kind === "bar" ? "bar" : "line",
        data: { labels: data.labels, datasets: seriesOf(data) },
        options: optionsOf(data),
      });
      drawn.push(chart);
      paint(chart);
    }
  };

  const start = () => {
    draw(document);
    new MutationObserver(() => drawn.forEach(paint)).observe(root, {
      attributes: true,
      attributeFilter: ["class", "data-bs-theme"],
    });
    document.body.addEventListener("htmx:afterSwap", (event) => draw(event.target));
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
