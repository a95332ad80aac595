// Back and Forward between views of one page ask the server again. htmx would do so too, but only
// once it has started: this stands first in the page, so that no quick step is missed.
addEventListener("popstate", (event) => {
  if (event.state?.htmx) {
    location.reload();
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

// A request that fails leaves the page as it was, and says so.
for (const [name, failed] of [
  ["htmx:error", true],
  ["htmx:response:error", true],
  ["htmx:before:swap", false],
]) {
  addEventListener(name, () => {
    document.getElementById("trouble").hidden = !failed;
  });
}
