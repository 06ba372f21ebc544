// Starts every behaviour. Those that listen on the document start by being imported; those that
// prepare elements export enhance(root) and are called again for whatever htmx brings in.
import "./bell.js";
import "./bulk.js";
import "./calendar_move.js";
import "./camera.js";
import "./dialog.js";
import "./edit.js";
import "./fill.js";
import "./filters.js";
import "./focus.js";
import "./intake.js";
import "./keys.js";
import "./language.js";
import "./live.js";
import "./live_forms.js";
import "./menu.js";
import "./palette.js";
import "./notice_lines.js";
import "./print.js";
import "./panes.js";
import "./place.js";
import "./moments.js";
import "./my.js";
import "./relative_time.js";
import "./scroll_on.js";
import "./runs/sheet.js";
import "./sheet.js";
import "./countdown.js";
import "./undo.js";
import "./splitters.js";
import "./canned.js";
import "./conflict.js";
import "./lightbox.js";
import "./mentions.js";
import * as dates from "./dates.js";
import * as drafts from "./drafts.js";
import * as folds from "./folds.js";
import "./once.js"; // behind drafts.js, which may put a submit off until a save is through
import * as pasteUpload from "./paste_upload.js";
import * as toasts from "./toasts.js";
import * as tomSelect from "./tom_select.js";

const enhance = (root) => [dates, drafts, folds, pasteUpload, toasts, tomSelect].forEach((part) => part.enhance(root));

enhance(document);
document.addEventListener("htmx:afterSettle", ({ detail }) => detail.elt.removeAttribute?.("aria-busy")); // its part has come
document.addEventListener("htmx:load", (event) => {
  if (event.detail.elt !== document.body) enhance(event.detail.elt);
});
