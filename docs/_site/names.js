// What the theme leaves out for those who use no mouse: a name for the search, and wide tables that keys can scroll.
document.querySelector(".md-search").setAttribute("aria-label", "Search");
addEventListener("load", () => {
  for (const table of document.querySelectorAll(".md-typeset__scrollwrap")) table.tabIndex = 0;
});
