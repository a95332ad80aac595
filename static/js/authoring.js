// Writing a Take: entries of lists come, go and move; leaving with unsaved words is asked about.

const form = document.querySelector("form[data-guards]");
// What was refused is not saved either.
let unsaved = form?.dataset.unsaved !== undefined;

form?.addEventListener("input", () => {
  unsaved = true;
});
form?.addEventListener("submit", () => {
  unsaved = false;
});
addEventListener("beforeunload", (event) => {
  if (unsaved) {
    event.preventDefault();
  }
});

// What was written before htmx listened, or put back by the browser, is previewed as well.
form?.addEventListener("htmx:after:init", () => {
  const fields = [...form.querySelectorAll("textarea, input")];
  if (fields.some((field) => field.value !== field.defaultValue)) {
    unsaved = true;
    form.dispatchEvent(new CustomEvent("take:changed"));
  }
});

for (const list of document.querySelectorAll("[data-list]")) {
  const entries = list.querySelector("ol");
  const adds = list.querySelector("[data-adds]");
  adds.hidden = false;
  number(entries);
  adds.addEventListener("click", () => {
    const entry = entries.lastElementChild.cloneNode(true);
    entry.querySelector("textarea").value = "";
    entries.append(entry);
    number(entries);
    entry.querySelector("textarea").focus();
  });
  entries.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) {
      change(entries, button);
    }
  });
}

function change(entries, button) {
  const entry = button.closest("li");
  if (button.dataset.moves === "up") {
    entry.previousElementSibling?.before(entry);
  } else if (button.dataset.moves === "down") {
    entry.nextElementSibling?.after(entry);
  } else if (entries.children.length > 1) {
    (entry.nextElementSibling ?? entry.previousElementSibling).querySelector("textarea").focus();
    entry.remove();
  } else {
    entry.querySelector("textarea").value = "";
  }
  if (entry.isConnected) {
    button.focus();
  }
  number(entries);
  unsaved = true;
  form.dispatchEvent(new CustomEvent("take:changed"));
}

function number(entries) {
  [...entries.children].forEach((entry, at) => {
    const text = entry.querySelector("textarea");
    text.ariaLabel = text.ariaLabel.replace(/\d+$/, at + 1);
    const tools = entry.querySelector(".take-entry-tools");
    tools.hidden = false;
    for (const button of tools.querySelectorAll("button")) {
      button.ariaLabel = `${button.textContent} entry ${at + 1}`;
    }
  });
}
