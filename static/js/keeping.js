// Words of a Take that are not saved yet are kept for this tab: the form offers them again when it is
// opened anew, after a session that ended or a page that was left. They go once they are saved, and
// at sign-out. What is written while words are offered is kept before these, which stay until their
// author has chosen.

const KEPT = "take ";
const writing = document.querySelector("form[data-guards]");
const keptAs = writing && `${KEPT}${writing.dataset.author} ${writing.dataset.object}`;

// A browser that keeps nothing for pages offers nothing; that is all.
function kept(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key));
  } catch {
    return null;
  }
}

function keep(key, words) {
  try {
    if (words) {
      sessionStorage.setItem(key, JSON.stringify(words));
    } else {
      sessionStorage.removeItem(key);
    }
  } catch {
    // See above.
  }
}

function keys() {
  try {
    return Object.keys(sessionStorage).filter((key) => key.startsWith(KEPT));
  } catch {
    return [];
  }
}

function written() {
  const fields = {};
  for (const [name, value] of new FormData(writing)) {
    if (name !== "csrfmiddlewaretoken") {
      (fields[name] ??= []).push(value.replaceAll("\r\n", "\n"));
    }
  }
  return fields;
}

// The words that are offered, and those that were kept before them as `earlier`.
let offered = null;

function wordsNow(isSent) {
  return { fields: written(), at: Date.now(), isSent, earlier: offered };
}

function keepWritten(isSent) {
  keep(keptAs, wordsNow(isSent));
}

// A form that was refused has the words that were sent in it.
const isRefused = writing?.dataset.unsaved !== undefined;
const isBack = isRefused && kept(keptAs)?.isSent;

// What was sent is saved where the page that follows says so, and nowhere else.
const isSaved = document.querySelector(".messagelist .saved") !== null;
for (const key of keys()) {
  const words = kept(key);
  if (isSaved && words?.isSent) {
    keep(key, words.earlier);
  } else if (words) {
    keep(key, { ...words, isSent: false });
  }
}
for (const said of document.querySelectorAll("[data-kept-here]")) {
  said.hidden = keys().length === 0;
}

// Signing out is a form of every page; who sits here next finds nothing.
document.getElementById("logout-form")?.addEventListener("submit", () => {
  for (const key of keys()) {
    sessionStorage.removeItem(key);
  }
});

if (writing) {
  const words = kept(keptAs);
  const isInForm = isBack || JSON.stringify(words?.fields) === JSON.stringify(written());
  offer(isInForm ? words.earlier : words);
  if (isRefused) {
    keepWritten(false);
  }
  const shown = document.querySelector("[data-kept]");
  shown.querySelector("[data-restores]").addEventListener("click", () => {
    const { fields, earlier } = offered;
    // What it takes the place of is offered in its stead.
    offer(unsaved ? { ...wordsNow(false), earlier } : earlier);
    restore(fields);
  });
  shown.querySelector("[data-forgets]").addEventListener("click", () => {
    offer(offered.earlier);
    keep(keptAs, unsaved ? wordsNow(false) : offered);
  });
  for (const event of ["input", "take:changed"]) {
    writing.addEventListener(event, () => keepWritten(false));
  }
  writing.addEventListener("submit", () => keepWritten(true));
}

function offer(words) {
  offered = words ?? null;
  const shown = document.querySelector("[data-kept]");
  shown.hidden = !words;
  if (words) {
    const until = new Date(words.at).toLocaleString();
    shown.querySelector("[data-kept-at]").textContent = `until ${until}`;
  }
}

function restore(fields) {
  for (const list of writing.querySelectorAll("[data-list] ol")) {
    const values = fields[list.closest("[data-list]").dataset.list] ?? [""];
    while (list.children.length < values.length) {
      list.append(list.lastElementChild.cloneNode(true));
    }
    while (list.children.length > values.length) {
      list.lastElementChild.remove();
    }
    [...list.children].forEach((entry, at) => {
      entry.querySelector("textarea").value = values[at];
    });
    number(list);
  }
  // What it was based on comes with it, so that what others saved meanwhile is told.
  for (const field of writing.elements) {
    if (field.name in fields && !field.closest("[data-list]")) {
      field.value = fields[field.name][0];
    }
  }
  unsaved = true;
  writing.dispatchEvent(new CustomEvent("take:changed"));
  writing.querySelector("textarea").focus();
}
