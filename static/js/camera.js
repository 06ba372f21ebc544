// input[data-camera=ID] takes a picture with the phone's camera and adds it to the file input ID.
document.addEventListener("change", (event) => {
  const camera = event.target.closest?.("input[data-camera]");
  if (!camera?.files.length) return;
  const input = document.getElementById(camera.dataset.camera);
  const transfer = new DataTransfer();
  for (const file of [...input.files, ...camera.files]) transfer.items.add(file);
  input.files = transfer.files;
  camera.value = "";
  input.dispatchEvent(new Event("change", { bubbles: true }));
});
