/** A mark that no other form has; also where the browser offers no randomUUID because the page came without https. */
export const newId = () => [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
