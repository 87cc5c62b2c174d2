// What stands where: a field is chosen, a value is clicked, the event is shown as it would be.
"use strict";

const TRY_DELAY_MS = 300; // of quiet after the last key
const MEANINGS = { kind: "kinds", severity: "severities" }; // fields whose words have a table

document.addEventListener("DOMContentLoaded", () => {
  const form = document.getElementById("hub-mapping");
  const preview = document.getElementById("hub-mapping-preview");
  if (form && preview) {
    followPicks(form, preview);
    followMapping(form, preview);
  }
});

function followPicks(form, preview) {
  let active = null;
  const activate = (input) => {
    active?.classList.remove("hub-picking");
    active = input;
    active?.classList.add("hub-picking");
  };

  form.addEventListener("focusin", (event) => {
    if (event.target.matches("[data-picks]")) {
      activate(event.target);
    }
  });
  preview.addEventListener("click", (event) => {
    const picked = event.target.closest("[data-path]");
    if (!picked) {
      return;
    }
    const free = [...form.querySelectorAll("[data-picks]")].find((input) => !input.value);
    const input = active || free;
    if (input) {
      activate(input);
      input.value = picked.dataset.path;
      noteWord(form, input.dataset.picks, picked.querySelector("[data-value]").dataset.value);
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }
  });
  activate([...form.querySelectorAll("[data-picks]")].find((input) => !input.value) || null);
}

// The word of a kind or severity that was picked gets a row, where only its meaning is missing.
function noteWord(form, name, word) {
  const rows = form.querySelector(`[data-table="${MEANINGS[name]}"]`);
  const words = rows ? [...rows.querySelectorAll("input")] : [];
  const isKnown = words.some((input) => input.value.toLowerCase() === word.toLowerCase());
  const free = words.find((input) => !input.value);
  if (free && word && !isKnown) {
    free.value = word;
  }
}

function followMapping(form, preview) {
  const pasted = form.elements.pasted;
  let timer = 0;
  let asking = null;

  const ask = async () => {
    asking?.abort();
    asking = new AbortController();
    const asked = asking;
    preview.classList.add("hub-waiting");
    try {
      const answer = await fetch(form.dataset.preview, { method: "POST", body: new FormData(form), signal: asked.signal });
      const scrolled = document.getElementById("hub-tree")?.scrollTop || 0;
      preview.innerHTML = answer.ok && !answer.redirected ? await answer.text() : form.dataset.failed;
      document.getElementById("hub-tree")?.scrollTo(0, scrolled);
    } catch (error) {
      if (error.name === "AbortError") {
        return;
      }
      preview.textContent = form.dataset.failed;
    }
    preview.classList.remove("hub-waiting");
  };

  form.querySelector("[name=show]").hidden = true;
  for (const name of ["input", "change"]) {
    form.addEventListener(name, () => {
      pasted.hidden = form.elements.on.value !== "pasted";
      keepSpareRow(form);
      clearTimeout(timer);
      timer = setTimeout(ask, TRY_DELAY_MS);
    });
  }
}

// There is always one empty row more in each table.
function keepSpareRow(form) {
  for (const table of form.querySelectorAll("[data-table]")) {
    const last = table.lastElementChild;
    const isUsed = [...last.querySelectorAll("input, select")].some((input) => input.value);
    if (isUsed) {
      const spare = last.cloneNode(true);
      for (const input of spare.querySelectorAll("input, select")) {
        input.value = "";
        input.classList.remove("hub-picking");
      }
      table.append(spare);
    }
  }
}
