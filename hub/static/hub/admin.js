// Small things of every page: copying, making up a secret, the chart of the overview, following.
"use strict";

const SECRET_BYTES = 32;
const FOLLOW_MS = 1000; // between two looks at what is still under way
const FOLLOW_TIMES = 120;

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy], [data-generate]");
  if (button?.dataset.copy) {
    const shown = document.getElementById(button.dataset.copy);
    copy(button, shown.value ?? shown.textContent);
  } else if (button?.dataset.generate) {
    generate(document.getElementById(button.dataset.generate));
  }
});

// On a telephone a list shows a column's name beside each cell; the theme Capitalises Every Word.
function writeLabels() {
  for (const cell of document.querySelectorAll("td[data-label]")) {
    const label = cell.dataset.label;
    cell.dataset.label = label.charAt(0).toUpperCase() + label.slice(1);
  }
}

function copy(button, text) {
  const shown = button.querySelector("[data-label]");
  const before = shown.textContent;
  writeToClipboard(text).then(() => {
    shown.textContent = button.dataset.done;
    setTimeout(() => { shown.textContent = before; }, 1500);
  });
}

// The clipboard of the browser needs https; on a plain address the old way still works.
function writeToClipboard(text) {
  if (navigator.clipboard && window.isSecureContext) {
    return navigator.clipboard.writeText(text);
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed";
  area.style.opacity = "0";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
  return Promise.resolve();
}

function generate(input) {
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  input.value = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  input.type = "text";
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

document.addEventListener("change", (event) => {
  if (event.target.matches("select[data-submit]")) {
    event.target.form.requestSubmit();
  }
});

// The part of a page that changes by itself, until the server says that it is at rest.
async function follow(place) {
  for (let times = 0; times < FOLLOW_TIMES && place.querySelector("[data-live]"); times += 1) {
    await new Promise((resolve) => { setTimeout(resolve, FOLLOW_MS); });
    const answer = await fetch(place.dataset.follow).catch(() => null);
    if (answer?.ok && !answer.redirected) {
      place.innerHTML = await answer.text();
    }
  }
}

document.addEventListener("DOMContentLoaded", () => {
  writeLabels();
  const followed = document.querySelector("[data-follow]");
  if (followed) {
    follow(followed);
  }
  const canvas = document.getElementById("hub-chart");
  if (canvas && window.Chart) {
    drawChart(canvas, JSON.parse(document.getElementById("hub-chart-figures").textContent));
  }
});

function drawChart(canvas, figures) {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const bars = (label, data, name) => ({ label, data, backgroundColor: colour(name), borderRadius: 2, maxBarThickness: 22 });
  const chart = new window.Chart(canvas, {
    type: "bar",
    data: {
      labels: figures.labels,
      datasets: [
        bars(figures.delivered_label, figures.delivered, "--color-primary-500"),
        bars(figures.not_sent_label, figures.not_sent, "--hub-bad"),
      ],
    },
    options: {
      animation: false,
      maintainAspectRatio: false,
      plugins: { legend: { display: false }, tooltip: { mode: "index" } },
      scales: {
        x: { stacked: true, grid: { display: false }, ticks: { color: "#8a8f99", maxRotation: 0, autoSkipPadding: 16 } },
        y: { stacked: true, beginAtZero: true, border: { display: false }, grid: { color: "rgb(128 128 140 / .15)" }, ticks: { color: "#8a8f99", precision: 0, maxTicksLimit: 5 } },
      },
    },
  });
  new MutationObserver(() => {
    chart.data.datasets[0].backgroundColor = colour("--color-primary-500");
    chart.data.datasets[1].backgroundColor = colour("--hub-bad");
    chart.update();
  }).observe(document.documentElement, { attributeFilter: ["class"] }); // light or dark
}
