// The theme of the site: the system's, unless the reader has chosen another. It is set before the
// page is drawn.
(() => {
  const KEY = "zbudlab-theme", root = document.documentElement;
  const stored = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // the browser keeps nothing
    }
  };
  /** Let a narrow page break identifiers between their words, not within. */
  const breakBetweenWords = (code) => {
    const texts = document.createTreeWalker(code, NodeFilter.SHOW_TEXT), found = [];
    while (texts.nextNode()) found.push(texts.currentNode);
    for (const text of found) {
      const [first, ...others] = text.data.split(/(?<=[_./,(=])/);
      if (others.length) text.replaceWith(first, ...others.flatMap((part) => [document.createElement("wbr"), part]));
    }
  };
  const dark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  if (stored()) root.dataset.theme = stored();
  addEventListener("DOMContentLoaded", () => {
    // What scrolls by itself can be scrolled by keyboard, too.
    for (const wide of document.querySelectorAll("pre, figure, table")) if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
    for (const code of document.querySelectorAll("div.body td code")) breakBetweenWords(code);
    for (const button of document.querySelectorAll(".zb-theme")) {
      const name = () => (button.textContent = dark() ? "Light theme" : "Dark theme");
      button.hidden = false;
      name();
      button.addEventListener("click", () => {
        root.dataset.theme = dark() ? "light" : "dark";
        try {
          localStorage.setItem(KEY, root.dataset.theme);
        } catch {
          // chosen for this page only
        }
        name();
      });
    }
  });
})();
