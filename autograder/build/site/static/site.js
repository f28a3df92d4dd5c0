// Pictures open in full, and a search from files does not try to fetch pages, which browsers forbid there.
"use strict";

if (typeof DOCUMENTATION_OPTIONS !== "undefined" && location.protocol === "file:") {
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
}

for (const picture of document.querySelectorAll("article img")) {
  if (picture.closest("a")) continue;
  const link = document.createElement("a");
  link.href = picture.getAttribute("src");
  link.className = "picture";
  link.setAttribute("aria-label", `In full: ${picture.alt || "the picture"}`);
  picture.replaceWith(link);
  link.append(picture);
}

// What scrolls inside itself can be reached by keyboard.
for (const box of document.querySelectorAll("article .table-wrapper, article pre, article div.math")) {
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
}
