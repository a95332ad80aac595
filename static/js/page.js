// The view of objects' pages that a reader chose last is kept in the browser; an address that names
// none opens in it. Before anything is shown, so that the page does not change under their eyes.
try {
  if (document.documentElement.dataset.view === "" && localStorage.view === "executive") {
    const address = new URL(location.href);
    address.searchParams.set("view", "executive");
    location.replace(address);
  }
  addEventListener("click", (event) => {
    const kept = event.target.closest?.("[data-keeps]")?.dataset.keeps;
    if (kept) {
      localStorage.view = kept;
    }
  });
} catch {
  // A browser that keeps nothing for pages forgets the view; that is all.
}

// Back and Forward between views of one page ask the server again. htmx would do so too, but only
// once it has started: this stands first in the page, so that no quick step is missed.
addEventListener("popstate", (event) => {
  if (event.state?.htmx) {
    sessionStorage.setItem("return", location.href);
    location.reload();
  }
});

// What was asked again opens where the reader left it, as a page of its own would.
addEventListener("htmx:before:request", () => {
  sessionStorage.setItem(`place ${location.href}`, String(scrollY));
});
addEventListener("load", () => {
  if (sessionStorage.getItem("return") === location.href) {
    sessionStorage.removeItem("return");
    scrollTo({ top: Number(sessionStorage.getItem(`place ${location.href}`)), behavior: "instant" });
  }
});

// A folded text opens for good once the focus enters it, so that nothing focused is out of sight.
addEventListener("focusin", (event) => {
  const unfold = event.target.closest?.(".folding")?.nextElementSibling;
  if (unfold) {
    unfold.open = true;
  }
});

// After a step of the pager the reader is at the head of the new page, not at the foot of the old.
addEventListener("htmx:after:swap", (event) => {
  if (event.target.closest?.(".pager") || event.detail?.ctx?.sourceElement?.closest(".pager")) {
    document.getElementById("results-count")?.focus();
  }
});

// A matrix that comes while a reader is taken past it pushes down where they are going: they go on
// to there, unless they have turned to something else.
let isGoing = location.hash !== "";
for (const input of ["wheel", "touchmove", "keydown", "pointerdown", "click"]) {
  addEventListener(
    input,
    (event) => {
      isGoing = input === "click" && Boolean(event.target.closest?.('a[href^="#"]'));
    },
    { passive: true },
  );
}
addEventListener("htmx:after:swap", () => {
  if (isGoing) {
    document.querySelector(":target")?.scrollIntoView();
  }
});

// A request that fails leaves the page as it was, and says so; not one that a newer one replaces.
// Neither does an answer that is an error change it: a refusal is a page of its own, not a part.
for (const name of ["htmx:error", "htmx:response:error"]) {
  addEventListener(name, (event) => {
    if (event.detail?.error?.name !== "AbortError") {
      document.getElementById("trouble").hidden = false;
    }
  });
}
addEventListener("htmx:before:swap", (event) => {
  if (event.detail?.ctx?.response?.status >= 400) {
    event.preventDefault();
  } else {
    document.getElementById("trouble").hidden = true;
  }
});

// "/" goes to the search box, Escape closes what it shows, the arrows walk through it.
addEventListener("keydown", (event) => {
  const box = document.getElementById("quick-q");
  const typing = event.target.closest?.("input, select, textarea, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    box?.focus();
  } else if (event.target.closest?.(".quick-search")) {
    walk(event, box);
  }
});

// Results that come late leave a reader alone who walks through those of before.
addEventListener("htmx:before:swap", (event) => {
  if (event.target.id === "quick-q" && document.activeElement.closest("#quick-results")) {
    event.preventDefault();
  }
});

function walk(event, box) {
  const links = [...document.querySelectorAll("#quick-results a")];
  const at = links.indexOf(document.activeElement);
  if (event.key === "Escape") {
    for (const shown of ["quick-results", "quick-status"]) {
      document.getElementById(shown).replaceChildren();
    }
    box.focus();
  } else if (event.key === "ArrowDown" && links[at + 1]) {
    event.preventDefault();
    links[at + 1].focus();
  } else if (event.key === "ArrowUp" && at >= 0) {
    event.preventDefault();
    (links[at - 1] ?? box).focus();
  }
}

// Buttons that copy what the element they name says; without the right to copy there are none.
addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll("[data-copies]")) {
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
      const words = document.getElementById(button.dataset.copies).textContent;
      await navigator.clipboard.writeText(words.trim().replace(/\s+/g, " "));
      button.textContent = "Copied";
    });
  }
});

// In a matrix the arrows go from cell to cell: left and right between tactics, up and down in one,
// from its head to all that is unfolded. A fold takes part while the focus is on it.
addEventListener("keydown", (event) => {
  const stop = event.target.closest?.(".matrix :is(a, summary)");
  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  const step = steps[event.key];
  if (!stop || !step || event.altKey || event.ctrlKey || event.metaKey) {
    return;
  }
  event.preventDefault();
  const next = step[0] ? beside(stop, step[0]) : across(stop, step[1]);
  // Left to itself the browser is content with a cell of which the edge is in sight.
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: "nearest", inline: "nearest" });
});

function beside(stop, step) {
  const column = stop.closest("th, td").cellIndex;
  const cells = [...stop.closest("table").rows].map((row) => row.cells[column]);
  const stops = cells.flatMap((cell) => [...cell.querySelectorAll("a, summary")]);
  const isShown = (each) => each.matches("a") && each.checkVisibility();
  const shown = stops.filter((each) => each === stop || isShown(each));
  return shown[shown.indexOf(stop) + step];
}

function across(stop, step) {
  const cell = stop.closest("th, td");
  // A tactic that a filter leaves without techniques is passed over, but for its head.
  for (let column = cell.cellIndex + step; cell.parentElement.cells[column]; column += step) {
    for (let row = cell.parentElement; row; row = row.previousElementSibling) {
      const found = row.cells[column].querySelector("a");
      if (found) {
        return found;
      }
    }
  }
  return null;
}
