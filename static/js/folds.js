// details[data-folds] stand open where there is room; on a phone they begin closed, for what is looked for is one of many.
const narrow = matchMedia("(max-width: 760px)");

export function enhance(root) {
  if (narrow.matches) for (const details of root.querySelectorAll("details[data-folds]")) details.open = false;
}
