// Back and Forward between views of one page ask the server again. htmx would do so too, but only
// once it has started: this stands first in the page, so that no quick step is missed.
addEventListener("popstate", (event) => {
  if (event.state?.htmx) {
    location.reload();
  }
});
