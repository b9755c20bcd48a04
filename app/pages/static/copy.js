// Copies what a button names, and says so in the live region beside it. Works where the clipboard's own interface is missing
// (it needs https) by copying a selection. Listens on the document: an open page is swapped under the buttons.
const SAID_MS = 4000;
document.documentElement.classList.add("copies");

function bySelection(element) {
  const range = document.createRange(), selection = getSelection();
  range.selectNodeContents(element);
  selection.removeAllRanges();
  selection.addRange(range);
  return document.execCommand("copy");
}

async function copied(element) {
  try {
    await navigator.clipboard.writeText(element.textContent.trim());
    return true;
  } catch {
    return bySelection(element);
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button || !(await copied(document.getElementById(button.dataset.copy)))) return;
  const region = button.parentElement.querySelector("[role=status]");
  region.textContent = button.dataset.copied;
  setTimeout(() => { region.textContent = ""; }, SAID_MS);
});
