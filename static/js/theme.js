// Follows the device's light or dark theme before the first paint, when the person chose neither.
// A classic script in <head>: a module would run too late and the page would flash.
(() => {
  const root = document.documentElement;
  for (const pane of ["queue", "side"]) {
    const width = localStorage.getItem(`width-${pane}`);
    if (width) root.style.setProperty(`--${pane}-width`, `${width}px`);
  }
  root.dataset.js = ""; // styles hide what only serves pages without scripts
  if (root.dataset.colorScheme !== "auto") return;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => { root.dataset.bsTheme = dark.matches ? "dark" : "light"; };
  follow();
  dark.addEventListener("change", follow);
})();
