// The form of an action opens where its button stands: #action-panel goes into the nearest [data-forms-here], and back
// into the ticket's head with the next button elsewhere. panes.js comes back there when it is done.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const { target: panel, requestConfig: { elt } } = detail;
  if (panel.id !== "action-panel" || panel.contains(elt)) return;
  const place = elt.closest("[data-forms-here]") ?? document.getElementById("ticket-head");
  if (place && panel.parentElement !== place) place.append(panel);
});

/** Id of the place in which `element` stands; empty outside all. */
export const placeOf = (element) => element.closest?.("[data-forms-here]")?.id ?? "";
