// The form of a rule: kinds of the chosen integration only, and the live preview under it.
"use strict";

const PREVIEW_DELAY_MS = 350; // of quiet after the last key
const PINNED_KEY = "hub-preview-pinned";

document.addEventListener("DOMContentLoaded", () => {
  const form = document.getElementById("triggerrule_form");
  const preview = document.getElementById("hub-preview");
  if (form) {
    followIntegration(form);
  }
  if (form && preview) {
    followForm(form, preview);
    pinPreview();
  }
});

function followIntegration(form) {
  const integration = form.elements.integration;
  const source = form.elements.source;
  const bySource = JSON.parse(document.getElementById("hub-source-integrations")?.textContent || "{}");
  const show = () => {
    const chosen = bySource[source?.value] || integration?.value;
    if (bySource[source?.value]) {
      integration.value = bySource[source.value];
    }
    for (const group of form.querySelectorAll("[data-integration]")) {
      group.hidden = group.dataset.integration !== "" && group.dataset.integration !== chosen;
      group.disabled = group.hidden;
    }
    form.querySelector("[data-no-integration]")?.toggleAttribute("hidden", Boolean(chosen));
  };
  integration?.addEventListener("change", show);
  source?.addEventListener("change", show);
  show();
}

// The preview stays at the lower edge while the form above it is written.
function pinPreview() {
  const box = document.getElementById("hub-preview-box");
  const button = document.getElementById("hub-pin");
  const pin = (isPinned) => {
    box.classList.toggle("hub-pinned", isPinned);
    button.setAttribute("aria-pressed", String(isPinned));
    localStorage.setItem(PINNED_KEY, isPinned ? "1" : "");
  };
  button.addEventListener("click", () => pin(!box.classList.contains("hub-pinned")));
  pin(localStorage.getItem(PINNED_KEY) === "1");
}

function followForm(form, preview) {
  let timer = 0;
  const asked = new Map(); // a newer question replaces the older one in the same place

  const ask = async (url, place) => {
    asked.get(place)?.abort();
    const asking = new AbortController();
    asked.set(place, asking);
    const data = new FormData(form);
    const chosen = preview.querySelector("[name=preview_event]");
    data.set("preview_event", chosen ? chosen.value : "");
    place.classList.add("hub-waiting");
    try {
      const answer = await fetch(url, { method: "POST", body: data, signal: asking.signal });
      place.innerHTML = answer.ok ? await answer.text() : preview.dataset.failed;
    } catch (error) {
      if (error.name === "AbortError") {
        return;
      }
      place.textContent = preview.dataset.failed;
    }
    place.classList.remove("hub-waiting");
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(() => ask(preview.dataset.url, preview), PREVIEW_DELAY_MS);
  };

  form.addEventListener("input", later);
  form.addEventListener("change", later);
  form.addEventListener("formset:added", later);
  form.addEventListener("formset:removed", later);
  preview.addEventListener("change", later);
  // The choosers of channels speak jQuery only.
  window.django?.jQuery?.(form).on("change.hub", "select", later);
  document.getElementById("hub-backtest-run")?.addEventListener("click", () => {
    const place = document.getElementById("hub-backtest");
    ask(place.dataset.url, place);
  });
  ask(preview.dataset.url, preview);
}
